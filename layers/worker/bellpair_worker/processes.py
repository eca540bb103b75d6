"""Which processes descend from this one, and their end."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import time
from pathlib import Path

_PAUSE_S = 0.002


def descendants(pid: int) -> list[int]:
    """Process ids of the children of `pid`, their children, and so on; zombies are left out."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (parent := _living_parent(entry)) is not None:
            children.setdefault(parent, []).append(int(entry))
    found: list[int] = []
    queue = [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def kill_descendants(limit_s: float) -> bool:
    """Kill whatever this process's children left behind; False if some live on after `limit_s`.

    The process has to be a subreaper: then what lost its parent is its own child. Killing goes on
    until nothing is found, since a process may fork before the signal reaches it.
    """
    deadline = time.monotonic() + limit_s
    while found := descendants(os.getpid()):
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        reap()
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_S)
    reap()
    return True


def reap() -> dict[int, int]:
    """Take leave of children that have ended: their wait status by process id."""
    ended: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended[pid] = status
    return ended


def resident_mb(pid: int) -> int:
    """The memory that a process has in use, megabytes; 0 when it has ended."""
    try:
        pages = int(Path("/proc", str(pid), "statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * resource.getpagesize() // (1024 * 1024)


def tasks_of_user(uid: int) -> int:
    """How many threads the user has, as the limit on processes counts them."""
    count = 0
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            status = Path("/proc", entry, "status").read_text()
        except OSError:
            continue
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        if int(fields["Uid"].split()[0]) == uid:
            count += int(fields.get("Threads", "1"))
    return count


def _living_parent(pid: str) -> int | None:
    try:
        stat = Path("/proc", pid, "stat").read_text()
    except OSError:
        return None
    # The command's name, in parentheses, may hold spaces and parentheses itself.
    state, parent = stat.rpartition(")")[2].split()[:2]
    return None if state in {"Z", "X"} else int(parent)
