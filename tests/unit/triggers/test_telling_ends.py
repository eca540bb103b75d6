"""The event of a job's end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bellpair_core.logic.triggers.job_ends import depth_of
from bellpair_core.logic.triggers.tell_end import tell_end
from bellpair_core.model.errors import ErrorCode, TransientFault
from bellpair_core.model.job import JobError, JobStatus
from bellpair_core.model.trigger import DEPTH_TAG
from tests.examples import NOON, job_example
from tests.fakes import FakeAnnouncements, MemoryLedger


class Deaf(FakeAnnouncements):
    def job_ended(self, detail: Mapping[str, Any]) -> None:
        raise TransientFault("nobody listens")


def failed(ledger: MemoryLedger) -> str:
    error = JobError(code=ErrorCode.TASK_FAILED, message="no", remedy="again")
    job = job_example(tags={"project": "x"}).moved(NOON, JobStatus.FAILED, error=error)
    ledger.jobs[job.id] = job
    return job.id


def test_a_job_that_is_over_is_told_of_with_its_tenant_and_tags() -> None:
    ledger, announcements = MemoryLedger(), FakeAnnouncements()
    job_id = failed(ledger)

    assert tell_end(job_id, ledger, announcements)

    assert announcements.ended == [
        {
            "tenant": "acme",
            "job_id": job_id,
            "name": None,
            "status": "failed",
            "device": "sv1",
            "function": None,
            "trigger": None,
            "tags": {"project": "x"},
            "error": "task-failed",
        }
    ]


def test_a_job_that_goes_on_or_is_none_is_not_told_of() -> None:
    ledger, announcements = MemoryLedger(), FakeAnnouncements()
    job = job_example()
    ledger.jobs[job.id] = job

    assert not tell_end(job.id, ledger, announcements)
    assert not tell_end("job-none", ledger, announcements)
    assert not announcements.ended


def test_an_end_that_nobody_hears_is_an_end_all_the_same() -> None:
    ledger = MemoryLedger()

    assert not tell_end(failed(ledger), ledger, Deaf())


def test_a_depth_that_is_none_counts_as_the_beginning_of_a_chain() -> None:
    assert depth_of({DEPTH_TAG: "2"}) == 2
    for tags in ({}, None, [], {DEPTH_TAG: "many"}, {DEPTH_TAG: 2}, {DEPTH_TAG: "-1"}):
        assert depth_of(tags) == 0
