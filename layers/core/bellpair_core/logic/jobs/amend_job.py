"""Change a job's record, whatever else writes to it meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from bellpair_core.model.errors import (
    Fenced,
    JobCancelled,
    LedgerConflict,
    TransientFault,
)
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.ports import Ledger

_TRIES = 8


def owned_job(ledger: Ledger, job_id: str, epoch: int, attempt: int | None = None) -> Job:
    """The job, if the caller may still act for it.

    Parameters
    ----------
    attempt
        The execution that the caller is a stage of. Two executions may drive a job at one
        epoch, when the first was taken for dead and was only slow; only the last one may.
        ``None`` for who is no stage.

    Raises
    ------
    Fenced
        When the job is gone, finished, owned by another epoch, driven by another execution,
        or sent back to its queue by this one.
    """
    job = ledger.job(job_id)
    if job is None:
        raise Fenced(f"there is no job {job_id}")
    if job.epoch != epoch:
        raise Fenced(f"job {job_id} belongs to epoch {job.epoch}, not {epoch}")
    if job.status.terminal:
        raise Fenced(f"job {job_id} is {job.status} already")
    if attempt is not None and job.attempt != attempt:
        raise Fenced(f"job {job_id} is driven by execution {job.attempt}, not {attempt}")
    if attempt is not None and job.status is JobStatus.QUEUED:
        raise Fenced(f"job {job_id} waits in its queue again")
    return job


def amend_job(
    ledger: Ledger, job: Job, change: Callable[[Job], Job], *, attempt: int | None = None
) -> Job:
    """Write ``change(job)``; where the record moved on, read it again and change that.

    Parameters
    ----------
    job
        The record as last read.
    change
        Gives the next version of a record; returns the very same object to leave it alone.
    attempt
        As in `owned_job`.

    Returns
    -------
    Job
        The record as it is now.

    Raises
    ------
    Fenced
        When another epoch or execution has taken the job, or it is finished.
    TransientFault
        When the record changed again at every try.
    """
    epoch = job.epoch
    for _ in range(_TRIES):
        new = change(job)
        if new is job:
            return job
        try:
            ledger.replace(job, new)
        except LedgerConflict:
            job = owned_job(ledger, job.id, epoch, attempt)
        else:
            return new
    raise TransientFault(f"job {job.id} kept changing")


def going_on(job: Job) -> Job:
    """The job itself, unless its owner asked for it to be cancelled."""
    if job.cancel_requested:
        raise JobCancelled(f"job {job.id} is to be cancelled")
    return job
