"""Change a job's record, whatever else writes to it meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from bellpair_core.model.errors import (
    Fenced,
    JobCancelled,
    LedgerConflict,
    TransientFault,
)
from bellpair_core.model.job import Job
from bellpair_core.ports import Ledger

_TRIES = 8


def owned_job(ledger: Ledger, job_id: str, epoch: int) -> Job:
    """The job, if the caller may still act for it.

    Raises
    ------
    Fenced
        When the job is gone, finished, or owned by another epoch.
    """
    job = ledger.job(job_id)
    if job is None:
        raise Fenced(f"there is no job {job_id}")
    if job.epoch != epoch:
        raise Fenced(f"job {job_id} belongs to epoch {job.epoch}, not {epoch}")
    if job.status.terminal:
        raise Fenced(f"job {job_id} is {job.status} already")
    return job


def amend_job(ledger: Ledger, job: Job, change: Callable[[Job], Job]) -> Job:
    """Write ``change(job)``; where the record moved on, read it again and change that.

    Parameters
    ----------
    job
        The record as last read.
    change
        Gives the next version of a record; returns the very same object to leave it alone.

    Returns
    -------
    Job
        The record as it is now.

    Raises
    ------
    Fenced
        When another epoch has taken the job or it is finished.
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
            job = owned_job(ledger, job.id, epoch)
        else:
            return new
    raise TransientFault(f"job {job.id} kept changing")


def going_on(job: Job) -> Job:
    """The job itself, unless its owner asked for it to be cancelled."""
    if job.cancel_requested:
        raise JobCancelled(f"job {job.id} is to be cancelled")
    return job
