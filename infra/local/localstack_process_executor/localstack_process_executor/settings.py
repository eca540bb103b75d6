"""What a person may set, by environment variables of the LocalStack process."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

DIRECTORY = "LAMBDA_PROCESS_DIR"
_PYTHON = "LAMBDA_PROCESS_PYTHON_"


def python_setting(version: str) -> str:
    """The variable that names the Python of a version, such as ``LAMBDA_PROCESS_PYTHON_3_11``."""
    return _PYTHON + version.replace(".", "_")


@dataclass(frozen=True)
class Settings:
    """How functions are run.

    Attributes
    ----------
    directory
        For unpacked code and layers, which are kept between runs and may be shared.
    scratch
        For the functions' temporary files, which go with LocalStack.
    pythons
        Version, such as ``3.11``, to the interpreter that was set for it.
    search_path
        Where else interpreters are looked for, as in ``PATH``.
    pyenv_root
        pyenv's directory.
    """

    directory: Path
    scratch: Path
    pythons: Mapping[str, Path] = field(default_factory=dict)
    search_path: str = ""
    pyenv_root: Path | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str], default_directory: Path, scratch: Path) -> Self:
        """Read the variables; `default_directory` is for those who set none."""
        pythons = {
            f"{found[1]}.{found[2]}": Path(value)
            for name, value in environment.items()
            if value and (found := re.fullmatch(rf"{_PYTHON}(\d+)_(\d+)", name))
        }
        home = environment.get("HOME")
        pyenv = environment.get("PYENV_ROOT") or (f"{home}/.pyenv" if home else None)
        return cls(
            directory=Path(environment.get(DIRECTORY) or default_directory).absolute(),
            scratch=scratch.absolute(),
            pythons=pythons,
            search_path=environment.get("PATH", ""),
            pyenv_root=Path(pyenv) if pyenv else None,
        )
