"""Find an interpreter of a version of Python among those that the machine has; never fetch one."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from toolchain import uv


@functools.cache
def find(version: str) -> Path | None:
    """Return a Python of this version that runs, outside of any virtual environment, or None.

    Parameters
    ----------
    version
        Such as ``3.13``.
    """
    return next((path for path in _candidates(version) if _is(path, version)), None)


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys._base_executable)  # type: ignore[attr-defined]
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield Path(on_path)
    # Its own command on the path answers only for versions that somebody switched on.
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True)
    try:
        words = [str(uv.executable()), "python", "find", "--no-python-downloads", version]
        found = subprocess.run(words, capture_output=True, text=True, check=False)
    except uv.UvMissing:
        return
    if found.returncode == 0:
        yield Path(found.stdout.strip())


def _is(path: Path, version: str) -> bool:
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
            timeout=30,
        )
    except OSError:
        return False
    return answer.stdout.split() == [version, "True"]
