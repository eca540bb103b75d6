"""A ledger in dictionaries."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock

from bellpair_core.model.beat import Beat
from bellpair_core.model.breaker import Breaker
from bellpair_core.model.errors import LedgerConflict, TransientFault
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import OPEN_SHARDS, TENANT_SHARDS
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.quality import Quality
from bellpair_core.ports import JobExists, JobPage, JobSummary, OpenJob, OpenPage, WaitingJob

FIRST_PAIR = PairRecord(active="us-east-1", passive="us-west-2")


class MemoryLedger:
    """Atomic single-item writes and indexes that never lag.

    Attributes
    ----------
    jobs
        The stored records by id; a test may look, and may put one there directly.
    pair_record
        What `pair` answers.
    writes
        How many writes succeeded.
    reads
        How many strong reads there were.
    reachable
        False makes every call a `TransientFault`.
    """

    def __init__(self, pair: PairRecord = FIRST_PAIR) -> None:
        self.jobs: dict[str, Job] = {}
        self.pair_record = pair
        self.writes = 0
        self.reads = 0
        self.reachable = True
        self.beats: dict[str, Beat] = {}
        self.breakers: dict[str, Breaker] = {}
        self.qualities: dict[str, Quality] = {}
        self._slots: dict[str, set[str]] = {}
        self._lock = Lock()

    def pair(self) -> PairRecord:
        """The pair record."""
        with self._item():
            self.reads += 1
            return self.pair_record

    def replace_pair(self, old: PairRecord, new: PairRecord) -> None:
        """Store ``new`` over ``old``, or raise `LedgerConflict`."""
        with self._item():
            stored = self.pair_record
            if stored == new:
                return
            if (stored.epoch, stored.version) != (old.epoch, old.version):
                raise LedgerConflict("the pair record changed since it was read")
            self.pair_record = new
            self.writes += 1

    def beat(self, region: str) -> Beat | None:
        """The region's last beat."""
        with self._item():
            self.reads += 1
            return self.beats.get(region)

    def put_beat(self, beat: Beat) -> None:
        """Store the region's beat."""
        with self._item():
            self.beats[beat.region] = beat
            self.writes += 1

    def breaker(self, device: str) -> Breaker:
        """The device's breaker."""
        with self._item():
            self.reads += 1
            return self.breakers.get(device) or Breaker(device=device)

    def replace_breaker(self, old: Breaker, new: Breaker) -> None:
        """Store ``new`` over ``old``, or raise `LedgerConflict`."""
        with self._item():
            stored = self.breakers.get(new.device) or Breaker(device=new.device)
            if stored == new:
                return
            if stored.version != old.version:
                raise LedgerConflict(f"the breaker of {new.device} changed since it was read")
            self.breakers[new.device] = new
            self.writes += 1

    def quality(self, device: str) -> Quality:
        """What was observed of the device."""
        with self._item():
            self.reads += 1
            return self.qualities.get(device) or Quality(device=device)

    def replace_quality(self, old: Quality, new: Quality) -> None:
        """Store ``new`` over ``old``, or raise `LedgerConflict`."""
        with self._item():
            stored = self.qualities.get(new.device) or Quality(device=new.device)
            if stored == new:
                return
            if stored.version != old.version:
                raise LedgerConflict(f"the quality of {new.device} changed since it was read")
            self.qualities[new.device] = new
            self.writes += 1

    def insert(self, job: Job) -> None:
        """Store a new job, or raise `JobExists`."""
        with self._item():
            if (stored := self.jobs.get(job.id)) is not None:
                raise JobExists(stored)
            self.jobs[job.id] = job
            self.writes += 1

    def job(self, job_id: str) -> Job | None:
        """The job as it is now."""
        with self._item():
            self.reads += 1
            return self.jobs.get(job_id)

    def replace(self, old: Job, new: Job) -> None:
        """Store ``new`` over ``old``, or raise `LedgerConflict`."""
        with self._item():
            stored = self.jobs.get(old.id)
            if stored == new:
                return
            if stored is None or (stored.epoch, stored.version) != (old.epoch, old.version):
                raise LedgerConflict(f"job {old.id} changed since it was read")
            self.jobs[new.id] = new
            self.writes += 1

    def waiting(self, queue: str, limit: int) -> Sequence[WaitingJob]:
        """Queued jobs that asked for ``queue``, first accepted first."""
        with self._item():
            return tuple(
                WaitingJob(
                    job_id=job.id,
                    tenant=job.tenant,
                    device=job.device,
                    shots=job.shots,
                    num_qubits=job.num_qubits,
                    accepted_at=job.accepted_at,
                    avoid=tuple(sorted(job.avoid)),
                    no_room=job.no_room,
                )
                for job in self._queue(queue)[:limit]
            )

    def waiting_before(self, job: Job) -> int:
        """How many jobs wait in the job's queue before it."""
        with self._item():
            return sum(_arrival(other) < _arrival(job) for other in self._queue(job.queue))

    def jobs_of(
        self,
        tenant: str,
        *,
        limit: int,
        position: Mapping[str, str] | None = None,
        status: JobStatus | None = None,
        device: str | None = None,
    ) -> JobPage:
        """A tenant's jobs, newest first."""
        with self._item():
            mine = sorted(
                (
                    job
                    for job in self.jobs.values()
                    if job.tenant == tenant
                    and (status is None or job.status is status)
                    and (device is None or job.device == device)
                ),
                key=_sort_key,
                reverse=True,
            )
        past = dict(position or {})
        rest = [job for job in mine if _sort_key(job) < past.get(_tenant_shard(job), "~")]
        page = rest[:limit]
        for job in page:
            past[_tenant_shard(job)] = _sort_key(job)
        return JobPage(
            jobs=tuple(_summary(job) for job in page), position=past if len(rest) > limit else None
        )

    def due(self, shard: int, before: datetime, limit: int) -> Sequence[str]:
        """Ids of the shard's unfinished jobs that are to be looked at, longest due first."""
        with self._item():
            found = [
                job
                for job in self.jobs.values()
                if not job.status.terminal
                and job.check_at <= before
                and zlib.crc32(job.id.encode()) % OPEN_SHARDS == shard
            ]
        return tuple(job.id for job in sorted(found, key=lambda job: job.check_at)[:limit])

    def open_jobs(self, shard: int, limit: int, after: str | None = None) -> OpenPage:
        """Unfinished jobs of a shard, by the time to look at them."""
        with self._item():
            found = [
                (_open_key(job), job)
                for job in self.jobs.values()
                if not job.status.terminal
                and zlib.crc32(job.id.encode()) % OPEN_SHARDS == shard
                and (after is None or _open_key(job) > after)
            ]
        found.sort(key=lambda entry: entry[0])
        page = found[:limit]
        return OpenPage(
            jobs=tuple(
                OpenJob(job_id=job.id, status=job.status, epoch=job.epoch, region=job.region)
                for _, job in page
            ),
            position=page[-1][0] if len(found) > limit else None,
        )

    def acquire_slot(self, device: str, job_id: str, limit: int) -> bool:
        """Take one of the device's places for the job."""
        with self._item():
            held = self._slots.setdefault(device, set())
            if job_id in held:
                return True
            if len(held) >= limit:
                return False
            held.add(job_id)
            self.writes += 1
            return True

    def release_slot(self, device: str, job_id: str) -> frozenset[str]:
        """Give the job's place back."""
        with self._item():
            held = self._slots.get(device, set())
            before = frozenset(held)
            if job_id in held:
                held.remove(job_id)
                self.writes += 1
            return before

    def slots(self, device: str) -> frozenset[str]:
        """Ids of the jobs that hold a place on the device."""
        with self._item():
            return frozenset(self._slots.get(device, ()))

    @contextmanager
    def _item(self) -> Iterator[None]:
        if not self.reachable:
            raise TransientFault("the ledger cannot be reached")
        with self._lock:
            yield

    def _queue(self, queue: str) -> list[Job]:
        return sorted(
            (
                job
                for job in self.jobs.values()
                if job.status is JobStatus.QUEUED and job.queue == queue
            ),
            key=_arrival,
        )


def _arrival(job: Job) -> tuple[datetime, str]:
    return job.accepted_at, job.id


def _sort_key(job: Job) -> str:
    return f"{job.accepted_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}#{job.id}"


def _open_key(job: Job) -> str:
    return f"{job.check_at.isoformat()}#{job.id}"


def _tenant_shard(job: Job) -> str:
    return str(zlib.crc32(job.id.encode()) % TENANT_SHARDS)


def _summary(job: Job) -> JobSummary:
    return JobSummary(
        job_id=job.id,
        status=job.status,
        device=job.device,
        shots=job.shots,
        accepted_at=job.accepted_at,
        finished_at=job.finished_at,
        name=job.name,
        tags=job.tags,
        error_code=job.error.code.value if job.error else None,
    )
