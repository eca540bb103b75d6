"""The Python that functions run in, which need not be the one that runs the host."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_ANSWER_LIMIT_S = 30.0
_QUESTION = """
import json, sys
version = "%d.%d" % sys.version_info[:2]
print(json.dumps([version, sys.implementation.cache_tag, sys.base_prefix, sys.path]))
"""


class InterpreterUnusable(Exception):
    """A file is no Python that runs here."""


@dataclass(frozen=True)
class Interpreter:
    """One Python of this machine.

    Attributes
    ----------
    executable
        The base interpreter, outside of any virtual environment.
    version
        Major and minor, such as ``3.11``.
    cache_tag
        What its bytecode is marked with, such as ``cpython-311``.
    packages
        Where it, or the virtual environment by which it was named, has packages. Functions do not
        see them; the runtime interface client is looked for there.
    """

    executable: Path
    version: str
    cache_tag: str
    packages: tuple[str, ...] = ()

    @classmethod
    def running(cls) -> Self:
        """The one that runs this."""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return cls._made(version, sys.implementation.cache_tag or "", sys.base_prefix, sys.path)

    @classmethod
    def named(cls, python: Path) -> Self:
        """Ask an executable, which may be one of a virtual environment, what it is.

        Raises
        ------
        InterpreterUnusable
        """
        try:
            answer = subprocess.run(
                [str(python), "-I", "-c", _QUESTION],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=_ANSWER_LIMIT_S,
            )
            if answer.returncode:
                said = answer.stderr.strip().splitlines()[-1:] or [f"status {answer.returncode}"]
                raise InterpreterUnusable(f"{python} does not run: {said[0]}")
            version, cache_tag, prefix, packages = json.loads(answer.stdout)
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise InterpreterUnusable(f"{python} is no Python that runs here: {error}") from error
        return cls._made(version, cache_tag, prefix, packages)

    @classmethod
    def _made(cls, version: str, cache_tag: str, prefix: str, packages: list[str]) -> Self:
        executable = Path(prefix, "bin", f"python{version}")
        return cls(executable, version, cache_tag, tuple(path for path in packages if path))
