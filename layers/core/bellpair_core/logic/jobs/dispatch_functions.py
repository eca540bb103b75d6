"""Start waiting functions: they need no device to begin, but a place among those at work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bellpair_core.logic.pair.pair_gate import PairReading, pair_if_serving
from bellpair_core.model.job import FUNCTIONS_QUEUE, Job, JobStatus
from bellpair_core.model.limits import DISPATCH_BATCH, DISPATCH_DEEPEST, DISPATCH_TIME
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Clock, Ledger, WaitingJob, Workflows

from .claim_job import claim_job
from .function_places import FunctionPlaces


def dispatch_functions(
    *,
    ledger: Ledger,
    workflows: Workflows,
    clock: Clock,
    region: str,
    pair: PairReading,
    spent: Callable[[], Usage],
    thorough: bool = False,
) -> list[str]:
    """Start the functions that there are places for; each by a conditional claim.

    Safe to run many times at once. A job of an epoch before is adopted by the write that claims
    it. What finds no place stays in its queue, and is started when another function lets go of
    its own.

    Parameters
    ----------
    thorough
        Whether to look for places that were not given back, too.

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
    began, batch = clock(), DISPATCH_BATCH
    while (record := pair_if_serving(pair, region)) is not None:
        waiting = ledger.waiting(FUNCTIONS_QUEUE, batch)
        if not waiting:
            break
        places = FunctionPlaces(ledger)
        if thorough:
            places.free_idle()
            thorough = False
        claimed, refused = 0, False
        # Where the index still shows a job that was started, another look at it is a vain write.
        fresh = [seen for seen in waiting if seen.job_id not in started]
        for seen in in_turn(fresh, places.by_tenant()):
            if clock() - began >= DISPATCH_TIME:
                return started
            if not places.take(seen):
                refused = True
                continue
            job = claim_job(seen.job_id, ledger=ledger, clock=clock, pair=record, begun=executing)
            if job is None:
                places.give_up(seen)
                continue
            workflows.start(job)
            started.append(job.id)
            claimed += 1
        # Only behind a full batch may more be waiting; one that gave nothing is an index's lag,
        # or is of tenants that have enough at work.
        if len(waiting) < batch or places.full:
            break
        if not claimed:
            if not refused or batch >= DISPATCH_DEEPEST:
                break
            batch *= 4
    return started


def in_turn(waiting: Sequence[WaitingJob], at_work: Mapping[str, int]) -> list[WaitingJob]:
    """The order in which to start functions: a tenant's as they were accepted, and tenants in turn.

    Parameters
    ----------
    at_work
        How many functions of each tenant run; who has fewer comes first.
    """
    ahead = Counter(at_work)
    ranked = []
    for job in sorted(waiting, key=lambda job: (job.accepted_at, job.job_id)):
        ranked.append((ahead[job.tenant], job.accepted_at, job.job_id, job))
        ahead[job.tenant] += 1
    return [job for *_, job in sorted(ranked, key=lambda entry: entry[:3])]
