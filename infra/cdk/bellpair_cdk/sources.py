"""The code that functions are deployed with: their folder, and bytecode that needs no check.

A zip does not keep the times by which Python trusts bytecode, so it is compiled
here with the kind that is trusted without them; a cold start then compiles nothing.
"""

from __future__ import annotations

import compileall
import py_compile
import shutil
from pathlib import Path

_NOT_DEPLOYED = shutil.ignore_patterns("__pycache__", ".*", "requirements.txt", "*.md")


def staged(source: Path, target: Path) -> Path:
    """Copy a function's folder to ``target`` with its bytecode, and return ``target``.

    Raises
    ------
    FileNotFoundError
        There is no such function.
    """
    if not source.is_dir():
        raise FileNotFoundError(f"{source} is missing: each function has its folder of that name")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=_NOT_DEPLOYED)
    compileall.compile_dir(
        target,
        quiet=2,
        stripdir=str(target),
        prependdir="/var/task",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    return target
