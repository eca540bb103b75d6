"""Take over the unfinished jobs of the epochs before."""

from __future__ import annotations

import logging

from bellpair_core.model.errors import Fenced, LedgerConflict, TransientFault
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import CHECK_ADOPTED_AFTER, OPEN_PAGE
from bellpair_core.model.pair import PairRecord
from bellpair_core.ports import Clock, Ledger, Wakeups, Workflows

_TRIES = 8
_FAULTS_IN_A_ROW = 3
"""Of so many something is out of reach that the next job needs as well."""

_LOG = logging.getLogger(__name__)


def adopt_jobs(
    shard: int,
    epoch: int,
    *,
    ledger: Ledger,
    workflows: Workflows,
    wakeups: Wakeups,
    clock: Clock,
    region: str,
    limit: int = OPEN_PAGE,
) -> dict[str, int | bool]:
    """Adopt up to ``limit`` of one shard's unfinished jobs, and see that each goes on.

    A job that waits is announced to the dispatcher; any other gets an execution here, whose
    stages keep what was done before and find its task again. Safe to run many times at once
    and to repeat after a crash at any point: each adoption is one conditional write, and the
    sweeper soon looks at what was adopted and not started.

    Parameters
    ----------
    shard
        Of the index of open jobs.
    epoch
        At which this region was promoted.

    Returns
    -------
    dict
        ``adopted`` and ``failed``, numbers of jobs, and ``more``: whether another call may
        find more of them. A job that failed is left to the sweeper.

    Raises
    ------
    Fenced
        When another region was promoted since.
    TransientFault
        When the ledger could not be reached, or several jobs in a row could not be adopted or
        started; a repetition goes on where this one ended.
    """
    record = ledger.pair()
    if (record.active, record.epoch) != (region, epoch):
        raise Fenced(
            f"region {record.active} is active at epoch {record.epoch},"
            f" so {region} adopts nothing for epoch {epoch}"
        )
    adopted, failed, faults, more = 0, 0, 0, False
    queues: set[str] = set()
    position: str | None = None
    try:
        # What is adopted drops out by its epoch, so each call may begin at the beginning.
        while not more:
            page = ledger.open_jobs(shard, limit, position)
            for seen in page.jobs:
                if seen.epoch >= epoch:
                    continue
                if adopted >= limit:
                    more = True
                    break
                try:
                    job = adopt_job(seen.job_id, record, ledger=ledger, clock=clock)
                    if job is not None:
                        adopted += 1
                        go_on(job, workflows, queues)
                    faults = 0
                except Exception as error:
                    _LOG.exception("job %s is left to the sweeper", seen.job_id)
                    failed += 1
                    faults += isinstance(error, TransientFault)
                    if faults >= _FAULTS_IN_A_ROW:
                        raise
            if (position := page.position) is None:
                break
    finally:
        for queue in sorted(queues):
            wakeups.wake(queue)
    return {"adopted": adopted, "failed": failed, "more": more}


def adopt_job(job_id: str, pair: PairRecord, *, ledger: Ledger, clock: Clock) -> Job | None:
    """Raise the job to the pair's epoch, in the hands of the active region.

    Parameters
    ----------
    pair
        A record that shows the caller's own region as the active one.

    Returns
    -------
    Job or None
        ``None`` when there is nothing to adopt: the job is over, or of this epoch or a later.

    Raises
    ------
    LedgerConflict
        When the record changed again at every try.
    """
    for _ in range(_TRIES):
        job = ledger.job(job_id)
        if job is None or job.status.terminal or job.epoch >= pair.epoch:
            return None
        mine = _adopted(job, pair, clock)
        try:
            ledger.replace(job, mine)
        except LedgerConflict:
            # The old region may still be at work on it; the next reading has that work.
            continue
        return mine
    raise LedgerConflict(f"job {job_id} kept changing")


def go_on(job: Job, workflows: Workflows, queues: set[str]) -> None:
    """Let an adopted job go on: its queue is to be looked at, or its execution begins.

    One that is paused goes on when its owner resumes it.
    """
    if job.status is JobStatus.QUEUED:
        queues.add(job.queue)
    elif job.status is not JobStatus.PAUSED:
        workflows.start(job)


def _adopted(job: Job, pair: PairRecord, clock: Clock) -> Job:
    now = clock()
    mine = job.adopted(now, pair.epoch, pair.active)
    if mine.status in (JobStatus.QUEUED, JobStatus.PAUSED):
        return mine
    # Should this process die before it starts the execution, the sweeper does so.
    return mine.model_copy(
        update={"attempt": job.attempt + 1, "check_at": now + CHECK_ADOPTED_AFTER}
    )
