"""The built-in functions, in a worker as it is: confined, with the library that it has."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest

from bellpair_core.logic.runs.quantum_call import TAKES
from bellpair_core.model.builtin import BUILTIN_FUNCTIONS, BUILTIN_PACKAGE

from .conftest import Worker
from .memory_broker import MemoryBroker

HEAD = 'OPENQASM 3; include "stdgates.inc"; input float a; qubit q; '
TURNED = f"{HEAD}bit c; ry(a) q; c = measure q;"
BARE = f"{HEAD}ry(a) q;"
SAMPLED: dict[str, Any] = {"pubs": [{"circuit": TURNED, "parameters": [0.1, 0.2]}], "shots": 10}
ESTIMATED = {"pubs": [{"circuit": BARE, "parameters": [0.1, 0.2], "observables": "Z"}]}


def broker(name: str, inputs: dict[str, Any], **kind: Any) -> MemoryBroker:
    """The broker of a job that runs a built-in function."""
    assert BUILTIN_PACKAGE.inline is not None
    package = base64.b64encode(zlib.decompress(BUILTIN_PACKAGE.inline)).decode()
    return MemoryBroker(package, entry=BUILTIN_FUNCTIONS[name].entry, inputs=inputs, **kind)


def output(worker: Worker, broker: MemoryBroker) -> dict[str, Any]:
    assert worker.run(broker) == {"outcome": "finished"}
    told: dict[str, Any] = json.loads(broker.one("finish")["value"])
    return told


@pytest.mark.parametrize(
    ("name", "inputs", "member", "value"),
    [
        ("sampling", SAMPLED, "counts", [{"0": 10}, {"0": 10}]),
        ("estimation", ESTIMATED, "values", [1.0, 1.0]),
    ],
)
def test_a_worker_has_the_function_without_a_package(
    worker: Worker, name: str, inputs: dict[str, Any], member: str, value: Any
) -> None:
    told = output(worker, broker(name, inputs))

    assert told["results"][0][member] == value


@pytest.mark.parametrize("level", [1, 2])
def test_a_worker_finds_the_options_that_are_installed(worker: Worker, level: int) -> None:
    told = output(worker, broker("sampling", {**SAMPLED, "level": level}, takes=TAKES))

    names = [option["name"] for option in told["results"][0]["options"]]
    assert names[0] == "readout-mitigation"


def test_values_come_late_where_the_broker_takes_them(worker: Worker) -> None:
    late = broker("sampling", SAMPLED, takes=TAKES)
    output(worker, late)
    written = broker("sampling", SAMPLED)
    output(worker, written)

    (call,), (before,) = late.calls, written.calls
    assert [program["values"] for program in call["programs"]] == [[0.1], [0.2]]
    assert {program["source"] for program in call["programs"]} == {TURNED}
    assert call["partial"] is True
    assert "partial" not in before
    assert "const float a = 0.1;" in before["programs"][0]["source"]
    names = [[update["Name"] for request in one.requests if request["op"] == "checkpoint"
              for update in request["updates"]] for one in (late, written)]  # fmt: skip
    assert names[0] == names[1]
