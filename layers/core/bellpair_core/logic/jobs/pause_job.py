"""Pause a job at a cost cap: nothing more is spent until its owner raises it."""

from __future__ import annotations

from bellpair_core.model.job import Job, JobStatus
from bellpair_core.ports import Clock, Ledger

from .amend_job import amend_job


def pause_job(
    ledger: Ledger, clock: Clock, job: Job, why: str, needs_usd: float | None = None
) -> Job:
    """The job, paused, unless it is to be cancelled.

    Parameters
    ----------
    why
        Which cap is reached, and what to do, for people.
    needs_usd
        See `Job.needs_usd`.

    Raises
    ------
    Fenced, TransientFault
        As `amend_job`.
    """

    def paused(job: Job) -> Job:
        if job.status is JobStatus.PAUSED or job.cancel_requested:
            return job
        return job.moved(
            clock(),
            JobStatus.PAUSED,
            message=why,
            waiting_for=why,
            needs_usd=needs_usd,
            parked=None,
        )

    return amend_job(ledger, job, paused, attempt=job.attempt)
