"""What a function leaves behind when it ends, and when it is stopped half-way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.logic.runs.broker import Broker
from bellpair_core.model.errors import JobFailed
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.ports import TaskStatus
from tests.unit.logic.functions.function_place import FunctionPlace, Request, loop


@pytest.fixture
def place() -> FunctionPlace:
    return FunctionPlace()


def asked(place: FunctionPlace, job: Job) -> tuple[Broker, Request]:
    """A run whose first call is under way, and its last request with the tail after it."""
    place.tasks.at_once = False
    broker = place.broker()
    run = loop(job.id, place.begin(job))
    request = run.send(broker.answer(next(run)))
    answer = broker.answer(request)
    assert answer["operations"][0]["Status"] == "STARTED"
    return broker, {**request, "tail": answer["tail"]}


@pytest.mark.parametrize("end", ["fail", "finish"])
def test_a_function_that_ends_leaves_no_task_behind(place: FunctionPlace, end: str) -> None:
    job = place.invoke(device="ion-11")
    broker, request = asked(place, job)
    last: dict[str, Any] = {
        "fail": {"error": {"code": "function-failed", "message": "ValueError: no"}},
        "finish": {"value": "1"},
    }[end]
    assert "tail" in broker.answer({**request, "op": end, **last})

    failure = {"Error": "JobFailed", "Cause": "function-failed|no|-"} if end == "fail" else None
    place.finish(job, failure)

    assert place.stored(job).status.terminal
    assert place.tasks.states() == [TaskStatus.CANCELLED]


def test_a_function_ends_though_the_service_of_its_tasks_does_not_answer(
    place: FunctionPlace,
) -> None:
    job = place.invoke()
    broker, request = asked(place, job)
    broker.answer({**request, "op": "finish", "value": "1"})
    place.tasks.away.add("us-east-1")

    assert place.finish(job) == "succeeded"


def test_the_sweeper_leaves_no_task_of_a_function_behind(place: FunctionPlace) -> None:
    job = place.invoke(device="ion-11")
    asked(place, job)
    place.clock.advance(timedelta(hours=2))

    assert place.sweep()["ended"] == 1

    assert place.stored(job).status is JobStatus.FAILED
    assert place.tasks.states() == [TaskStatus.CANCELLED]


def test_what_the_platform_never_takes_does_not_go_on_for_ever(place: FunctionPlace) -> None:
    job = place.invoke()
    place.begin(job)
    crash = {"Error": "broker-failed", "Cause": "Sandbox.Timedout"}
    for turn in range(1, 3):
        assert place.resume(job, turn=turn, crash=crash)["next"] == "run"

    with pytest.raises(JobFailed, match=r"internal.*Sandbox\.Timedout"):
        place.resume(job, turn=3, crash=crash)
