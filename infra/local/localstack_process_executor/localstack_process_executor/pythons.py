"""Finds the Python that a runtime stands for, and the runtime interface client for it."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bellpair_lambda_host.interpreter import Interpreter, InterpreterUnusable
from bellpair_lambda_host.publish import make_once
from bellpair_lambda_host.runtime_dir import (
    RUNTIME_CLIENT,
    RuntimeClientMissing,
    build_runtime_dir,
)
from localstack_process_executor.refusals import FunctionRefused
from localstack_process_executor.settings import Settings, python_setting

_CLIENT_REQUIREMENT = f"{RUNTIME_CLIENT}>=4,<5"
_INSTALL_LIMIT_S = 300.0


def find_python(version: str, settings: Settings) -> Interpreter:
    """Return the Python of a version: the one that was set, or else one that is found.

    Raises
    ------
    FunctionRefused
        There is none, or the one that was set is of another version or does not run.
    """
    setting = python_setting(version)
    chosen = settings.pythons.get(version)
    if chosen is not None:
        try:
            interpreter = Interpreter.named(chosen)
        except InterpreterUnusable as error:
            raise FunctionRefused(f"{error}; set {setting} to a Python {version}") from error
        if interpreter.version != version:
            raise FunctionRefused(
                f"{setting} names {chosen}, which is a Python {interpreter.version}; "
                f"set it to a Python {version}"
            )
        return interpreter
    for candidate in _candidates(version, settings):
        try:
            interpreter = Interpreter.named(candidate)
        except InterpreterUnusable:
            # As pyenv's commands are for versions that are not switched on.
            continue
        if interpreter.version == version:
            return interpreter
    raise FunctionRefused(
        f"There is no Python {version} on this machine to run functions of the runtime "
        f"python{version}; install one, or set {setting} to where it is"
    )


def runtime_dir(interpreter: Interpreter, settings: Settings) -> Path:
    """Return what stands for ``/var/runtime``: the runtime interface client for a Python.

    It is copied from the environment that the Python was named by, or from the one that runs this
    where that has the same version; else it is installed from the package index, once.

    Raises
    ------
    FunctionRefused
        None of these has it.
    """
    parent = settings.directory / "runtime"
    try:
        return build_runtime_dir(parent, interpreter)
    except RuntimeClientMissing:
        pass
    running = Interpreter.running()
    if running.version == interpreter.version:
        try:
            return build_runtime_dir(parent, replace(interpreter, packages=running.packages))
        except RuntimeClientMissing:
            pass
    fetched = make_once(
        settings.directory / "client" / interpreter.cache_tag,
        lambda directory: _install_client(interpreter, directory),
    )
    return build_runtime_dir(parent, replace(interpreter, packages=(str(fetched),)))


def _candidates(version: str, settings: Settings) -> Iterator[Path]:
    running = Interpreter.running()
    if running.version == version:
        yield Path(sys.executable)
    name = f"python{version}"
    for directory in settings.search_path.split(":"):
        if directory and (found := shutil.which(name, path=directory)):
            yield Path(found)
    if settings.pyenv_root is not None:
        yield from sorted(
            settings.pyenv_root.glob(f"versions/{version}.*/bin/{name}"), key=_patch, reverse=True
        )
    if uv := shutil.which("uv", path=settings.search_path):
        answer = subprocess.run(
            [uv, "python", "find", "--no-python-downloads", "--no-project", "--system", version],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())


def _patch(python: Path) -> int:
    found = re.fullmatch(r"\d+\.\d+\.(\d+)", python.parents[1].name)
    return int(found[1]) if found else -1


def _install_client(interpreter: Interpreter, directory: Path) -> None:
    said = ["there is neither pip nor uv"]
    for command in _installers(interpreter, directory):
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=_INSTALL_LIMIT_S,
            )
        except subprocess.TimeoutExpired:
            said.append(f"it took over {_INSTALL_LIMIT_S:g} seconds")
            continue
        if done.returncode == 0:
            return
        said += done.stdout.strip().splitlines()[-1:]
    raise FunctionRefused(
        f"{RUNTIME_CLIENT} could not be installed for Python {interpreter.version} ({said[-1]}); "
        f"set {python_setting(interpreter.version)} to the Python of an environment that has it"
    )


def _installers(interpreter: Interpreter, directory: Path) -> Iterator[list[str]]:
    target = ["--target", str(directory), "--only-binary", ":all:", _CLIENT_REQUIREMENT]
    yield [str(interpreter.executable), "-m", "pip", "install", "--quiet", *target]
    if uv := shutil.which("uv"):
        python = ["--python", str(interpreter.executable)]
        yield [uv, "pip", "install", "--quiet", *python, *target]
