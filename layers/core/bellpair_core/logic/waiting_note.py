"""Say in a job's record what it waits for that is out of reach."""

from __future__ import annotations

from bellpair_core.model.job import Job
from bellpair_core.model.limits import CHECK_WAITING_AFTER
from bellpair_core.ports import Clock, Ledger

from .amend_job import amend_job


def note_waiting(ledger: Ledger, clock: Clock, job: Job, why: str, *, attempt: int) -> None:
    """Note it once: a repetition that meets the same outage writes nothing.

    Raises
    ------
    Fenced, TransientFault
        As `amend_job`.
    """

    def noted(job: Job) -> Job:
        if job.waiting_for == why:
            return job
        now = clock()
        again = now + CHECK_WAITING_AFTER
        return job.moved(now, event="waiting", message=why, waiting_for=why, check_at=again)

    amend_job(ledger, job, noted, attempt=attempt)
