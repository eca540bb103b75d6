"""What happens in a run's own process, once it is confined."""

from __future__ import annotations

import base64
import importlib
import io
import os
import re
import sys
from collections.abc import Callable
from typing import Any, TextIO

from .brokered_client import BrokeredClient
from .confinement import Quarters, memory_budget_mb
from .faults import Fault, fault, fault_of, missing_module, user_traceback
from .frames import Line, Message
from .package import PackageRefused, unpack

ENGINE = "bellpair.functions.engine:run_worker"
INSPECTOR = "bellpair_worker.look:entries_in"

_TOKEN = "run"
"""What the engine hands back with each request; the supervisor knows the run without it."""

_NOT_FOUND = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")


def live(line: Line, quarters: Quarters, memory_mb: int, engine: str, inspector: str) -> None:
    """Hear what is to be done, do it, and say what came of it.

    Parameters
    ----------
    line
        To the supervisor.
    memory_mb
        Of the worker; named where it was too little.
    engine, inspector
        ``"module:attribute"`` of what runs a function and of what looks at a package.
    """
    # The old streams belong to what the nursery's output was.
    sys.stdout, sys.stderr = _stream(1), _stream(2)
    client = BrokeredClient(line)
    work = line.receive()
    budget = memory_budget_mb(memory_mb)
    if work["do"] == "inspect":
        said = _guarded(lambda: _inspect(work, quarters, inspector), quarters, budget)
    else:
        said = _guarded(lambda: _run(work, quarters, client, engine), quarters, budget)
    sys.stdout.flush()
    sys.stderr.flush()
    client.tell("done", **said)


def load(reference: str) -> Any:
    """The object that ``"module:attribute"`` names."""
    module, _, attribute = reference.partition(":")
    found: Any = importlib.import_module(module)
    for name in attribute.split("."):
        found = getattr(found, name)
    return found


def _stream(descriptor: int) -> TextIO:
    raw = io.FileIO(descriptor, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding="utf-8", errors="replace", line_buffering=True
    )


def _guarded(work: Callable[[], Message], quarters: Quarters, budget_mb: int) -> Message:
    try:
        return work()
    except PackageRefused as error:
        return _failed(fault("function-invalid", str(error)))
    except BaseException as error:
        # Nothing is left that would not be the user's doing.
        if not isinstance(error, SystemExit):
            _print(user_traceback(error, quarters.package))
        return _failed(fault_of(error, quarters.package, budget_mb))


def _run(work: Message, quarters: Quarters, client: BrokeredClient, engine: str) -> Message:
    _move_in(work, quarters)
    run_worker = load(engine)
    target = _target(work["entry"])
    outcome = run_worker(
        target,
        work["inputs"],
        client=client,
        execution=work["execution"],
        token=_TOKEN,
        operations=work["operations"],
        next_marker=work["marker"],
        seed=work["seed"],
        state=work["state"],
        checkpoints=work["checkpoints"],
        device=work["device"],
        takes=work["takes"] or (),
        on_output=_print,
        on_progress=lambda fraction, message: client.tell(
            "progress", fraction=fraction, message=message
        ),
    )
    if outcome.kind == "failed":
        return _failed(_named(outcome.error or {}))
    return {"kind": outcome.kind, "output": outcome.output_json}


def _inspect(work: Message, quarters: Quarters, inspector: str) -> Message:
    _move_in(work, quarters)
    entries = load(inspector)(quarters.package, work["entry"])
    return {"kind": "inspected", "entries": entries}


def _move_in(work: Message, quarters: Quarters) -> None:
    unpack(base64.b64decode(work["package"]), quarters.package)
    sys.path.insert(0, str(quarters.package))
    importlib.invalidate_caches()


def _target(entry: str) -> Any:
    try:
        return load(entry)
    except AttributeError as error:
        module = entry.partition(":")[0]
        if module not in sys.modules:
            raise
        raise LookupError(f"The package has no {entry}; deploy the function again") from error


def _named(error: dict[str, str]) -> Fault:
    """The engine's account of a failure; a module that is missing is told with what is there."""
    message = error.get("message", "")
    if found := _NOT_FOUND.match(message):
        return missing_module(found.group(1))
    return fault(error.get("code", "function-failed"), message, error.get("remedy"))


def _failed(error: Fault) -> Message:
    return {"kind": "failed", "error": error}


def _print(text: str) -> None:
    data = text.encode(errors="replace")
    while data:
        data = data[os.write(1, data) :]
