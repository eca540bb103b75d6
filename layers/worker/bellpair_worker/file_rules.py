"""Which files a run may read and write, where the kernel has Landlock (Linux 5.13 and later)."""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from .linux import syscall

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_ASK_VERSION = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE, _REFER = 1 << 14, 1 << 13
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FIRST_RIGHTS = (1 << 13) - 1
_SCOPES = 0b11  # abstract sockets and signals stay inside

_SYSTEM = (
    "/usr", "/lib", "/lib64", "/bin", "/etc", "/opt", "/var/lang", "/var/task", "/var/runtime",
    "/dev/urandom", "/dev/random", "/dev/zero", "/proc/self", "/proc/cpuinfo", "/proc/meminfo",
    "/proc/stat", "/proc/sys/kernel", "/sys/devices/system/cpu", "/sys/fs/cgroup",
)  # fmt: skip


def landlock_version() -> int:
    """The kernel's version of Landlock; 0 where it has none."""
    try:
        return syscall(_CREATE, 0, 0, _ASK_VERSION)
    except OSError:
        return 0


def restrict_files(readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Leave this process and all that it will start only these files, for good.

    ``no_new_privs`` has to be set. What a Python process needs of the system is readable too.
    False where the kernel has no Landlock.

    Parameters
    ----------
    readable
        Files, and directories with everything below; what does not exist is left out.
    writable
        Likewise; writable is readable.
    """
    version = landlock_version()
    if not version:
        return False
    rights = _FIRST_RIGHTS | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    attributes = struct.pack("=QQQ", rights, 0, _SCOPES if version >= 6 else 0)
    # A kernel refuses fields that it does not know, so it gets none of them.
    size = 24 if version >= 6 else 8
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    rules = syscall(_CREATE, ctypes.byref(buffer), size, 0)
    try:
        for path in (*map(Path, _SYSTEM), *readable):
            _allow(rules, path, _READ & rights)
        for path in (Path("/dev/null"), *writable):
            _allow(rules, path, rights)
        syscall(_RESTRICT, rules, 0)
    finally:
        os.close(rules)
    return True


def _allow(rules: int, path: Path, rights: int) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not path.is_dir():
                rights &= _ON_FILES
            rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, descriptor), 12)
            syscall(_ADD_RULE, rules, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
        finally:
            os.close(descriptor)
