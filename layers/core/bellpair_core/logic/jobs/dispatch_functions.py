"""Start waiting functions: they need no device to begin."""

from __future__ import annotations

from collections.abc import Callable

from bellpair_core.logic.pair.pair_gate import PairReading, pair_if_serving
from bellpair_core.model.errors import LedgerConflict
from bellpair_core.model.job import FUNCTIONS_QUEUE, Job, JobStatus
from bellpair_core.model.limits import DISPATCH_BATCH, DISPATCH_TIME
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Clock, Ledger, Workflows

_CLAIM_TRIES = 3


def dispatch_functions(
    *,
    ledger: Ledger,
    workflows: Workflows,
    clock: Clock,
    region: str,
    pair: PairReading,
    spent: Callable[[], Usage],
) -> list[str]:
    """Start all functions that wait, first accepted first; each by a conditional claim.

    Safe to run many times at once. A job of an epoch before is adopted by the write that claims
    it.

    Returns
    -------
    list of str
        Ids of the jobs started.
    """
    started: list[str] = []
    began = clock()
    while (record := pair_if_serving(pair, region)) is not None:
        waiting = ledger.waiting(FUNCTIONS_QUEUE, DISPATCH_BATCH)
        claimed = 0
        for seen in waiting:
            if clock() - began >= DISPATCH_TIME:
                return started
            job = _claim(ledger, clock, spent, record, seen.job_id)
            if job is not None:
                workflows.start(job)
                started.append(job.id)
                claimed += 1
        # Only behind a full batch may more be waiting; one that gave nothing is an index's lag.
        if len(waiting) < DISPATCH_BATCH or not claimed:
            break
    return started


def _claim(
    ledger: Ledger, clock: Clock, spent: Callable[[], Usage], pair: PairRecord, job_id: str
) -> Job | None:
    """The job, claimed; ``None`` when somebody else moved it on."""
    for _ in range(_CLAIM_TRIES):
        job = ledger.job(job_id)
        if job is None or job.status is not JobStatus.QUEUED or job.function is None:
            return None
        if job.epoch > pair.epoch or (job.epoch == pair.epoch and job.region != pair.active):
            return None
        now = clock()
        mine = job.adopted(now, pair.epoch, pair.active) if job.epoch < pair.epoch else job
        claimed = mine.moved(
            now,
            JobStatus.EXECUTING,
            message="given to a worker",
            attempt=job.attempt + 1,
            waiting_for=None,
            parked=None,
            usage=job.usage + spent(),
        )
        try:
            ledger.replace(job, claimed)
        except LedgerConflict:
            # The sweeper may have looked at it meanwhile; then it still waits.
            continue
        return claimed
    return None
