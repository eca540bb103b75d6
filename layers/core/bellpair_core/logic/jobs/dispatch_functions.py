"""Start waiting functions: they need no device to begin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bellpair_core.logic.pair.pair_gate import PairReading, pair_if_serving
from bellpair_core.model.job import FUNCTIONS_QUEUE, Job, JobStatus
from bellpair_core.model.limits import DISPATCH_BATCH, DISPATCH_TIME
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Clock, Ledger, Workflows

from .claim_job import claim_job


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

    def executing(job: Job, now: datetime) -> Job:
        return job.moved(
            now,
            JobStatus.EXECUTING,
            message="given to a worker",
            attempt=job.attempt + 1,
            waiting_for=None,
            parked=None,
            usage=job.usage + spent(),
        )

    started: list[str] = []
    began = clock()
    while (record := pair_if_serving(pair, region)) is not None:
        waiting = ledger.waiting(FUNCTIONS_QUEUE, DISPATCH_BATCH)
        claimed = 0
        for seen in waiting:
            if clock() - began >= DISPATCH_TIME:
                return started
            job = claim_job(seen.job_id, ledger=ledger, clock=clock, pair=record, begun=executing)
            if job is not None:
                workflows.start(job)
                started.append(job.id)
                claimed += 1
        # Only behind a full batch may more be waiting; one that gave nothing is an index's lag.
        if len(waiting) < DISPATCH_BATCH or not claimed:
            break
    return started
