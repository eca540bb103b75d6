"""User code that speaks to the supervisor itself. Real forks, the real supervisor."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bellpair_worker.told import Unintelligible, fault_in, output_in, progress_in

from .conftest import Worker
from .memory_broker import MemoryBroker, body, package

FORGER = """
import gc, time
from bellpair_worker.brokered_client import BrokeredClient
line = next(one for one in gc.get_objects() if isinstance(one, BrokeredClient))
line.tell(**{said!r})
time.sleep(60)
"""
UNKNOWN = "The function ended in a way that the platform does not know."


def told(outcome: dict[str, Any]) -> list[str]:
    """Code, text and remedy of a failed run."""
    assert outcome["outcome"] == "failed", outcome
    cause = json.loads(outcome["error"]["Cause"])["errorMessage"]
    return str(cause).split("|")


@pytest.mark.parametrize(
    "said",
    [
        {"op": "done"},
        {"op": "done", "kind": ["finished"]},
        {"op": "done", "kind": "finished", "output": 5},
        {"op": "done", "kind": "finished", "output": "[" * 5000},
        {"op": "done", "kind": "finished", "output": "1e999"},
        {"op": "done", "kind": "failed", "error": 5},
        {"op": "done", "kind": "failed", "error": {"code": 5, "message": "m"}},
        {"op": "done", "kind": "failed", "error": {"code": "function-failed"}},
        {"op": "progress", "fraction": "1", "message": ""},
        {"op": "checkpoint", "updates": 5},
        {"op": "checkpoint", "updates": [5]},
        {"op": "state", "marker": None},
        {"op": {"finish": 1}},
    ],
    ids=lambda said: json.dumps(said)[:60],
)
def test_what_cannot_be_understood_ends_the_function_for_good(
    worker: Worker, said: dict[str, Any]
) -> None:
    broker = MemoryBroker(body(FORGER.format(said=said)))

    code, text, remedy = told(worker.run(broker))

    assert (code, text) == ("function-crashed", UNKNOWN)
    assert remedy.startswith("Return from the function")
    assert broker.one("fail")["error"]["code"] == "function-crashed"


def test_a_code_of_its_own_making_is_that_of_its_own_errors(worker: Worker) -> None:
    error = {"code": "<script>|internal", "message": "m|n", "remedy": "r"}
    broker = MemoryBroker(
        body(FORGER.format(said={"op": "done", "kind": "failed", "error": error}))
    )

    assert told(worker.run(broker)) == ["function-failed", "m/n", "r"]
    assert broker.one("fail")["error"]["code"] == "function-failed"


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "inspected", "entries": 5},
        {"kind": "inspected", "entries": [5]},
        {"kind": "inspected"},
        {"kind": "failed", "error": 5},
        {},
    ],
    ids=json.dumps,
)
def test_a_look_at_a_package_that_cannot_be_understood_refuses_it(
    worker: Worker, said: dict[str, Any]
) -> None:
    content = package(main=FORGER.format(said={"op": "done", **said}))
    event = {"inspect": {"package": content, "entry": None}}

    refused = worker.supervisor(MemoryBroker("")).handle(event, 30)["refused"]

    assert (refused["code"], refused["message"]) == ("function-invalid", UNKNOWN)


def test_texts_and_numbers_of_any_kind_are_held_within_bounds() -> None:
    shown = progress_in({"fraction": 10**400, "message": "\ud800" * 300})
    assert shown == {"fraction": 1.0, "message": "?" * 200}
    assert progress_in({"fraction": float("nan"), "message": ""})["fraction"] == 0.0
    error = {"code": "call-failed", "message": "m" * 2000, "remedy": "r" * 2000, "missing": ""}
    found = fault_in({"error": error})
    assert (found["code"], len(found["message"]), len(found["remedy"])) == (
        "call-failed",
        1001,
        500,
    )
    with pytest.raises(Unintelligible):
        output_in({"output": "NaN"})
