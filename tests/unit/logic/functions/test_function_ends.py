"""What a function leaves behind when it ends, and when it is stopped half-way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from bellpair_core.logic.jobs.cancel_job import cancel_job
from bellpair_core.logic.journal.journal_log import read_journal
from bellpair_core.logic.runs.broker import Broker
from bellpair_core.logic.runs.settle_call import CallWatch
from bellpair_core.model.errors import ErrorCode, JobFailed, TransientFault
from bellpair_core.model.job import Job, JobStatus, Task
from bellpair_core.model.tenant import Principal, Role
from bellpair_core.model.usage import Usage
from bellpair_core.ports import TaskStatus
from tests.unit.logic.functions.function_place import CALLS, FunctionPlace, Request, loop, sample


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


def asked_for(place: FunctionPlace, job: Job, count: int) -> Request:
    """A run's request for one call of so many circuits."""
    broker = place.broker()
    run = loop(job.id, place.begin(job))
    request = run.send(broker.answer(next(run)))
    return {**request, "updates": [sample(0, 10, count=count)]}


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


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ("KeyError", r"internal.*KeyError.*report the job's id"),
        ("Sandbox.Timedout", r"limit-exceeded.*longer than 120 s.*Ask for smaller circuits"),
    ],
)
def test_what_the_platform_never_takes_does_not_go_on_for_ever(
    place: FunctionPlace, cause: str, told: str
) -> None:
    job = place.invoke()
    place.begin(job)
    crash = {"Error": "broker-failed", "Cause": cause}
    for turn in range(1, 3):
        assert place.resume(job, turn=turn, crash=crash)["next"] == "run"

    with pytest.raises(JobFailed, match=told):
        place.resume(job, turn=3, crash=crash)


def test_a_call_that_is_made_anew_keeps_to_the_cap(place: FunctionPlace) -> None:
    place.tasks.at_once = False
    # Of a call for 10 shots, at 0.3 a task and 0.01 a shot.
    job = place.invoke(max_cost_usd=0.7)
    assert place.play(job, place.begin(job)) == "suspended"
    other = place.peer()
    other.promote()
    other.adopt()
    place.tasks.away.add("us-east-1")
    place.tasks.at_once = True
    adopted = other.stored(job)

    assert other.resume(adopted) == {"next": "leave"}

    paused = other.stored(job)
    assert paused.status is JobStatus.PAUSED and "max_cost_usd" in (paused.waiting_for or "")
    assert len(place.tasks.made) == 1
    assert paused.function is not None
    raised = paused.function.model_copy(update={"max_cost_usd": 10.0})
    place.ledger.replace(
        paused, paused.moved(place.clock(), JobStatus.QUEUED, function=raised, waiting_for=None)
    )
    other.dispatch()
    again = other.stored(job)
    assert other.resume(again) == {"next": "wait"}
    assert other.play(again, other.resume(again, turn=1)) == "finished"
    assert len(place.tasks.made) == 1 + CALLS


@pytest.mark.parametrize("end", ["cancel", "sweep"])
def test_what_its_calls_cost_is_on_the_account_of_a_paused_job_that_ends(
    place: FunctionPlace, end: str
) -> None:
    job = place.invoke(max_cost_usd=1.0)
    assert place.play(job, place.begin(job)) == "suspended"
    spent = place.lines(job)[-1].spent_usd
    assert place.stored(job).status is JobStatus.PAUSED and spent > 0

    if end == "cancel":
        cancel_job(
            Principal(tenant=job.tenant, key_id="0a1b2c3d", role=Role.USER),
            job.id,
            ledger=place.ledger,
            tasks=lambda: place.tasks,
            clock=place.clock,
            region=place.settings.region,
            pair=lambda within_s=0.0: place.ledger.pair_record,
            spent=Usage,
            journal=lambda: place.journal,
        )
    else:
        place.clock.advance(timedelta(hours=2))
        place.sweep()

    assert place.stored(job).status.terminal
    assert place.stored(job).usage.device_usd == pytest.approx(spent)


def test_the_sweeper_and_the_next_turn_call_a_functions_time_by_one_name(
    place: FunctionPlace,
) -> None:
    # As an invocation has it: the job's deadline is the function's own.
    job = place.invoke(timeout_s=600, deadline=place.clock() + timedelta(seconds=600))
    place.begin(job)
    place.clock.advance(timedelta(hours=1))
    with pytest.raises(JobFailed, match="function-timed-out"):
        place.resume(job, turn=1)

    place.sweep()

    error = place.stored(job).error
    assert error is not None and error.code is ErrorCode.FUNCTION_TIMED_OUT


def test_the_tasks_of_a_large_call_are_cancelled_many_at_a_time(place: FunctionPlace) -> None:
    place.tasks.at_once = False
    job = place.invoke()
    broker = place.broker()
    request = asked_for(place, job, count=8)
    broker.answer(request)
    both = Barrier(2)
    cancel = place.tasks.cancel

    def together(arn: str) -> None:
        # Passes only where two tasks are being cancelled at a time.
        both.wait(timeout=10)
        cancel(arn)

    place.tasks.cancel = together  # type: ignore[method-assign]
    pending = read_journal(place.journal, job.id).pending["op-0"]

    CallWatch(replace(place.desk, threads=2), place.stored(job), pending).cancel()

    assert place.tasks.states() == [TaskStatus.CANCELLED] * 8


def test_a_call_that_fails_cancels_also_a_task_whose_making_was_not_heard_of(
    place: FunctionPlace,
) -> None:
    place.tasks.at_once = False
    job = place.invoke()
    request = asked_for(place, job, count=2)
    launch, lost = place.tasks.launch, 0

    def unheard(task: Task, job_id: str, program: str) -> str:
        nonlocal lost
        arn = launch(task, job_id, program)
        if task == place.tasks.made[0]:
            place.tasks.fail(arn, "too warm")
            return arn
        if lost == 2:
            return arn
        lost += 1
        raise TransientFault("the answer was lost", throttled=True)

    place.tasks.launch = unheard  # type: ignore[method-assign]
    answer = place.broker().answer(request)

    assert answer["operations"][0]["Status"] == "FAILED"
    assert sorted(place.tasks.states()) == ["CANCELLED", "FAILED"]
