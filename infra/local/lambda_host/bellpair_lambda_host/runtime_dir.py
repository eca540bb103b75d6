"""The directory that stands for Lambda's ``/var/runtime``."""

import re
import shutil
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from bellpair_lambda_host.artifacts import compile_bytecode
from bellpair_lambda_host.publish import make_once

RUNTIME_CLIENT = "awslambdaric"


def build_runtime_dir(parent: Path, python: Path | None = None) -> Path:
    """Copy the runtime interface client and what it needs out of the running environment.

    No network is used, and nothing else of the environment comes along. The directory is named
    after the client's version, made once, and complete from the moment it exists.

    Parameters
    ----------
    parent
        The directory to make it in; made when missing.
    python
        The interpreter to compile bytecode with; the running environment's own when ``None``.

    Returns
    -------
    Path
        ``<parent>/awslambdaric-<version>-<interpreter>``.

    Raises
    ------
    RuntimeError
        When the running environment has no ``awslambdaric``.
    """
    try:
        client = distribution(RUNTIME_CLIENT)
    except PackageNotFoundError as error:
        raise RuntimeError(
            f"{RUNTIME_CLIENT} is not installed here; install the bellpair-lambda-host package"
        ) from error

    def fill(directory: Path) -> None:
        for package in _with_requirements(client):
            _copy(package, directory)
        compile_bytecode(directory, python or Path(sys.executable), parallel=False)

    name = f"{RUNTIME_CLIENT}-{client.version}-{sys.implementation.cache_tag}"
    return make_once(parent / name, fill)


def _with_requirements(package: Distribution) -> list[Distribution]:
    found = {package.name: package}
    queue = [package]
    while queue:
        for requirement in queue.pop().requires or ():
            if "extra ==" in requirement:
                continue
            name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
            if name not in found:
                found[name] = distribution(name)
                queue.append(found[name])
    return list(found.values())


def _copy(package: Distribution, target: Path) -> None:
    for file in package.files or ():
        # Scripts lie outside of the packages' directory; cached bytecode is made anew.
        if ".." in file.parts or "__pycache__" in file.parts:
            continue
        destination = target / file
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(file.locate()), destination)
