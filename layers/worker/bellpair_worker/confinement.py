"""What a child gives up before it sees any of the user's code."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import linux
from .file_rules import restrict_files
from .limits import (
    FILE_BYTES_MAX,
    MEMORY_LEAST_MB,
    MEMORY_RESERVE_MB,
    OPEN_FILES_MAX,
    PROCESSES_MAX,
)
from .processes import resident_mb, tasks_of_user
from .syscall_filter import close_off

_OWN_UIDS = 0x40000000
_SYSTEM_UIDS = 61_000
_SYSTEM_UIDS_COUNT = 4_000
_MB = 1024 * 1024
_QUARTERS = "bellpair-run-"

_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "TZ": ":UTC",
    # One thread each: a fork keeps only the thread that made it.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "QISKIT_PARALLEL": "FALSE",
}


@dataclass(frozen=True)
class Quarters:
    """The directories of one run.

    Attributes
    ----------
    base
        Holds the others; only the run's user may enter, and it is removed afterwards.
    package
        Where the user's files are unpacked.
    scratch
        Home, working and temporary directory.
    """

    base: Path

    @property
    def package(self) -> Path:
        return self.base / "package"

    @property
    def scratch(self) -> Path:
        return self.base / "scratch"


def make_quarters(uid: int | None) -> Quarters:
    """Make a run's directories, owned by the user that the run will have."""
    quarters = Quarters(Path(tempfile.mkdtemp(prefix=f"{_QUARTERS}{os.getpid()}-")))
    for directory in (quarters.base, quarters.package, quarters.scratch):
        directory.mkdir(mode=0o700, exist_ok=True)
        if uid is not None:
            os.chown(directory, uid, uid)
    return quarters


def remove_deserted_quarters() -> None:
    """Remove the directories of runs whose nursery was killed before it could."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_QUARTERS}*-*"):
        nursery = directory.name.removeprefix(_QUARTERS).partition("-")[0]
        if not Path("/proc", nursery).exists():
            shutil.rmtree(directory, ignore_errors=True)


def unprivileged_uid() -> int | None:
    """A user of this process's own for its children; ``None`` where it cannot change users."""
    if os.geteuid() != 0:
        return None
    own = _OWN_UIDS + os.getpid()
    for first, _, count in _id_ranges("/proc/self/uid_map"):
        if first <= own < first + count:
            return own
    return _SYSTEM_UIDS + os.getpid() % _SYSTEM_UIDS_COUNT


def open_ways(paths: Iterable[Path]) -> bool:
    """Make directories reachable for every user, where a parent such as ``/root`` bars the way.

    In a mount namespace of this process's own, an empty directory takes the place of the barring
    one, and holds nothing but the ways to `paths`. False where that is not permitted.
    """
    barred: dict[Path, list[Path]] = {}
    for path in _outermost(paths):
        if (gate := _barring(path)) is not None:
            barred.setdefault(gate, []).append(path)
    if not barred:
        return True
    try:
        linux.unshare(linux.CLONE_NEWNS)
        linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
        for gate, behind in barred.items():
            held = {path: os.open(path, os.O_PATH) for path in behind}
            linux.mount("none", str(gate), "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755")
            for path, descriptor in held.items():
                path.mkdir(parents=True, exist_ok=True)
                source = f"/proc/self/fd/{descriptor}"
                linux.mount(source, str(path), None, linux.MS_BIND | linux.MS_REC)
                os.close(descriptor)
    except OSError:
        return False
    return all(_barring(path) is None for path in _outermost(paths))


def what_python_needs() -> list[Path]:
    """Where this interpreter imports from, and where it makes temporary files."""
    places = {sys.prefix, sys.base_prefix, tempfile.gettempdir(), *sys.path}
    return sorted(Path(place) for place in places if place and Path(place).is_dir())


def clean_environment(quarters: Quarters) -> dict[str, str]:
    """All the variables that a run sees."""
    scratch = str(quarters.scratch)
    return {**_ENVIRONMENT, "HOME": scratch, "TMPDIR": scratch, "MPLCONFIGDIR": scratch}


def base_environment() -> dict[str, str]:
    """The variables that are the same for every run."""
    return dict(_ENVIRONMENT)


def confine(
    quarters: Quarters,
    *,
    uid: int | None,
    memory_mb: int,
    cpu_seconds: int,
    guarded: Sequence[int],
    keep: Sequence[int],
) -> None:
    """Give up everything that a run does not need; what fails for want of a right is left out.

    Parameters
    ----------
    uid
        The user to become; ``None`` keeps the present one.
    memory_mb
        The worker's memory.
    guarded
        Processes that are to be out of reach.
    keep
        Descriptors to keep, besides standard output and error.
    """
    os.setsid()
    _close_all_but({1, 2, *keep})
    null = os.open(os.devnull, os.O_RDWR)
    if null != 0:
        os.dup2(null, 0)
        os.close(null)
    linux.few_arenas()
    _set_limits(uid, memory_mb, cpu_seconds)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    if uid is not None:
        with contextlib.suppress(OSError):
            linux.unshare(linux.CLONE_NEWNET | linux.CLONE_NEWIPC)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    # Changing the user takes this away, so it comes after.
    linux.prctl(linux.PR_SET_PDEATHSIG, 9)
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    os.umask(0o077)
    os.chdir(quarters.scratch)
    os.environ.clear()
    os.environ.update(clean_environment(quarters))
    tempfile.tempdir = None
    restrict_files(what_python_needs_to_read(), [quarters.base])
    close_off(guarded)


def what_python_needs_to_read() -> list[Path]:
    """As `what_python_needs`, less the temporary directory, which belongs to others too."""
    places = {sys.prefix, sys.base_prefix, *sys.path}
    return [Path(place) for place in places if place]


def memory_budget_mb(memory_mb: int) -> int:
    """What a run may allocate in a worker with so much memory, besides what is loaded."""
    return max(MEMORY_LEAST_MB, memory_mb - MEMORY_RESERVE_MB - resident_mb(os.getpid()))


def network_is_closed() -> bool:
    """Whether this process can make no connection to the Internet's protocols."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
    except OSError:
        return True
    return False


def _set_limits(uid: int | None, memory_mb: int, cpu_seconds: int) -> None:
    others = 0 if uid is not None else tasks_of_user(os.getuid())
    address_space = _mapped_mb() + memory_budget_mb(memory_mb)
    wanted = {
        resource.RLIMIT_AS: address_space * _MB,
        resource.RLIMIT_NPROC: others + PROCESSES_MAX,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: FILE_BYTES_MAX,
        resource.RLIMIT_NOFILE: OPEN_FILES_MAX,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for kind, value in wanted.items():
        _, hard = resource.getrlimit(kind)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))


def _close_all_but(kept: set[int]) -> None:
    first = 0
    for descriptor in sorted(kept):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, max(int(name) for name in os.listdir("/proc/self/fd")) + 1)


def _mapped_mb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() // _MB


def _id_ranges(path: str) -> list[tuple[int, int, int]]:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return []
    return [(int(a), int(b), int(c)) for a, b, c in (line.split() for line in lines)]


def _outermost(paths: Iterable[Path]) -> list[Path]:
    kept: list[Path] = []
    for path in sorted(Path(os.path.realpath(path)) for path in paths):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return kept


def _barring(path: Path) -> Path | None:
    """The first directory on the way that others may not pass."""
    for parent in reversed(path.parents):
        if not parent.stat().st_mode & 0o001:
            return parent
    return None
