"""Do a piece of work once: remember by digest what it was made from, and lock while it is made.

A stamp is a small file that holds the digest of a product's inputs. Work is
skipped while the digest stays the same, and two processes that want the same
product wait for each other instead of building it twice.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"

_PASSED_OVER = {"__pycache__", ".chalice/deployments", "node_modules", ".pytest_cache"}


def files_below(path: Path) -> Iterator[Path]:
    """Yield the files of a tree in a fixed order, without caches.

    Parameters
    ----------
    path
        A file (yielded as it is), a folder, or nothing (yields nothing).
    """
    if path.is_file():
        yield path
        return
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        passed_over = any(part in f"/{name}/" for part in (f"/{p}/" for p in _PASSED_OVER))
        if file.is_file() and file.suffix != ".pyc" and not passed_over:
            yield file


def digest(inputs: Iterable[Path | str]) -> str:
    """Return the SHA-256 (hex) of files, trees and words.

    Parameters
    ----------
    inputs
        A ``Path`` counts with the names and contents of its files; a ``str``
        counts as itself (a version, an option).
    """
    total = hashlib.sha256()
    for item in inputs:
        if isinstance(item, str):
            total.update(f"word {item}\n".encode())
            continue
        for file in files_below(item):
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            total.update(f"file {_name(file)} {content}\n".encode())
    return total.hexdigest()


def is_current(stamp: Path, expected: str) -> bool:
    """Say whether ``stamp`` exists and holds the ``expected`` digest."""
    try:
        return stamp.read_text().strip() == expected
    except FileNotFoundError:
        return False


def write(stamp: Path, value: str) -> None:
    """Leave ``value`` in ``stamp``; call it last, when the product is whole."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(value + "\n")


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Hold the lock ``name`` of this work tree; waits for whoever holds it."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f".{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else file.as_posix()
