"""Cancel a job."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from bellpair_core.logic.pair.pair_gate import PairReading, require_active
from bellpair_core.model.errors import BellpairError, ErrorCode, Fenced, TransientFault
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.tenant import Principal
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Clock, Ends, Journal, Ledger, TaskService

from .amend_job import amend_job
from .get_job import own_job
from .let_go import cancel_known_calls
from .spent_by_calls import spent_by_calls
from .tell_end import telling

_LOG = logging.getLogger(__name__)

_UNCOUNTED = Usage(api_requests=2, writes=2, write_units=2.0)
"""The submission's and the cancellation's requests and writes: a write cannot hold its own price,
so each is taken to cost one unit."""


def cancel_job(
    principal: Principal,
    job_id: str,
    *,
    ledger: Ledger,
    tasks: Callable[[], TaskService],
    clock: Clock,
    region: str,
    pair: PairReading,
    spent: Callable[[], Usage],
    journal: Callable[[], Journal] | None = None,
    ends: Ends | None = None,
) -> Job:
    """Cancel a job that waits or is paused at once, or ask a running one to stop.

    Parameters
    ----------
    tasks
        Gives the device service; asked for only when a task is to be cancelled.
    region
        This region; a passive one cancels nothing.
    pair
        The pair record, a little old at most.
    spent
        What this invocation consumed until now; goes on the job's account.
    journal
        Gives the journals of functions, by which the tasks of their calls are found.
    ends
        Has the job's end told of.

    Returns
    -------
    Job
        The job as it is now: cancelled, or with ``cancel_requested``.

    Raises
    ------
    BellpairError
        ``region-passive``, ``job-not-found``, or ``job-finished`` when it has succeeded or
        failed.
    TransientFault
        When the record changed again at every try, or the job is changing hands.
    """
    record = require_active(pair, region)
    job = own_job(ledger, principal, job_id)
    if not job.status.terminal:
        calls = Usage()
        if job.function is not None and journal is not None:
            calls = spent_by_calls(job, journal())
        asked = partial(_asked, pair=record, clock=clock, spent=spent(), calls=calls)
        try:
            job = amend_job(ledger, job, telling(ends, asked))
        except Fenced as fence:
            job = own_job(ledger, principal, job_id)
            if not job.status.terminal:
                raise TransientFault(f"job {job.id} changed hands") from fence
    if job.function is not None and journal is not None:
        # Their ends wake its execution, which finds and cancels the others.
        cancel_known_calls(job, journal, tasks)
    if job.status is JobStatus.CANCELLED:
        return job
    if job.status.terminal:
        raise BellpairError(
            ErrorCode.JOB_FINISHED, f"Job {job.id} is {job.status}.", job_status=job.status.value
        )
    _stop_task(tasks, job)
    return job


def _asked(job: Job, *, pair: PairRecord, clock: Clock, spent: Usage, calls: Usage) -> Job:
    # At an epoch before, the job is still the other region's; at a later one, it is so again.
    mine = (job.epoch, job.region) == (pair.epoch, pair.active)
    if job.status in (JobStatus.QUEUED, JobStatus.PAUSED) and (mine or job.epoch < pair.epoch):
        now = clock()
        usage = job.usage + spent + calls + _UNCOUNTED
        held = job if mine else job.adopted(now, pair.epoch, pair.active)
        return held.moved(now, JobStatus.CANCELLED, message="as asked", usage=usage)
    if not mine:
        raise TransientFault(f"job {job.id} is changing hands")
    if job.cancel_requested:
        return job
    return job.moved(
        clock(), event="cancel-requested", cancel_requested=True, usage=job.usage + spent
    )


def _stop_task(tasks: Callable[[], TaskService], job: Job) -> None:
    if job.task is None or job.task.arn is None:
        return
    try:
        tasks().cancel(job.task.arn)
    except TransientFault:
        # The request is in the record, where each of the job's later stages sees it.
        _LOG.warning("the device service did not take the cancellation", exc_info=True)
