"""A package is looked at in the same sandbox. Real forks, the real supervisor."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Worker
from .memory_broker import MemoryBroker, package

TWO = """
from bellpair.functions import quantum_function

@quantum_function(device="sv1", options=["readout-mitigation"], timeout=60, worker="python")
def first(runtime, n: int, names: list[str] = []) -> dict[str, float]:
    "Adds."

@quantum_function(name="other")
def second(runtime): ...
"""


def look(worker: Worker, content: str, entry: str | None = None, seconds: float = 30) -> Any:
    supervisor = worker.supervisor(MemoryBroker(""))
    return supervisor.handle({"inspect": {"package": content, "entry": entry}}, seconds)


def test_the_functions_of_a_package_are_told_with_their_schemas(worker: Worker) -> None:
    first, second = look(worker, package(main=TWO))["entries"]
    assert first["entry"] == "main:first" and first["description"] == "Adds."
    assert (first["device"], first["timeout_s"], first["worker"]) == ("sv1", 60, "python")
    assert first["options"] == ["readout-mitigation"]
    assert first["inputs"]["required"] == ["n"]
    assert first["output"]["additionalProperties"] == {"type": "number"}
    assert second["name"] == "other"


@pytest.mark.parametrize("entry", ["main:second", "main:other"])
def test_one_is_chosen_by_either_of_its_names(worker: Worker, entry: str) -> None:
    (found,) = look(worker, package(main=TWO), entry)["entries"]
    assert found["entry"] == "main:second"


def test_a_module_without_any_is_an_empty_list(worker: Worker) -> None:
    assert look(worker, package(main="x = 1")) == {"entries": []}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (package(main="1 / 0"), "ZeroDivisionError: division by zero (main.py, line 1)"),
        (package(main="def ("), "SyntaxError"),
        (package(main="import sys; sys.exit()"), "sys.exit"),
        (package(main="import os; os._exit(1)"), "exit code 1"),
        (package(main="import pennylane"), "no module pennylane"),
        (package(), "no Python module"),
        ("no base64!", "package"),
    ],
    ids=["raises", "no-syntax", "exits", "dies", "imports-what-is-missing", "empty", "no-base64"],
)
def test_what_cannot_be_deployed_is_refused_and_says_why(
    worker: Worker, content: str, says: str
) -> None:
    refused = look(worker, content)["refused"]
    assert refused["code"] == "function-invalid"
    assert says in refused["message"]


def test_a_missing_module_is_named_for_whoever_knows_other_workers(worker: Worker) -> None:
    assert look(worker, package(main="import pennylane.qnn"))["refused"]["missing"] == "pennylane"


def test_an_import_that_takes_for_ever_is_refused(worker: Worker) -> None:
    refused = look(worker, package(main="while True: pass"), seconds=3)["refused"]
    assert "import took more than" in refused["message"]


def test_a_request_without_a_package_is_refused(worker: Worker) -> None:
    assert "no package" in look(worker, None)["refused"]["message"]  # type: ignore[arg-type]


def test_an_event_that_is_no_request_is_an_error(worker: Worker) -> None:
    with pytest.raises(ValueError, match="run, inspect, describe"):
        worker.supervisor(MemoryBroker("")).handle({}, 30)
