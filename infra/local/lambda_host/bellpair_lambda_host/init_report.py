"""How long a function takes to become ready, and what it spends that on.

The command for it is ``python -m bellpair_lambda_host --help``.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from bellpair_lambda_host.function import FunctionSpec
from bellpair_lambda_host.host import SandboxFactory
from bellpair_lambda_host.logs import FunctionLog
from bellpair_lambda_host.process import Spawner
from bellpair_lambda_host.refusals import LambdaHostError
from bellpair_lambda_host.worker import INIT_LIMIT_S, Worker

_IMPORTTIME = "import time:"
_START = "bellpair: the handler's imports start here"


@dataclass(frozen=True)
class ImportCost:
    """One module's import: alone, and with all that it was the first to import; milliseconds."""

    module: str
    self_ms: float
    cumulative_ms: float


def measure_init(spec: FunctionSpec, runs: int, *, cache_dir: Path) -> list[float]:
    """Start fresh workers one after the other.

    Returns
    -------
    list of float
        For each run the milliseconds from the start of the process until it asked for an event.

    Raises
    ------
    InitFailed, InvalidArtifact
    """
    sandbox = SandboxFactory(cache_dir).make(spec)
    spawner = Spawner()
    try:
        durations = []
        for _ in range(runs):
            worker = Worker(spec, sandbox, spawner, FunctionLog(None))
            try:
                durations.append(worker.start(str(uuid4())))
            finally:
                worker.dispose()
        return durations
    finally:
        spawner.close()


def slowest_imports(spec: FunctionSpec, n: int = 10, *, cache_dir: Path) -> list[ImportCost]:
    """Import the handler's module in a fresh worker's interpreter and time each import.

    Returns
    -------
    list of ImportCost
        The `n` with the largest cumulative time, largest first.

    Raises
    ------
    LambdaHostError
        When the import fails; its message holds the end of what Python said.
    """
    sandbox = SandboxFactory(cache_dir).make(spec)
    module = spec.handler.rpartition(".")[0].replace("/", ".")
    # Python times what `__import__` does, but not importlib's functions.
    statement = f"import sys; sys.stderr.write({_START!r} + chr(10)); __import__({module!r})"
    process = subprocess.run(
        sandbox.command("-X", "importtime", "-c", statement),
        env=sandbox.environment(spec, "127.0.0.1:0"),
        cwd=sandbox.code,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        timeout=INIT_LIMIT_S + spec.timeout_s,
        check=False,
    )
    lines = process.stderr.splitlines()
    if process.returncode:
        said = [line for line in lines if not line.startswith(_IMPORTTIME)]
        raise LambdaHostError(f"Importing {module} failed: {' '.join(said[-1:])}")
    # What the interpreter imports for itself comes before.
    costs = [cost for line in lines[lines.index(_START) :] if (cost := _read(line))]
    return sorted(costs, key=lambda cost: -cost.cumulative_ms)[:n]


def _read(line: str) -> ImportCost | None:
    # "import time:    self [us] | cumulative | imported package", then one line per module.
    head, _, rest = line.partition(_IMPORTTIME)
    fields = rest.split("|")
    if head or len(fields) != 3 or not fields[0].strip().isdigit():
        return None
    alone, cumulative = (int(field) / 1000 for field in fields[:2])
    return ImportCost(fields[2].strip(), alone, cumulative)
