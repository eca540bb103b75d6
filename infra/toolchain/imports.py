"""Import every function inside only its layers, under the very variables that it is deployed with.

What is found wanting here would fail on AWS at the first call. The interpreter is a base one of
the function's Python, and sees its code and its layers: no package of this environment, no
credentials, and no network.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bellpair_lambda_host.function import FunctionSpec
from bellpair_lambda_host.interpreter import Interpreter
from bellpair_lambda_host.sandbox import Sandbox
from toolchain import build_layers, interpreters, stamp
from toolchain.deployed import DeployedFunction
from toolchain.layers import Layer, layers_for

PRELOAD = "BELLPAIR_WORKER_PRELOAD"
"""The variable that names modules that a worker loads for its runs, with commas."""

LIMIT_S = 120
"""How long one function's imports may take, in seconds."""

_PROBE = Path(__file__).with_name("import_probe.py")


class PythonMissing(RuntimeError):
    """This machine has no interpreter of the functions' Python; says what to do."""


@dataclass(frozen=True)
class Broken:
    """A function that cannot be imported inside its layers.

    Parameters
    ----------
    function
        Its name.
    importer
        The module, or file and line, whose import fails.
    error
        What Python says.
    remedy
        What to do about it.
    """

    function: str
    importer: str
    error: str
    remedy: str

    def __str__(self) -> str:
        return f"function {self.function}: {self.importer}: {self.error}. {self.remedy}"


def check(functions: Iterable[DeployedFunction], known: Path | None = None) -> list[Broken]:
    """Import each function, two at a time; returns those that cannot be.

    Parameters
    ----------
    functions
        Those that are images are passed over.
    known
        A file that remembers what was imported well, so that it is not tried again unchanged.

    Raises
    ------
    PythonMissing
        See there.
    """
    packaged = [function for function in functions if function.code is not None]
    used = {layer for function in packaged for layer in function.layers}
    layers = {layer: build_layers.inputs_of(layer) for layer in used}
    digests = {function.name: digest(function, layers) for function in packaged}
    good = _read(known)
    due = [item for item in packaged if good.get(item.name) != digests[item.name]]
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = list(pool.map(imported, due))
    broken = [problem for problem in found if problem is not None]
    if known is not None:
        failed = {problem.function for problem in broken}
        kept = {name: value for name, value in digests.items() if name not in failed}
        known.parent.mkdir(parents=True, exist_ok=True)
        known.write_text(json.dumps(kept, indent=2))
    return broken


def imported(function: DeployedFunction) -> Broken | None:
    """Import one function and all that it may import later; returns what fails.

    Raises
    ------
    PythonMissing
        See there.
    """
    executable = interpreters.find(function.python)
    if executable is None:
        raise PythonMissing(
            f"{function.name} is for Python {function.python}, and there is none on this machine: "
            f"install one (python{function.python} of the system, `pyenv install "
            f"{function.python}` or `uv python install {function.python}`), or check a stage that "
            "runs on the Python that is here"
        )
    with tempfile.TemporaryDirectory(prefix="bellpair-imports-") as directory:
        found = _probe(function, _sandbox(function, executable, Path(directory)))
    if found is None:
        return None
    missing = found.get("missing")
    error, importer = found["error"], found["importer"]
    return Broken(function.name, importer, error, _remedy(function, missing, error))


def digest(function: DeployedFunction, inputs: Mapping[Layer, str]) -> str:
    """Return the digest of all that its imports depend on, given that of its layers' inputs."""
    assert function.code is not None
    layers = [inputs[layer] for layer in function.layers]
    settings = repr((function.handler, function.python, sorted(function.variables.items())))
    return stamp.digest([function.code, *layers, settings, _PROBE, Path(__file__)])


def _sandbox(function: DeployedFunction, executable: Path, directory: Path) -> Sandbox:
    assert function.code is not None
    return Sandbox(
        python=Interpreter.named(executable),
        code=function.code,
        layers=tuple(layer.folder for layer in function.layers),
        # Lambda's own folder has a boto3 of Lambda's choice, on which nothing may rely.
        runtime=directory,
        home=directory,
        scratch=directory,
    )


def _probe(function: DeployedFunction, sandbox: Sandbox) -> dict[str, Any] | None:
    spec = FunctionSpec(
        arn=function.arn,
        handler=function.handler,
        code_zip=sandbox.code,
        # Without credentials the SDK would look for a machine's own; Lambda has none to ask.
        environment={**function.variables, "AWS_EC2_METADATA_DISABLED": "true"},
        timeout_s=function.timeout_s,
        memory_mb=function.memory_mb,
    )
    answer = sandbox.home / "answer.json"
    process = subprocess.Popen(
        sandbox.command(
            "-c", _PROBE.read_text(), json.dumps({**_question(function), "answer": str(answer)})
        ),
        env=sandbox.environment(spec, "127.0.0.1:0"),
        cwd=sandbox.code,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return _silent(function, f"did not end within {LIMIT_S} s")
    finally:
        # A worker starts a process of its own.
        _end(process)
    if not answer.exists():
        last = said.strip().splitlines()[-1:] or [f"exit status {process.returncode}"]
        return _silent(function, last[0])
    found: dict[str, Any] | None = json.loads(answer.read_text())
    return found


def _question(function: DeployedFunction) -> Mapping[str, Any]:
    packages = {
        Path(package).name: layer for layer in function.layers for package in layer.packages
    }
    left_out = [
        f"{package}.{pattern.removesuffix('.py')}"
        for package, layer in packages.items()
        for pattern in layer.without
    ]
    preload = [name for name in function.variables.get(PRELOAD, "").split(",") if name]
    return {
        "handler": function.handler,
        "code": str(function.code),
        "own": sorted(packages),
        "left_out": left_out,
        "preload": preload,
    }


def _silent(function: DeployedFunction, said: str) -> dict[str, Any]:
    return {"importer": function.handler.rpartition(".")[0], "error": said}


def _remedy(function: DeployedFunction, missing: str | None, error: str) -> str:
    has = ", ".join(layer.name for layer in function.layers) or "no layer"
    if missing is not None:
        top = missing.partition(".")[0]
        holders = [
            layer.name
            for layer in layers_for(function.python).values()
            if any(layer.folder.glob(f"python/{top}")) or any(layer.folder.glob(f"python/{top}.*"))
        ]
        if holders:
            return f"It has {has}; {top} is in {' and in '.join(holders)}: give it such a layer."
        return (
            f"It has {has}, and no layer has {top}: add it to a layer's pyproject.toml and run "
            "`uv lock`, or do without it."
        )
    if error.startswith("KeyError") or "ValidationError" in error:
        return "Give it the access or variable that brings this, in infra/cdk/bellpair_cdk."
    if error.startswith("NetworkAtImport"):
        return "Ask for the network when it is called, not when it is imported."
    return f"It has {has}; repair the import, and run `make layers` again."


def _read(known: Path | None) -> dict[str, str]:
    if known is None or not known.exists():
        return {}
    content: dict[str, str] = json.loads(known.read_text())
    return content


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
