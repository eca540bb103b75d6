"""How long each function takes from its process's start to being ready, and what bytecode saves.

Measured from what is built for the local cloud: the same packages as for AWS, on this machine's
processor and disk. ``python -m tests.benchmarks.cold_start [NAME …]`` measures some functions
without a running cloud.
"""

from __future__ import annotations

import compileall
import json
import os
import py_compile
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

sys.path[1:1] = [str(Path(__file__).parents[2] / "infra")]

from bellpair_lambda_host import FunctionSpec, measure_init, slowest_imports  # noqa: E402
from toolchain import artifacts, deployed  # noqa: E402
from toolchain.deployed import DeployedFunction  # noqa: E402

RUNS = 3


def measure(*_: object) -> dict[str, Any]:
    """Return each function's median milliseconds, ratios between variants, and slowest imports."""
    return dict(figures([]))


def figures(wanted: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Yield the figures of the functions named, or of all."""
    short = {function.name.split("-", 2)[2]: function for function in built()}
    with tempfile.TemporaryDirectory(prefix="bellpair-cold-start-") as directory:
        for name in list(wanted) or short:
            yield name, measured(short[name], Path(directory))


def built() -> list[DeployedFunction]:
    """Return the functions that the local cloud runs, as they are synthesized now."""
    return deployed.functions(artifacts.synthesized("local"))


def measured(function: DeployedFunction, directory: Path) -> dict[str, Any]:
    """Start a function's process anew, in turn as it is deployed, without bytecode and with all."""
    variants = {
        "as_deployed": spec_of(function, directory),
        "without_bytecode": spec_of(function, directory, layers_compiled=False),
        "all_compiled": spec_of(function, directory, code_compiled=True),
    }
    times: dict[str, list[float]] = {name: [] for name in variants}
    # In turn, so that what else the machine does meets all of them.
    for _ in range(RUNS):
        for name, spec in variants.items():
            times[name] += measure_init(spec, 1, cache_dir=directory)
    middle = {name: round(median(taken), 1) for name, taken in times.items()}
    deployed_ms = middle["as_deployed"]
    return {
        "cold_init_p50_ms": deployed_ms,
        "without_bytecode_p50_ms": middle["without_bytecode"],
        "all_compiled_p50_ms": middle["all_compiled"],
        "ratio_without_bytecode": round(middle["without_bytecode"] / deployed_ms, 2),
        "ratio_all_compiled": round(middle["all_compiled"] / deployed_ms, 2),
        "slowest_imports": [
            asdict(cost) for cost in slowest_imports(variants["as_deployed"], cache_dir=directory)
        ],
    }


def spec_of(
    function: DeployedFunction,
    directory: Path,
    *,
    layers_compiled: bool = True,
    code_compiled: bool = False,
) -> FunctionSpec:
    """Return a function as Lambda would start it, of folders as they are.

    Parameters
    ----------
    layers_compiled
        Whether its layers have their bytecode, as they are built.
    code_compiled
        Whether its own code has bytecode, which it is deployed without.
    """
    assert function.code is not None
    layers = [layer.folder for layer in function.layers]
    if not layers_compiled:
        layers = [stripped(folder, directory) for folder in layers]
    code = compiled(function.code, directory) if code_compiled else function.code
    return FunctionSpec(
        arn=function.arn,
        handler=function.handler,
        code_zip=code,
        layer_zips=tuple(layers),
        environment={
            **function.variables,
            **artifacts.GIVEN["local"],
            "AWS_ACCESS_KEY_ID": "measured",
            "AWS_SECRET_ACCESS_KEY": "measured",
        },
        timeout_s=function.timeout_s,
        memory_mb=function.memory_mb,
    )


def stripped(folder: Path, directory: Path) -> Path:
    """Return a layer without its bytecode; its files are linked."""
    target = directory / "stripped" / folder.name
    if not target.exists():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(folder, target, copy_function=_link, ignore=ignored)
    return target


def compiled(code: Path, directory: Path) -> Path:
    """Return a function's code with bytecode that is not checked against its source."""
    target = directory / "compiled" / code.name
    if not target.exists():
        shutil.copytree(code, target)
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(target, quiet=1, invalidation_mode=mode)
    return target


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


if __name__ == "__main__":
    for name, figure in figures(sys.argv[1:]):
        print(json.dumps({name: figure}), flush=True)
