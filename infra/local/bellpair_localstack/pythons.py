"""Finds the Python that LocalStack needs among those of this machine; fetches none."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bellpair_localstack import versions
from bellpair_localstack.failures import PythonMissing
from toolchain.interpreters import known_to_uv, release_number

WANTED = "3.13"
"""The minor version: what LocalStack is locked to has no wheels for an older one."""

CHOICE = "BELLPAIR_LOCALSTACK_PYTHON"
"""The setting by which a person names the Python to take."""

_PROBE_SECONDS = 20.0
_VERSION_CODE = "import ensurepip, ssl, venv, sys; print('%d.%d' % sys.version_info[:2])"

AskUv = Callable[[], str]
"""Says where uv sees the wanted Python; empty where it sees none."""


def find(settings: Mapping[str, str] | None = None, ask_uv: AskUv | None = None) -> Path:
    """Return a Python 3.13 of this machine.

    Looked at are, in this order: the one named by ``BELLPAIR_LOCALSTACK_PYTHON`` (and then no
    other), the path, pyenv's versions with the newest first, and what uv knows of. Each is asked
    for its version, so that a shim that leads nowhere is passed over.

    Parameters
    ----------
    settings
        Environment variables; default: this process's.
    ask_uv
        How uv is asked; default: by running it.

    Raises
    ------
    PythonMissing
        There is none.
    """
    given = os.environ if settings is None else settings
    named = given.get(CHOICE)
    if named:
        if not _fits(Path(named)):
            raise PythonMissing(
                f"{CHOICE} names {named}, which is no whole Python {WANTED}.",
                f"Set it to the path of a Python {WANTED}, or unset it to have one looked for.",
            )
        return Path(named)
    for candidate in _candidates(Places.of(given), ask_uv or partial(known_to_uv, WANTED)):
        if _fits(candidate):
            return candidate
    raise PythonMissing(
        f"There is no Python {WANTED} on this machine, and LocalStack runs on no other.",
        f"Install one (the system's python{WANTED} with its venv module, `pyenv install {WANTED}` "
        f"or `uv python install {WANTED}`), or name it in {CHOICE}; or start a LocalStack in "
        "another way and give its address in AWS_ENDPOINT_URL. " + versions.HOW_TO_RUN,
    )


@dataclass(frozen=True)
class Places:
    """Where Pythons may be.

    Attributes
    ----------
    search
        The path of executables, as the variable ``PATH`` has it.
    pyenv
        pyenv's folder, if there could be one.
    """

    search: str
    pyenv: Path | None

    @staticmethod
    def of(settings: Mapping[str, str]) -> Places:
        """The places that environment variables name."""
        root, home = settings.get("PYENV_ROOT"), settings.get("HOME")
        pyenv = Path(root) if root else Path(home) / ".pyenv" if home else None
        return Places(settings.get("PATH", ""), pyenv)


def _candidates(places: Places, ask_uv: AskUv) -> Iterator[Path]:
    on_path = shutil.which(f"python{WANTED}", path=places.search)
    if on_path:
        yield Path(on_path)
    if places.pyenv:
        yield from _pyenv(places.pyenv)
    seen = ask_uv()
    if seen:
        yield Path(seen)


def _pyenv(root: Path) -> list[Path]:
    found = sorted(
        root.glob(f"versions/{WANTED}*/bin/python{WANTED}"), key=release_number, reverse=True
    )
    return [python for python in found if release_number(python) >= 0]


def _fits(python: Path) -> bool:
    try:
        answer = subprocess.run(
            [str(python), "-I", "-c", _VERSION_CODE],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PROBE_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and answer.stdout.strip() == WANTED
