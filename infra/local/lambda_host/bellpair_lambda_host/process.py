"""Child processes that do not outlive this one."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path


class Spawner:
    """Starts child processes that are killed when this process ends, however it ends.

    The kernel sends a child its parent-death signal when the *thread* that started it ends, so
    all are started from one thread, which lives as long as the spawner. The children stay in this
    process's group: killing the group kills them too.

    Raises
    ------
    RuntimeError
        When the system has no ``setpriv`` (package ``util-linux``).
    """

    def __init__(self) -> None:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise RuntimeError("The program setpriv is missing; install the package util-linux")
        self._prefix = (setpriv, "--pdeathsig", "KILL")
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lambda-spawner")
        self._sealed = False

    def spawn(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: Path,
        output: int,
        started: Callable[[subprocess.Popen[bytes]], None],
    ) -> "subprocess.Popen[bytes]":
        """Start `command` in `directory`, its standard output and error going to `output`.

        `started` is called with the process before `seal` can return, so a caller that registers
        it there leaves none behind.

        Raises
        ------
        RuntimeError
            When the spawner is sealed.
        """

        def start() -> subprocess.Popen[bytes]:
            if self._sealed:
                raise RuntimeError("The spawner starts no more processes")
            process = subprocess.Popen(
                (*self._prefix, *command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=directory,
                env=dict(environment),
            )
            started(process)
            return process

        return self._thread.submit(start).result()

    def seal(self) -> None:
        """Start no more; every child that ever will be has been started when this returns."""
        self._sealed = True
        # One thread does one thing after the other.
        with suppress(RuntimeError):
            self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """End the thread; children that still run are killed by that."""
        self._thread.shutdown(wait=True)


def kill_tree(process: "subprocess.Popen[bytes]") -> None:
    """Send SIGKILL to a child process and to the processes that it started."""
    for pid in descendants(process.pid) if process.poll() is None else ():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.kill()


def descendants(pid: int) -> list[int]:
    """Process ids of the children of `pid`, their children, and so on."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (parent := _parent(entry)) is not None:
            children.setdefault(parent, []).append(int(entry))
    found: list[int] = []
    queue = [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def _parent(pid: str) -> int | None:
    try:
        stat = Path("/proc", pid, "stat").read_text()
    except OSError:
        return None
    # The command's name, in parentheses, may hold spaces and parentheses itself.
    return int(stat.rpartition(")")[2].split()[1])


def peak_memory_mb(pid: int) -> int:
    """Peak resident size of a process in megabytes, rounded up; 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            status = file.read()
    except OSError:
        return 0
    _, found, rest = status.partition(b"VmHWM:")
    return -(-int(rest.split(maxsplit=1)[0]) // 1024) if found else 0


def describe_exit(returncode: int) -> str:
    """How a process ended, in the words of Lambda's logs."""
    if returncode < 0:
        return f"signal: {(signal.strsignal(-returncode) or str(-returncode)).lower()}"
    return f"exit status {returncode}"
