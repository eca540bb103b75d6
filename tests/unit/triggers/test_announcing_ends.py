"""A job's end is announced to all who are told of it, once it is on record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bellpair_core.logic.triggers.announce_end import LOOKS_MAX, Announced, Fate, announce_end
from bellpair_core.logic.triggers.job_ends import depth_of
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.errors import ErrorCode, TransientFault
from bellpair_core.model.function import Invocation
from bellpair_core.model.job import Job, JobError, JobStatus
from bellpair_core.model.trigger import DEPTH_TAG, TRIGGER_TAG
from tests.examples import NOON, job_example
from tests.fakes import FakeAnnouncements, MemoryLedger
from tests.fakes.fake_callbacks import FakeCallbacks
from tests.trigger_examples import trigger_example
from tests.unit.triggers.conftest import WEST, Ears

ON_FAILURE = trigger_example(
    "report",
    {"type": "event", "pattern": {"source": ["bellpair"], "detail": {"status": ["failed"]}}},
    function="report",
    inputs={"job": "$.detail.job_id", "at": "$.time"},
)


class Announcer:
    """What announces ends in one region."""

    def __init__(self, ears: Ears) -> None:
        self.ears = ears
        self.ledger = MemoryLedger()
        self.callbacks = FakeCallbacks()
        self.bus = FakeAnnouncements()

    def accept(self, **changes: Any) -> Job:
        """A job that goes on."""
        job = job_example(**changes)
        self.ledger.jobs[job.id] = job
        return job

    def fail(self, job: Job) -> None:
        """The job ends."""
        error = JobError(code=ErrorCode.TASK_FAILED, message="no", remedy="again")
        self.ledger.jobs[job.id] = job.moved(NOON, JobStatus.FAILED, error=error)

    def announce(self, job: Job, looks: int = 1) -> Announced:
        """One attempt."""
        return announce_end(
            job.id,
            looks,
            ledger=self.ledger,
            callbacks=self.callbacks,
            announcements=self.bus,
            listening=self.ears.listening,
        )


@pytest.fixture
def announcer(ears: Ears) -> Announcer:
    ears.add(ON_FAILURE)
    return Announcer(ears)


def called_back() -> Invocation:
    return Invocation(
        name="f",
        version=1,
        worker="python",
        entry="m:F",
        inputs=BlobRef.within(b"{}"),
        seed=1,
        timeout_s=60,
        callback="cb-1",
    )


def test_the_callback_the_bus_and_the_triggers_are_told(announcer: Announcer) -> None:
    job = announcer.accept(tags={"project": "x"}, function=called_back())
    announcer.fail(job)

    told = announcer.announce(job)

    assert (told.fate, dict(told.outcomes)) == (Fate.ANNOUNCED, {"made": 1})
    assert [kept.id for kept in announcer.callbacks.enqueued] == [job.id]
    (detail,) = announcer.bus.ended
    assert detail == {
        "tenant": "acme",
        "job_id": job.id,
        "name": None,
        "status": "failed",
        "device": "sv1",
        "function": {"name": "f", "version": 1, "alias": None},
        "trigger": None,
        "tags": {"project": "x"},
        "error": "task-failed",
    }
    (inputs,) = announcer.ears.targets.inputs
    assert inputs == {"job": job.id, "at": "2026-01-01T12:00:00Z"}


def test_an_end_that_is_told_of_again_and_in_both_regions_makes_one_job(
    announcer: Announcer,
) -> None:
    job = announcer.accept()
    announcer.fail(job)
    elsewhere = Announcer(announcer.ears.peer())
    elsewhere.ledger = announcer.ledger

    announcer.announce(job)
    announcer.announce(job)
    announcer.ears.active[0] = WEST
    assert elsewhere.announce(job).outcomes == {"repeated": 1}

    assert len(announcer.ears.targets.taken) == 1


def test_word_waits_until_the_end_is_on_record(announcer: Announcer) -> None:
    job = announcer.accept()

    looks = [announcer.announce(job, number) for number in (1, 2, 3)]
    announcer.fail(job)

    assert [look.fate for look in looks] == [Fate.LATER] * 3
    assert [look.pause.total_seconds() for look in looks] == [1, 2, 4]
    assert announcer.announce(job, 4).fate is Fate.ANNOUNCED


def test_word_of_an_end_that_was_not_written_is_dropped_after_any_writer_is_gone(
    announcer: Announcer,
) -> None:
    job = announcer.accept()

    pauses = [announcer.announce(job, look).pause.total_seconds() for look in range(1, LOOKS_MAX)]

    assert announcer.announce(job, LOOKS_MAX).fate is Fate.DROPPED
    # The longest time that one of the functions may run which write ends is the sweeper's 60 s.
    assert sum(pauses) > 2 * 60
    assert not announcer.bus.ended


def test_word_of_a_job_that_is_none_is_dropped(announcer: Announcer) -> None:
    assert announcer.announce(job_example()).fate is Fate.DROPPED


def test_who_cannot_be_told_is_told_when_the_word_comes_again(announcer: Announcer) -> None:
    class Deaf(FakeAnnouncements):
        def job_ended(self, detail: Mapping[str, Any]) -> None:
            raise TransientFault("nobody listens")

    job = announcer.accept()
    announcer.fail(job)
    bus, announcer.bus = announcer.bus, Deaf()
    with pytest.raises(TransientFault):
        announcer.announce(job)

    announcer.bus = bus
    announcer.announce(job)
    assert len(announcer.ears.targets.taken) == 1


def test_a_trigger_that_cannot_fire_now_does_not_have_others_told_again(
    announcer: Announcer,
) -> None:
    job = announcer.accept(function=called_back())
    announcer.fail(job)
    announcer.ears.targets.failures = [TransientFault("the ledger is away")]

    assert announcer.announce(job).fate is Fate.ANNOUNCED

    ((region, happening, only),) = announcer.ears.happenings.told
    assert (region, only) == ("us-east-1", None)
    assert announcer.ears.hear(happening) == {"made": 1}
    assert len(announcer.callbacks.enqueued) == len(announcer.bus.ended) == 1


def test_the_end_of_a_job_at_the_end_of_a_chain_makes_a_dead_letter(announcer: Announcer) -> None:
    job = announcer.accept(tags={TRIGGER_TAG: "other", DEPTH_TAG: "3"})
    announcer.fail(job)

    assert announcer.announce(job).outcomes == {"failed": 1}
    assert not announcer.ears.targets.taken


def test_a_depth_that_is_none_counts_as_the_beginning_of_a_chain() -> None:
    assert depth_of({DEPTH_TAG: "2"}) == 2
    for tags in ({}, None, [], {DEPTH_TAG: "many"}, {DEPTH_TAG: 2}, {DEPTH_TAG: "-1"}):
        assert depth_of(tags) == 0
