"""Find an interpreter of a version of Python among those that the machine has; never fetch one."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from toolchain import uv

PATIENCE_S = 30.0
"""How long an interpreter may take to say what it is, in seconds."""


@functools.cache
def find(version: str, patience_s: float = PATIENCE_S) -> Path | None:
    """Return a Python of this version that runs, outside of any virtual environment, or None.

    Parameters
    ----------
    version
        Such as ``3.13``.
    patience_s
        One that has not answered within so many seconds is passed over.
    """
    return next((path for path in _candidates(version) if _is(path, version, patience_s)), None)


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys._base_executable)  # type: ignore[attr-defined]
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield Path(on_path)
    # Its own command on the path answers only for versions that somebody switched on.
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(
        pyenv.glob(f"versions/{version}.*/bin/python"), key=release_number, reverse=True
    )
    try:
        seen = known_to_uv(version)
    except uv.UvMissing:
        return
    if seen:
        yield Path(seen)


def known_to_uv(version: str) -> str:
    """Return where uv sees a Python of a version, outside of any environment; empty where nowhere.

    Raises
    ------
    toolchain.uv.UvMissing
        There is no uv, and none can be had.
    """
    answer = subprocess.run(
        [
            *(str(uv.executable()), "python", "find", "--no-python-downloads", "--system"),
            *("--no-project", version),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() if answer.returncode == 0 else ""


def release_number(python: Path) -> int:
    """Return the last number of the release that pyenv has an interpreter of.

    It is -1 for what is no plain release.
    """
    number = re.fullmatch(r"\d+\.\d+\.(\d+)", python.parents[1].name)
    return int(number[1]) if number else -1


def _is(path: Path, version: str, patience_s: float) -> bool:
    """Say whether it answers with this version, and is nobody's virtual environment."""
    question = (
        "import sys; print(*sys.version_info[:2], sep='.', end=' '); "
        "print(sys.prefix == sys.base_prefix)"
    )
    try:
        answer = subprocess.run(
            [str(path), "-S", "-E", "-c", question],
            capture_output=True,
            text=True,
            check=False,
            timeout=patience_s,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.split() == [version, "True"]
