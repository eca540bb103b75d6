"""The directory that stands for Lambda's ``/var/runtime``."""

import re
import shutil
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path

from bellpair_lambda_host.artifacts import compile_bytecode
from bellpair_lambda_host.interpreter import Interpreter
from bellpair_lambda_host.publish import make_once

RUNTIME_CLIENT = "awslambdaric"


class RuntimeClientMissing(RuntimeError):
    """The Python that is to run functions has no runtime interface client to copy."""


def build_runtime_dir(parent: Path, python: Interpreter | None = None) -> Path:
    """Copy the runtime interface client and what it needs out of a Python's environment.

    No network is used, and nothing else of the environment comes along. The directory is named
    after the client's version, made once, and complete from the moment it exists.

    Parameters
    ----------
    parent
        The directory to make it in; made when missing.
    python
        What will run it; the one that runs this when ``None``.

    Returns
    -------
    Path
        ``<parent>/awslambdaric-<version>-<interpreter>``.

    Raises
    ------
    RuntimeClientMissing
        When that environment has no ``awslambdaric``.
    """
    python = python or Interpreter.running()
    try:
        client = _distribution(RUNTIME_CLIENT, python)
    except PackageNotFoundError as error:
        raise RuntimeClientMissing(
            f"{RUNTIME_CLIENT} is not installed for Python {python.version}; "
            "install it in the environment that is to run functions"
        ) from error

    def fill(directory: Path) -> None:
        for package in _with_requirements(client, python):
            _copy(package, directory)
        compile_bytecode(directory, python, parallel=False)

    name = f"{RUNTIME_CLIENT}-{client.version}-{python.cache_tag}"
    return make_once(parent / name, fill)


def _with_requirements(package: Distribution, python: Interpreter) -> list[Distribution]:
    found = {package.name: package}
    queue = [package]
    while queue:
        for requirement in queue.pop().requires or ():
            if "extra ==" in requirement:
                continue
            name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
            if name not in found:
                found[name] = _distribution(name, python)
                queue.append(found[name])
    return list(found.values())


def _distribution(name: str, python: Interpreter) -> Distribution:
    for found in Distribution.discover(name=name, path=list(python.packages)):
        return found
    raise PackageNotFoundError(name)


def _copy(package: Distribution, target: Path) -> None:
    for file in package.files or ():
        # Scripts lie outside of the packages' directory; cached bytecode is made anew.
        if ".." in file.parts or "__pycache__" in file.parts:
            continue
        destination = target / file
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(file.locate()), destination)
