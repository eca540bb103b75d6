"""Look up one job."""

from __future__ import annotations

from typing import NamedTuple

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.tenant import Principal
from bellpair_core.ports import Ledger


class SeenJob(NamedTuple):
    """A job, and its place in its queue: 1 is next, ``None`` when it does not wait."""

    job: Job
    position: int | None


def get_job(ledger: Ledger, principal: Principal, job_id: str) -> SeenJob:
    """The job as it is now.

    Raises
    ------
    BellpairError
        ``job-not-found``, as in `own_job`.
    """
    job = own_job(ledger, principal, job_id)
    waits = job.status is JobStatus.QUEUED
    return SeenJob(job, ledger.waiting_before(job) + 1 if waits else None)


def own_job(ledger: Ledger, principal: Principal, job_id: str) -> Job:
    """The job, if it is the principal's tenant's.

    Raises
    ------
    BellpairError
        ``job-not-found``; another tenant's job is as unknown as one that never was.
    """
    job = ledger.job(job_id) if len(job_id) <= 64 else None
    if job is None or job.tenant != principal.tenant:
        raise BellpairError(ErrorCode.JOB_NOT_FOUND, "This tenant has no job of this id.")
    return job
