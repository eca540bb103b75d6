"""A filter of system calls: no network, no signals to the processes above, no way around it.

The filter needs no rights, so it also holds where Lambda gives none: there the Runtime API listens
on loopback, and code that reached it could take other events or answer for its own.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import struct
from collections.abc import Sequence
from typing import NamedTuple

from .linux import MACHINE, PR_SET_SECCOMP, prctl

_MODE_FILTER = 2
_KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000
_ALLOW = 0x7FFF0000

# Where the kernel puts what a filter may look at.
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_IF_SET = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_IF_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

_NEW_NAMESPACES = 0x7E020000
_X32_BIT = 0x40000000

_FORBIDDEN = (
    "ptrace", "process_vm_readv", "process_vm_writev", "unshare", "setns", "mount", "bpf",
    "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key",
    # What these make would outlive the run.
    "shmget", "semget", "msgget", "mq_open",
)  # fmt: skip
_ABSENT = (
    "io_uring_setup", "clone3", "pidfd_open", "pidfd_send_signal", "memfd_create", "memfd_secret",
)  # fmt: skip
_SIGNALS = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")


class _Machine(NamedTuple):
    arch: int
    numbers: dict[str, int]


_SINCE_UNIFIED = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "pidfd_open": 434, "clone3": 435,
    "memfd_secret": 447,
}  # fmt: skip

_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        {
            "socket": 41, "clone": 56, "kill": 62, "ptrace": 101, "mount": 165, "tkill": 200,
            "rt_sigqueueinfo": 129, "tgkill": 234, "add_key": 248, "request_key": 249,
            "keyctl": 250, "unshare": 272, "rt_tgsigqueueinfo": 297, "perf_event_open": 298,
            "prlimit64": 302, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311,
            "bpf": 321, "userfaultfd": 323, "shmget": 29, "semget": 64, "msgget": 68,
            "mq_open": 240, "memfd_create": 319, **_SINCE_UNIFIED,
        },
    ),
    "aarch64": _Machine(
        0xC00000B7,
        {
            "mount": 40, "unshare": 97, "ptrace": 117, "kill": 129, "tkill": 130, "tgkill": 131,
            "rt_sigqueueinfo": 138, "socket": 198, "add_key": 217, "request_key": 218,
            "keyctl": 219, "clone": 220, "rt_tgsigqueueinfo": 240, "perf_event_open": 241,
            "prlimit64": 261, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271,
            "bpf": 280, "userfaultfd": 282, "mq_open": 180, "msgget": 186, "semget": 190,
            "shmget": 194, "memfd_create": 279, **_SINCE_UNIFIED,
        },
    ),
}  # fmt: skip


class _Program:
    def __init__(self) -> None:
        self._steps: list[tuple[int, int, int, int]] = []

    def add(self, code: int, value: int, if_true: int = 0, if_false: int = 0) -> None:
        self._steps.append((code, if_true, if_false, value & 0xFFFFFFFF))

    def answer(self, call: int, verdict: int) -> None:
        """Answer one call by its number, whatever its arguments."""
        self.add(_IF_EQUAL, call, 0, 1)
        self.add(_RETURN, verdict)

    def judge(self, call: int, argument: int, tests: Sequence[tuple[int, int, int]]) -> None:
        """Answer a call by one argument: (kind of test, value, verdict where it holds)."""
        self.add(_IF_EQUAL, call, 0, 2 + 2 * len(tests))
        self.add(_LOAD, _ARGUMENTS + 8 * argument)
        for kind, value, verdict in tests:
            self.add(kind, value, 0, 1)
            self.add(_RETURN, verdict)
        self.add(_RETURN, _ALLOW)

    def bytes(self) -> bytes:
        return b"".join(
            struct.pack("=HBBI", code, if_true, if_false, value)
            for code, if_true, if_false, value in self._steps
        )


def filter_program(guarded: Sequence[int], machine: str = MACHINE) -> bytes | None:
    """The filter's instructions; ``None`` for a kind of machine that it does not know.

    Parameters
    ----------
    guarded
        Processes, and groups of them, that must get no signal.
    """
    known = _MACHINES.get(machine)
    if known is None:
        return None
    refuse = _ERRNO | errno.EPERM
    numbers = known.numbers
    program = _Program()
    program.add(_LOAD, _ARCH)
    program.add(_IF_EQUAL, known.arch, 1, 0)
    program.add(_RETURN, _KILL_PROCESS)
    program.add(_LOAD, _NUMBER)
    if machine == "x86_64":
        # The same calls by other numbers.
        program.add(_IF_LEAST, _X32_BIT, 0, 1)
        program.add(_RETURN, _KILL_PROCESS)
    for name in _FORBIDDEN:
        program.answer(numbers[name], refuse)
    for name in _ABSENT:
        program.answer(numbers[name], _ERRNO | errno.ENOSYS)
    program.judge(
        numbers["socket"],
        0,
        [(_IF_EQUAL, socket.AF_UNIX, _ALLOW), (_IF_LEAST, 0, _ERRNO | errno.EACCES)],
    )
    program.judge(numbers["clone"], 0, [(_IF_SET, _NEW_NAMESPACES, refuse)])
    program.judge(numbers["prlimit64"], 0, [(_IF_EQUAL, 0, _ALLOW), (_IF_LEAST, 1, refuse)])
    # A negative id names a group, -1 everybody.
    targets = {-1, *guarded, *(-pid for pid in guarded)}
    for name in _SIGNALS:
        tests = [(_IF_EQUAL, target, refuse) for target in sorted(targets)]
        program.judge(numbers[name], 0, tests)
    program.add(_RETURN, _ALLOW)
    return program.bytes()


def close_off(guarded: Sequence[int]) -> bool:
    """Put the filter on this process and all that it will start, for good.

    ``no_new_privs`` has to be set. False where the machine or the kernel has no such filter.
    """
    instructions = filter_program(guarded)
    if instructions is None:
        return False
    buffer = ctypes.create_string_buffer(instructions, len(instructions))
    # struct sock_fprog: a count, padding, a pointer.
    header = struct.pack("=HxxxxxxQ", len(instructions) // 8, ctypes.addressof(buffer))
    holder = ctypes.create_string_buffer(header, len(header))
    try:
        prctl(PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(holder))
    except OSError:
        return False
    return True
