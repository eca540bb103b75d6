"""Amazon Braket's tasks of several programs: how they are asked for, and what they leave.

A task's ``results.json`` has all results in it, or leads to files beside it, as QPUs' do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bellpair_core.model.device import ProgramSets

PROGRAM_SET = "braket.ir.openqasm.program_set"
_PROGRAM = {"name": "braket.ir.openqasm.program", "version": "1"}
_RESULT = "braket.task_result.program_set_task_result"
_FAILURE = "braket.task_result.program_set_executable_failure"
_READERS = 8

Document = Mapping[str, Any]
Read = Callable[[str], Document]
"""Reads a file by its path from the task's directory."""


def sets_taken(actions: Mapping[str, Any]) -> ProgramSets | None:
    """What a device takes of program sets, by the ``action`` of its capabilities.

    ``None`` also where it does not say in numbers how large they may be.
    """
    try:
        action = actions[PROGRAM_SET]
        return ProgramSets(
            programs_max=int(action["maximumExecutables"]),
            shots_max=int(action["maximumTotalShots"]),
            shots_min=int(action.get("minimumTotalShots") or 1),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def action_of_set(programs: Sequence[str]) -> dict[str, Any]:
    """The action that runs the programs, each once for all its shots."""
    return {
        "braketSchemaHeader": {"name": PROGRAM_SET, "version": "1"},
        "programs": [{"braketSchemaHeader": _PROGRAM, "source": one} for one in programs],
    }


def culprits(answer: Mapping[str, Any]) -> dict[int, str]:
    """What is wrong with programs of a set that the service refused, by their places."""
    failures = answer.get("programSetValidationFailures") or ()
    return {
        int(failure["programIndex"]): " ".join(failure.get("errors") or ("It is not valid.",))
        for failure in failures
    }


def is_set_result(document: Document) -> bool:
    """Whether a ``results.json`` is that of a program set."""
    return str((document.get("braketSchemaHeader") or {}).get("name")) == _RESULT


def results_of_set(document: Document, read: Read) -> dict[str, Any]:
    """The results of a set's programs in their order, as `TaskService.result` gives them.

    Raises
    ------
    KeyError, TypeError, IndexError, ValueError
        When something is not there, or has not the shape of a result.
    """
    with ThreadPoolExecutor(_READERS) as readers:
        programs = list(readers.map(lambda one: _program(one, read), document["programResults"]))
    if not any(one.get("measurementProbabilities") for one in programs):
        return {"programs": programs}
    metadata = _found(document["taskMetadata"], "", read)
    # All programs were to have the same, those that failed among them.
    told = {"taskMetadata": {"shots": int(metadata["requestedShots"]) // len(programs)}}
    return {
        "programs": [one | told if one.get("measurementProbabilities") else one for one in programs]
    }


def _program(result: Any, read: Read) -> dict[str, Any]:
    """The result of one program, which has one executable, since its inputs are written in."""
    directory = result.rpartition("/")[0] + "/" if isinstance(result, str) else ""
    (executable,) = _found(result, "", read)["executableResults"]
    found = _found(executable, directory, read)
    if (found.get("braketSchemaHeader") or {}).get("name") == _FAILURE:
        return {"failure": str(found["failureMetadata"]["failureReason"])}
    return {
        name: found[name]
        for name in ("measuredQubits", "measurements", "measurementProbabilities")
        if found.get(name)
    }


def _found(there: Any, directory: str, read: Read) -> Document:
    """A document that is in its place, or in the file that its place names."""
    found: Document = read(directory + there) if isinstance(there, str) else there
    return found
