"""Whoever ends a job, word of the end is kept before the end is on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.logic.jobs.cancel_job import cancel_job
from bellpair_core.logic.jobs.finish_job import finish_job
from bellpair_core.logic.jobs.sweep_jobs import sweep_jobs
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.function import Invocation
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.tenant import Principal, Role
from bellpair_core.model.usage import Usage
from tests.examples import ACME
from tests.fakes import MemoryJournal
from tests.fakes.fake_ends import FakeEnds

from .workplace import Workplace

RUNS = {"status": JobStatus.EXECUTING, "attempt": 1}
FAILURE = {"Error": "JobFailed", "Cause": '{"errorMessage": "task-failed|x|y"}'}
CALLED_BACK = Invocation(
    name="vqe-h2",
    version=3,
    alias="latest",
    worker="qiskit",
    entry="vqe_h2:VqeH2",
    inputs=BlobRef.within(b"{}"),
    seed=1,
    timeout_s=600,
    callback="cb-1",
)
CANCELLED = {"Error": "JobCancelled", "Cause": "{}"}
AWAY = {"Error": "DeviceUnavailable", "Cause": '{"errorMessage": "it is away"}'}


@pytest.fixture
def place() -> Workplace:
    return Workplace()


def finish(place: Workplace, job: Job, ends: FakeEnds, failure: Any = FAILURE) -> None:
    finish_job(
        job.id,
        job.epoch,
        job.attempt,
        failure,
        Usage(),
        ledger=place.ledger,
        tasks=place.tasks,
        wakeups=place.wakeups,
        clock=place.clock,
        settings=place.settings,
        journal=MemoryJournal(),
        ends=ends,
    )


def stop(place: Workplace, job: Job, ends: FakeEnds) -> None:
    finish(place, job, ends, CANCELLED)


def sweep(place: Workplace, job: Job, ends: FakeEnds) -> None:
    place.clock.now = job.deadline + timedelta(minutes=3)
    done = sweep_jobs(
        ledger=place.ledger,
        tasks=place.tasks,
        workflows=place.workflows,
        wakeups=place.wakeups,
        clock=place.clock,
        settings=place.settings,
        journal=MemoryJournal(),
        ends=ends,
    )
    if done["failed"]:
        raise TransientFault("left to the next pass")


def cancel(place: Workplace, job: Job, ends: FakeEnds) -> None:
    pair = PairRecord(active="us-east-1", passive="us-west-2")
    cancel_job(
        Principal(tenant=ACME, key_id="0a1b2c3d", role=Role.USER),
        job.id,
        ledger=place.ledger,
        tasks=lambda: place.tasks,
        clock=place.clock,
        region="us-east-1",
        pair=lambda within_s=0.0: pair,
        spent=Usage,
        ends=ends,
    )


End = Callable[[Workplace, Job, FakeEnds], None]
WAYS = pytest.mark.parametrize(
    ("end", "before"),
    [
        pytest.param(finish, RUNS, id="failed by a stage"),
        pytest.param(stop, RUNS, id="cancelled while it ran"),
        pytest.param(sweep, {}, id="failed by the sweeper"),
        pytest.param(cancel, {}, id="cancelled while it waited"),
    ],
)


@WAYS
def test_every_end_is_told_of_once_before_it_is_on_record(
    place: Workplace, end: End, before: dict[str, Any]
) -> None:
    job = place.accept(**before)
    seen: list[JobStatus] = []

    class Looking(FakeEnds):
        def tell(self, job_id: str) -> None:
            super().tell(job_id)
            seen.append(place.stored(job).status)

    ends = Looking()
    end(place, job, ends)

    assert place.stored(job).status.terminal
    assert ends.told == [job.id]
    assert seen == [job.status]


@WAYS
def test_a_job_that_nobody_was_promised_to_hear_of_ends_without_word(
    place: Workplace, end: End, before: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    job, ends = place.accept(**before), FakeEnds()
    ends.reachable = False

    end(place, job, ends)

    assert place.stored(job).status.terminal
    assert ends.told == []
    assert f"word of the end of job {job.id} was lost" in caplog.text


@WAYS
def test_a_job_with_a_callback_does_not_end_before_its_word_is_kept(
    place: Workplace, end: End, before: dict[str, Any]
) -> None:
    job, ends = place.accept(function=CALLED_BACK, **before), FakeEnds()
    ends.reachable = False

    with pytest.raises(TransientFault):
        end(place, job, ends)
    assert place.stored(job) == job

    ends.reachable = True
    end(place, job, ends)
    assert place.stored(job).status.terminal
    assert ends.told == [job.id]


def test_what_goes_on_is_not_told_of(place: Workplace) -> None:
    ends = FakeEnds()
    running = place.accept(key="runs", **RUNS)
    away = place.accept(key="away", **RUNS)

    cancel(place, running, ends)
    finish(place, away, ends, AWAY)

    assert place.stored(running).cancel_requested
    assert place.stored(away).status is JobStatus.QUEUED
    assert ends.told == []


def test_a_cancellation_that_meets_a_job_just_sent_back_tells_of_its_end(place: Workplace) -> None:
    job, ends = place.accept(**RUNS), FakeEnds()
    replace, ledger = place.ledger.replace, place.ledger

    def sent_back_meanwhile(old: Job, new: Job) -> None:
        ledger.replace = replace  # type: ignore[method-assign]
        replace(old, old.sent_back(place.clock(), "the device is away"))
        replace(old, new)

    ledger.replace = sent_back_meanwhile  # type: ignore[method-assign]
    cancel(place, job, ends)

    assert place.stored(job).status is JobStatus.CANCELLED
    assert ends.told == [job.id]
