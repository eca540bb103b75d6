"""Take a waiting job out of its queue, as the only one who does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bellpair_core.model.errors import LedgerConflict
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.pair import PairRecord
from bellpair_core.ports import Clock, Ledger

_TRIES = 3


def claim_job(
    job_id: str,
    *,
    ledger: Ledger,
    clock: Clock,
    pair: PairRecord,
    begun: Callable[[Job, datetime], Job],
    seen: Job | None = None,
) -> Job | None:
    """The job, claimed by one conditional write, which adopts it where it is of an epoch before.

    Parameters
    ----------
    pair
        The pair record, in which this region is the active one.
    begun
        The queued job, already of this epoch, as it is from now on; its next attempt.
    seen
        The record, where the caller read it a moment ago.

    Returns
    -------
    Job or None
        ``None`` when somebody else moved it on, or the pair has.

    Raises
    ------
    TransientFault
        When the ledger could not be reached.
    """
    for _ in range(_TRIES):
        job, seen = seen or ledger.job(job_id), None
        if job is None or job.status is not JobStatus.QUEUED or not _ours(job, pair):
            return None
        now = clock()
        mine = job.adopted(now, pair.epoch, pair.active) if job.epoch < pair.epoch else job
        claimed = begun(mine, now)
        try:
            ledger.replace(job, claimed)
        except LedgerConflict:
            # The sweeper may have looked at it meanwhile; then it still waits.
            continue
        return claimed
    return None


def _ours(job: Job, pair: PairRecord) -> bool:
    """Whether the active region may act for the job, as far as this record tells."""
    return job.epoch < pair.epoch or (job.epoch, job.region) == (pair.epoch, pair.active)
