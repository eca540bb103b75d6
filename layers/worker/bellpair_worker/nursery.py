"""The supervisor's side of the nursery: starts it, has runs forked, hears of their end."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from .child import ENGINE, INSPECTOR
from .frames import BrokenFrame, Frames, Message, encode
from .limits import READY_SECONDS


class NurseryLost(Exception):
    """The nursery's process ended; the next run gets a new one."""


@dataclass(frozen=True)
class NurserySettings:
    """How a nursery is started.

    Attributes
    ----------
    preload
        Modules to import before any run; what is missing is left out.
    memory_mb
        Of the worker.
    engine, inspector
        ``"module:attribute"`` of what runs a function and of what looks at a package.
    """

    preload: Sequence[str] = ()
    memory_mb: int = 1024
    engine: str = ENGINE
    inspector: str = INSPECTOR


class Child:
    """One run's process, as the supervisor sees it.

    Attributes
    ----------
    line
        The socket to it.
    output
        Read end of the pipe that it prints to.
    exit_code
        Once it has ended; negative for a signal.
    over_memory
        Whether it was ended because its processes together took too much.
    """

    def __init__(self, line: socket.socket, output: int) -> None:
        self.line = line
        self.output = output
        self.exit_code: int | None = None
        self.over_memory = False

    def close(self) -> None:
        """Give the descriptors back."""
        self.line.close()
        os.close(self.output)


class Nursery:
    """Keeps the nursery's process, and starts it anew when it is gone.

    Belongs to the main thread: the process ends with the thread that started it.
    """

    def __init__(self, settings: NurserySettings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._frames = Frames()
        self._ready: Message | None = None

    @property
    def control(self) -> socket.socket:
        """Readable when there is something to `hear`."""
        assert self._control is not None
        return self._control

    @property
    def pid(self) -> int:
        """Of the nursery's process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the process, if it is not there; it loads its libraries meanwhile."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._control, theirs = socket.socketpair()
        settings = {
            "preload": list(self._settings.preload),
            "engine": self._settings.engine,
            "inspector": self._settings.inspector,
        }
        paths = [path for path in sys.path if path]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-S", "-s", "-B", "-m", "bellpair_worker.nursery_process",
                 json.dumps(settings)],
                stdin=theirs.fileno(),
                env=_environment(paths),
                cwd="/",
            )  # fmt: skip

    def wait_until_ready(self, limit_s: float = READY_SECONDS) -> Message:
        """Wait until the libraries are loaded; what the nursery says of itself.

        Raises
        ------
        NurseryLost
        TimeoutError
        """
        self.start()
        deadline = time.monotonic() + limit_s
        while self._ready is None:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.control], [], [], left)[0]:
                raise TimeoutError("The worker's libraries are not loaded yet")
            for message in self._messages():
                if "ready" in message:
                    self._ready = message
        return self._ready

    def fork(self, cpu_seconds: int) -> Child:
        """Have a run's process made.

        Raises
        ------
        NurseryLost
        TimeoutError
        """
        self.wait_until_ready()
        ours, theirs = socket.socketpair()
        output, prints = os.pipe()
        order = {
            "fork": {
                "memory_mb": self._settings.memory_mb,
                "cpu_seconds": cpu_seconds,
                "guarded": [os.getpid(), os.getpgrp()],
            }
        }
        try:
            socket.send_fds(self.control, [encode(order)], [theirs.fileno(), prints])
        except OSError as error:
            ours.close()
            os.close(output)
            raise NurseryLost from error
        finally:
            theirs.close()
            os.close(prints)
        ours.setblocking(False)
        os.set_blocking(output, False)
        return Child(ours, output)

    def kill(self, child: Child) -> None:
        """Have the run ended, with all that it started."""
        if child.exit_code is None:
            with contextlib.suppress(OSError):
                self.control.sendall(encode({"kill": True}))

    def hear(self, child: Child) -> None:
        """Take in what the nursery says; a child that ended has an `exit_code` then.

        Raises
        ------
        NurseryLost
        """
        for message in self._messages():
            if "ended" in message:
                child.exit_code = message["ended"]
                child.over_memory = message["over_memory"]

    def close(self) -> None:
        """End the process and all that it started."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = self._control = self._ready = None
        self._frames = Frames()

    def _messages(self) -> list[Message]:
        try:
            data = self.control.recv(64 * 1024)
        except OSError:
            data = b""
        if not data:
            raise NurseryLost
        self._frames.feed(data)
        messages = []
        try:
            while (message := self._frames.next()) is not None:
                messages.append(message)
        except BrokenFrame as error:
            raise NurseryLost from error
        return messages


def _environment(paths: Sequence[str]) -> dict[str, str]:
    # The interpreter's own start reads these; nothing of this process's environment goes along.
    kept = {
        name: os.environ[name]
        for name in ("LD_LIBRARY_PATH", "PATH", "TMPDIR")
        if name in os.environ
    }
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "RAYON")}
    return {**kept, **threads, "PYTHONPATH": os.pathsep.join(paths), "LANG": "C.UTF-8"}
