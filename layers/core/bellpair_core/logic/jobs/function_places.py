"""Places for functions at work: so many in all, and of one tenant only some of them.

A function has a place from its claim on; it gives it back while it waits for its tasks, when it
is paused, when it rests after executions that came to nothing, and when it ends. One that goes on
takes a place where there is one, and goes on in any case: what has begun goes before what has
not, and the dispatcher finds the places taken.
"""

from __future__ import annotations

import zlib
from collections import Counter

from bellpair_core.model.job import FUNCTIONS_QUEUE, Job, JobStatus
from bellpair_core.model.limits import (
    FUNCTION_PLACE_SHARDS,
    FUNCTIONS_AT_ONCE_MAX,
    FUNCTIONS_OF_TENANT_AT_ONCE_MAX,
)
from bellpair_core.ports import Ledger, WaitingJob

_IN_ALL = FUNCTIONS_AT_ONCE_MAX // FUNCTION_PLACE_SHARDS
_OF_TENANT = FUNCTIONS_OF_TENANT_AT_ONCE_MAX // FUNCTION_PLACE_SHARDS


class FunctionPlaces:
    """The places, as they were when this was made and with those taken here since."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._holders = [set(ledger.slots(_item(n))) for n in range(FUNCTION_PLACE_SHARDS)]

    @property
    def full(self) -> bool:
        """Whether no tenant's function may begin now."""
        return all(len(holders) >= _IN_ALL for holders in self._holders)

    def by_tenant(self) -> Counter[str]:
        """How many functions of each tenant are at work."""
        return Counter(_tenant(holder) for holders in self._holders for holder in holders)

    def take(self, job: WaitingJob) -> bool:
        """Take a place for a function that waits, if there is one for its tenant.

        One that has a place already keeps it: its dispatcher died before it could claim it.
        """
        shard, holder = _shard(job.job_id), _holder(job.job_id, job.tenant)
        held = self._holders[shard]
        if holder in held:
            return True
        if _is_full(held, job.tenant):
            return False
        if not self._ledger.acquire_slot(_item(shard), holder, _IN_ALL):
            return False
        held.add(holder)
        return True

    def give_up(self, job: WaitingJob) -> None:
        """Give back the place taken for a job that was claimed by another, unless that one runs it.

        Both hold the same place.
        """
        self._free_if_idle(_shard(job.job_id), _holder(job.job_id, job.tenant))

    def free_idle(self) -> None:
        """Give back the places of functions that neither run nor are about to."""
        for shard, holders in enumerate(self._holders):
            for holder in sorted(holders):
                self._free_if_idle(shard, holder)

    def _free_if_idle(self, shard: int, holder: str) -> None:
        if _is_idle(self._ledger.job(holder.split("/", 1)[0])):
            self._ledger.release_slot(_item(shard), holder)
            self._holders[shard].discard(holder)


def take_place_again(ledger: Ledger, job: Job) -> None:
    """Take a place for a function that goes on; where all are taken, it goes on without one."""
    ledger.acquire_slot(_item(_shard(job.id)), _holder(job.id, job.tenant), _IN_ALL)


def give_place_back(ledger: Ledger, job: Job) -> bool:
    """Give back the function's place, if it has one; whether another may have waited for it."""
    holder = _holder(job.id, job.tenant)
    before = ledger.release_slot(_item(_shard(job.id)), holder)
    return holder in before and _is_full(before, job.tenant)


def _is_full(holders: set[str] | frozenset[str], tenant: str) -> bool:
    if len(holders) >= _IN_ALL:
        return True
    return sum(_tenant(holder) == tenant for holder in holders) >= _OF_TENANT


def _is_idle(job: Job | None) -> bool:
    return job is None or job.status.terminal or job.status is JobStatus.PAUSED


def _shard(job_id: str) -> int:
    return zlib.crc32(job_id.encode()) % FUNCTION_PLACE_SHARDS


def _item(shard: int) -> str:
    return f"{FUNCTIONS_QUEUE}#{shard}"


def _holder(job_id: str, tenant: str) -> str:
    return f"{job_id}/{tenant}"


def _tenant(holder: str) -> str:
    return holder.split("/", 1)[1]
