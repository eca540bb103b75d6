"""Calls of the kernel that Python's library has no name for."""

from __future__ import annotations

import ctypes
import errno
import os
import platform

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
_PR_GET_CHILD_SUBREAPER = 37
PR_SET_NO_NEW_PRIVS = 38

CLONE_NEWNS = 0x00020000
CLONE_NEWIPC = 0x08000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 2
MS_NODEV = 4
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18

_M_ARENA_MAX = -8

MACHINE = platform.machine()

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def prctl(option: int, value: int = 0, more: int = 0) -> None:
    """Change what the kernel does with this process.

    Raises
    ------
    OSError
    """
    words = [ctypes.c_ulong(word) for word in (value, more, 0, 0)]
    _checked(_libc.prctl(ctypes.c_int(option), *words))


def is_subreaper() -> bool:
    """Whether processes whose parents ended become this one's children."""
    answer = ctypes.c_int(0)
    prctl(_PR_GET_CHILD_SUBREAPER, ctypes.addressof(answer))
    return bool(answer.value)


def unshare(flags: int) -> None:
    """Leave the namespaces that `flags` name for new ones.

    Raises
    ------
    OSError
        Where this process has no right to.
    """
    _checked(_libc.unshare(ctypes.c_int(flags)))


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """Mount a file system, or bind a directory to another place.

    Raises
    ------
    OSError
    """
    _checked(
        _libc.mount(
            source.encode(),
            target.encode(),
            kind.encode() if kind else None,
            ctypes.c_ulong(flags),
            options.encode(),
        )
    )


def syscall(number: int, *arguments: object) -> int:
    """Make a call by its number; what it answers.

    Raises
    ------
    OSError
    """
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *words))


def few_arenas() -> None:
    """Keep threads from reserving address space for allocators of their own."""
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_ARENA_MAX, 1)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno() or errno.EINVAL
        raise OSError(number, os.strerror(number))
    return result
