"""In a partial call, a circuit that fails leaves the others alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bellpair_core.logic.runs.quantum_call import TAKES, CallRefused
from bellpair_core.model.choice import Constraints
from bellpair_core.model.device import DeviceKind
from bellpair_core.model.job import Job
from tests.examples import BELL, job_example

from .function_place import FunctionPlace
from .test_late_binding import PLAIN, TURNED, started

BAD = "OPENQASM 3.0; qubit q; bit c; nonsense q; c = measure q;"
COUNTED = """OPENQASM 3.0;
input float turned;
qubit[2] q;
bit[2] c;
const int turns = int(turned);
for int i in [0:turns] U(0.1, 0, 0) q[0];
c = measure q;
"""
"""More than angles follow from its input."""


@pytest.fixture
def place() -> FunctionPlace:
    return FunctionPlace()


def call(*sources: str, partial: bool = True, **program: Any) -> dict[str, Any]:
    """The update by which a function makes a call."""
    programs = [{"source": source, "shots": 10, **program} for source in sources]
    payload = {"programs": programs, "device": None, "partial": partial}
    return {
        "Id": "op-0",
        "Type": "CHAINED_INVOKE",
        "SubType": "ChainedInvoke",
        "Action": "START",
        "Name": "gather 0",
        "Payload": json.dumps(payload),
        "ChainedInvokeOptions": {"FunctionName": "bellpair.sample"},
    }


class Running:
    """A job whose function makes one call."""

    def __init__(self, place: FunctionPlace, job: Job) -> None:
        self._place, self.job = place, job
        self.open(place.begin(job))

    def ask(self, update: dict[str, Any]) -> dict[str, Any]:
        """What becomes of a call at once."""
        answer = self._answer("checkpoint", tail=self.opened["tail"], updates=[update])
        (operation,) = answer["operations"]
        return dict(operation)

    def results(self, turn: int) -> list[dict[str, Any]]:
        """What the next run finds that the call came to."""
        self.open(self._place.resume(self.job, turn=turn))
        (operation,) = self.opened["operations"]
        results: list[dict[str, Any]] = json.loads(operation["ChainedInvokeDetails"]["Result"])[
            "results"
        ]
        return results

    def open(self, begun: dict[str, Any]) -> None:
        self._begun = begun
        self.opened = self._answer("open", tail=begun["run"])

    def _answer(self, op: str, **fields: Any) -> dict[str, Any]:
        who = {"job_id": self.job.id, "run": self._begun["run"], "ticket": self._begun["ticket"]}
        return self._place.broker().answer({**who, "op": op, **fields})


@pytest.fixture
def running(place: FunctionPlace) -> Running:
    return Running(place, place.invoke())


def test_a_run_is_told_what_calls_may_have(running: Running) -> None:
    assert tuple(running.opened["takes"]) == TAKES == ("values", "partial")


def test_a_circuit_that_cannot_be_made_has_its_error_in_its_place(
    place: FunctionPlace, running: Running
) -> None:
    told = running.ask(call(BAD, BELL, BAD, BELL))

    results = json.loads(told["ChainedInvokeDetails"]["Result"])["results"]
    assert [next(iter(one)) for one in results] == ["error", "counts", "error", "counts"]
    assert results[0]["error"]["code"] == "program-invalid"
    assert "Line 1" in results[0]["error"]["message"]
    assert len(place.tasks.made) == 2


def test_a_circuit_that_the_compiler_alone_refuses_has_its_error_in_its_place(
    place: FunctionPlace, running: Running
) -> None:
    update = call(BELL, BELL)
    payload = json.loads(update["Payload"])
    payload["programs"][0]["transforms"] = [{"name": "impossible"}]

    told = running.ask({**update, "Payload": json.dumps(payload)})

    refused, made = json.loads(told["ChainedInvokeDetails"]["Result"])["results"]
    assert refused["error"]["code"] == "program-unsupported"
    assert refused["error"]["message"] == "There is no such circuit."
    assert "counts" in made
    assert len(place.tasks.made) == 1


def test_a_call_fails_where_none_of_its_circuits_can_be_made(
    place: FunctionPlace, running: Running
) -> None:
    told = running.ask(call(BAD, BAD))

    assert told["Status"] == "FAILED"
    assert not place.tasks.made


def test_in_any_other_call_one_circuit_fails_them_all(
    place: FunctionPlace, running: Running
) -> None:
    told = running.ask(call(BELL, BAD, partial=False))

    assert told["Status"] == "FAILED"
    assert not place.tasks.made


def test_a_task_that_fails_leaves_the_others_their_results(
    place: FunctionPlace, running: Running
) -> None:
    place.tasks.at_once = False
    assert running.ask(call(BELL, BELL, BAD))["Status"] == "STARTED"
    first, second = place.tasks.unfinished()
    place.tasks.fail(first, "the trap was empty")
    assert place.resume(running.job, turn=1)["next"] == "wait"
    place.tasks.run(second)

    results = running.results(turn=2)

    assert results[0]["error"]["code"] == "task-failed"
    assert "the trap was empty" in results[0]["error"]["message"]
    assert sum(results[1]["counts"].values()) == 10
    assert results[2]["error"]["code"] == "program-invalid"


def test_a_call_fails_where_all_its_tasks_fail(place: FunctionPlace, running: Running) -> None:
    place.tasks.at_once = False
    running.ask(call(BELL, BELL))
    for arn in place.tasks.unfinished():
        place.tasks.fail(arn, "the trap was empty")
    running.open(place.resume(running.job, turn=1))

    (operation,) = running.opened["operations"]

    assert operation["Status"] == "FAILED"
    assert "the trap was empty" in operation["ChainedInvokeDetails"]["Error"]["ErrorMessage"]


def test_values_are_written_in_where_more_than_angles_follow_from_them(
    place: FunctionPlace,
) -> None:
    made = started(place).prepare(
        job_example(device="sv1"), call(COUNTED, values=[0.5], partial=False), 0
    )

    assert "const float turned = 0.5;" in made.programs[0].program


def test_values_that_are_too_many_are_still_refused(place: FunctionPlace) -> None:
    with pytest.raises(CallRefused, match="2 parameters, 1 values"):
        started(place).prepare(
            job_example(device="sv1"), call(TURNED, values=[0.5], partial=False), 0
        )


def test_a_circuits_constraints_hold_for_the_calls_that_run_it(place: FunctionPlace) -> None:
    job = job_example(device="any", constraints=Constraints(kind=DeviceKind.QPU))

    made = started(place).prepare(job, call(PLAIN), 0)

    assert made.call.device != "sv1"
