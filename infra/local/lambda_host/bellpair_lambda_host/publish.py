"""Directories that are complete from the moment they exist."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path


def make_once(directory: Path, fill: Callable[[Path], None]) -> Path:
    """Return `directory`, making it with `fill` where no thread or process has done so before.

    `fill` gets an empty directory that takes its final name when `fill` is done. One killed in
    the middle leaves nothing locked, and the next one starts anew.
    """
    if directory.exists():
        return directory
    directory.parent.mkdir(parents=True, exist_ok=True)
    with directory.with_name(f"{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            partial = directory.with_name(f"{directory.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            fill(partial)
            partial.rename(directory)
    return directory
