"""Put what a function returned into its job's record."""

from __future__ import annotations

from bellpair_core.logic.jobs.amend_job import amend_job
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.journal import Line
from bellpair_core.ports import Clock, Ledger


def keep_result(job: Job, end: Line, ledger: Ledger, clock: Clock) -> Job:
    """Put into the job's record what its journal says that the function returned.

    Raises
    ------
    Fenced, TransientFault
        As `amend_job`.
    """

    def with_result(job: Job) -> Job:
        if job.result is not None:
            return job
        return job.moved(
            clock(),
            JobStatus.PROCESSING,
            message="the function returned",
            result=end.returned,
            parked=None,
            waiting_for=None,
        )

    return amend_job(ledger, job, with_result, attempt=job.attempt)
