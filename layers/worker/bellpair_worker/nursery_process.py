"""The process that runs are forked from: it has loaded the libraries, and never held a secret.

It is started with a clean environment, so that there are no credentials in the memory that each
child gets a copy of. It has one thread, for a fork keeps no other.
"""

from __future__ import annotations

import contextlib
import encodings.cp437  # noqa: F401 - zip archives name their files in it
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, NoReturn

import pydantic

from . import confinement
from .child import live
from .confinement import Quarters
from .file_rules import landlock_version
from .frames import Frames, Line, Message, encode
from .linux import PR_SET_CHILD_SUBREAPER, PR_SET_DUMPABLE, PR_SET_PDEATHSIG, prctl
from .processes import descendants, kill_descendants, reap, resident_mb

_KILL_LIMIT_S = 5.0
_MEMORY_CHECK_S = 0.25
_LAMBDA_TASK_ROOT = Path("/var/task")


def main() -> None:
    """Take orders from the socket that is standard input, until it closes."""
    settings: dict[str, Any] = json.loads(sys.argv[1])
    os.environ.clear()
    os.environ.update(confinement.base_environment())
    control = socket.socket(fileno=os.dup(0))
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    confinement.remove_deserted_quarters()
    uid = confinement.unprivileged_uid()
    if uid is not None and not confinement.open_ways(confinement.what_python_needs()):
        uid = None
    loaded, absent = _preload(settings["preload"])
    _rehearse()
    prctl(PR_SET_DUMPABLE, 0)
    # What is loaded never goes, and a collection would copy its pages into each child.
    gc.collect()
    gc.freeze()
    control.sendall(
        encode(
            {
                "ready": True,
                "loaded": loaded,
                "absent": absent,
                "isolation": _isolation(uid),
            }
        )
    )
    _Nursery(control, settings, uid).serve()


class _Nursery:
    """One run at a time: forks it, waits for its end, and removes all trace of it."""

    def __init__(self, control: socket.socket, settings: dict[str, Any], uid: int | None) -> None:
        self._control = control
        self._settings = settings
        self._uid = uid
        self._frames = Frames()
        self._descriptors: list[int] = []
        self._child: int | None = None
        self._memory_mb = 0
        self._over_memory = False
        self._quarters: Quarters | None = None
        self._known_files = _temporary_files()
        self._woken, wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def serve(self) -> None:
        try:
            while True:
                watched: list[Any] = [self._control, self._woken]
                pause = None if self._child is None else _MEMORY_CHECK_S
                ready, _, _ = select.select(watched, [], [], pause)
                self._check_memory()
                if self._woken in ready:
                    with contextlib.suppress(BlockingIOError):
                        while os.read(self._woken, 4096):
                            pass
                    self._look_after_children()
                if self._control in ready and not self._hear():
                    return
        finally:
            self._clear()

    def _hear(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, 64 * 1024, 2)
        if not data:
            return False
        self._descriptors += descriptors
        self._frames.feed(data)
        while (order := self._frames.next()) is not None:
            if "fork" in order:
                self._fork(order["fork"])
            elif "kill" in order:
                self._kill_child()
        return True

    def _fork(self, order: Message) -> None:
        line, output = self._descriptors
        self._descriptors = []
        self._quarters = confinement.make_quarters(self._uid)
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._become_child(order, line, output)
        os.close(line)
        os.close(output)
        self._child = pid
        self._memory_mb = confinement.memory_budget_mb(order["memory_mb"])
        self._over_memory = False
        self._control.sendall(encode({"forked": pid}))

    def _become_child(self, order: Message, line: int, output: int) -> NoReturn:
        """Never returns, whatever happens."""
        status = 1
        owner = os.getpid()
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(output, 1)
            os.dup2(output, 2)
            assert self._quarters is not None
            confinement.confine(
                self._quarters,
                uid=self._uid,
                memory_mb=order["memory_mb"],
                cpu_seconds=order["cpu_seconds"],
                guarded=[os.getppid(), *order["guarded"]],
                keep=[line],
            )
            live(
                Line(socket.socket(fileno=line)),
                self._quarters,
                order["memory_mb"],
                self._settings["engine"],
                self._settings["inspector"],
            )
            status = 0
        except BaseException:
            # Copies that the user's code forked end here too, and say nothing.
            if os.getpid() == owner:
                traceback.print_exc()
                with contextlib.suppress(Exception):
                    sys.stderr.flush()
        finally:
            os._exit(status)

    def _look_after_children(self) -> None:
        ended = reap()
        if self._child in ended:
            status = ended[self._child]
            self._child = None
            alone = self._clear()
            self._control.sendall(
                encode(
                    {
                        "ended": os.waitstatus_to_exitcode(status),
                        "over_memory": self._over_memory,
                        "alone": alone,
                    }
                )
            )

    def _check_memory(self) -> None:
        """End the run when its processes together take what only one of them may."""
        if self._child is None:
            return
        # Each of them shares with this process what was loaded before.
        shared = resident_mb(os.getpid())
        used = sum(max(0, resident_mb(pid) - shared) for pid in descendants(os.getpid()))
        if used > self._memory_mb:
            self._over_memory = True
            self._kill_child()

    def _kill_child(self) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)

    def _clear(self) -> bool:
        alone = kill_descendants(_KILL_LIMIT_S)
        if self._quarters is not None:
            shutil.rmtree(self._quarters.base, ignore_errors=True)
            self._quarters = None
        _remove_all_but(self._known_files)
        return alone


def _preload(modules: list[str]) -> tuple[list[str], list[str]]:
    loaded, absent = [], []
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception:
            # A run that needs it gets the error itself.
            absent.append(module)
        else:
            loaded.append(module)
    return loaded, absent


def _rehearse() -> None:
    """Do here once what each child would do anew: the first of a kind costs most."""
    model = pydantic.create_model("Rehearsed", value=(int, 1))
    model.model_validate({"value": 2})
    model.model_json_schema()


def _isolation(uid: int | None) -> dict[str, str]:
    """What this kernel and these rights allow; found out by a child that tries."""
    reader, writer = os.pipe()
    quarters = confinement.make_quarters(uid)
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            confinement.confine(
                quarters, uid=uid, memory_mb=1024, cpu_seconds=5, guarded=[], keep=[writer]
            )
            os.write(writer, b"closed" if confinement.network_is_closed() else b"open")
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        network = pipe.read().decode()
    os.waitpid(pid, 0)
    shutil.rmtree(quarters.base, ignore_errors=True)
    return {
        "user": "own" if uid is not None else "shared",
        "network": network or "unknown",
        "files": "own" if landlock_version() else "shared",
    }


def _temporary_files() -> set[Path]:
    """What lies in the temporary directory of a Lambda function, which nobody else uses."""
    if not _LAMBDA_TASK_ROOT.is_dir():
        return set()
    return set(Path(tempfile.gettempdir()).iterdir())


def _remove_all_but(known: set[Path]) -> None:
    for path in _temporary_files() - known:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
