"""Look up one job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bellpair_core.logic.devices.device_breaker import Breakers
from bellpair_core.model.device import Device
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import WAITING_COUNT_MAX
from bellpair_core.model.tenant import Principal
from bellpair_core.ports import Clock, Ledger

from .why_waiting import why_waiting


class Place(NamedTuple):
    """A place in a queue: 1 is next. A bound says that the true place may be further behind."""

    position: int
    is_bound: bool


class SeenJob(NamedTuple):
    """A job, its place in its queue, and why that queue does not move.

    The place is ``None`` when it does not wait, the reason when nothing is amiss.
    """

    job: Job
    place: Place | None
    waiting_for: str | None = None


def get_job(
    principal: Principal,
    job_id: str,
    *,
    ledger: Ledger,
    devices: Callable[[], Sequence[Device]],
    breakers: Breakers,
    clock: Clock,
) -> SeenJob:
    """The job as it is now.

    Parameters
    ----------
    devices, breakers
        The catalogue's devices and what is held against them, a little old at most.

    Raises
    ------
    BellpairError
        ``job-not-found``, as in `own_job`.
    """
    job = own_job(ledger, principal, job_id)
    if job.status is not JobStatus.QUEUED:
        return SeenJob(job, None)
    before = ledger.waiting_before(job)
    # Below the limit of one partition, none was counted to its limit.
    place = Place(before + 1, is_bound=before >= WAITING_COUNT_MAX)
    if job.function is not None:
        # It waits for no device yet.
        return SeenJob(job, place)
    return SeenJob(job, place, why_waiting(job, devices(), breakers, clock()))


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
