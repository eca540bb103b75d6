"""The strongly consistent table: pair record, jobs, device slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from bellpair_core.model.beat import Beat
from bellpair_core.model.breaker import Breaker
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.quality import Quality


class JobExists(Exception):
    """An insert found a job of the same id; it is in ``existing``."""

    def __init__(self, existing: Job) -> None:
        super().__init__(f"job {existing.id} exists")
        self.existing = existing


class WaitingJob(BaseModel):
    """A queued job, as the queue's index shows it.

    Attributes
    ----------
    avoid, no_room
        As the job's record has them.
    """

    model_config = ConfigDict(frozen=True)

    job_id: str
    tenant: str
    device: str
    shots: int
    num_qubits: int
    accepted_at: datetime
    avoid: tuple[str, ...] = ()
    no_room: dict[str, str] = {}


class OpenJob(BaseModel):
    """An unfinished job, as the index of open jobs shows it."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    status: JobStatus
    epoch: int
    region: str


class OpenPage(BaseModel):
    """One page of a shard's open jobs; ``position`` is where the next one begins, if any."""

    model_config = ConfigDict(frozen=True)

    jobs: tuple[OpenJob, ...]
    position: str | None = None


class JobSummary(BaseModel):
    """A job, as a listing shows it."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    status: JobStatus
    device: str
    shots: int
    accepted_at: datetime
    finished_at: datetime | None = None
    name: str | None = None
    tags: dict[str, str] = {}
    error_code: str | None = None


class JobPage(BaseModel):
    """One page of a listing, newest first.

    ``position`` says where the next page starts: for each shard the sort key last given out;
    ``None`` when there is no next page.
    """

    model_config = ConfigDict(frozen=True)

    jobs: tuple[JobSummary, ...]
    position: dict[str, str] | None = None


class Ledger(Protocol):
    """Every change is one conditional write to one item."""

    def pair(self) -> PairRecord:
        """The pair record, strongly read."""
        ...

    def replace_pair(self, old: PairRecord, new: PairRecord) -> None:
        """Store ``new`` if the stored record still has the epoch and version of ``old``.

        Repeating a replacement that was stored, as after a lost answer, changes nothing.

        Raises
        ------
        LedgerConflict
            When it has not; nothing is written.
        """
        ...

    def beat(self, region: str) -> Beat | None:
        """The region's last beat, strongly read."""
        ...

    def put_beat(self, beat: Beat) -> None:
        """Store the region's beat over the one before."""
        ...

    def breaker(self, device: str) -> Breaker:
        """The device's breaker, strongly read; a closed one of version 0 while none is stored."""
        ...

    def replace_breaker(self, old: Breaker, new: Breaker) -> None:
        """Store ``new`` if the stored breaker still has the version of ``old``.

        Raises
        ------
        LedgerConflict
            When it has not; nothing is written.
        """
        ...

    def quality(self, device: str) -> Quality:
        """What was observed of the device, strongly read; of version 0 while nothing is stored."""
        ...

    def replace_quality(self, old: Quality, new: Quality) -> None:
        """Store ``new`` if the stored quality still has the version of ``old``.

        Raises
        ------
        LedgerConflict
            When it has not; nothing is written.
        """
        ...

    def insert(self, job: Job) -> None:
        """Store a new job.

        Raises
        ------
        JobExists
            With the stored job, when its id is taken; nothing is written.
        """
        ...

    def job(self, job_id: str) -> Job | None:
        """The job as it is now, strongly read."""
        ...

    def replace(self, old: Job, new: Job) -> None:
        """Store ``new`` if the stored record still has the epoch and version of ``old``.

        Repeating a replacement that was stored, as after a lost answer, changes nothing.

        Raises
        ------
        LedgerConflict
            When it has not; nothing is written.
        """
        ...

    def waiting(self, queue: str, limit: int) -> Sequence[WaitingJob]:
        """Up to ``limit`` queued jobs that asked for ``queue``, first accepted first.

        ``queue`` is a device's name or ``"any"``. Read from an index: a job accepted a moment
        ago may be missing, and one already claimed may still be there.
        """
        ...

    def waiting_before(self, job: Job) -> int:
        """How many jobs wait in the job's queue before it (from the index).

        Counts at most `WAITING_COUNT_MAX` in each of the queue's partitions.
        """
        ...

    def jobs_of(
        self,
        tenant: str,
        *,
        limit: int,
        position: Mapping[str, str] | None = None,
        status: JobStatus | None = None,
        device: str | None = None,
    ) -> JobPage:
        """A tenant's jobs, newest first; filters apply before the limit."""
        ...

    def due(self, shard: int, before: datetime, limit: int) -> Sequence[str]:
        """Ids of unfinished jobs of one open-jobs shard whose ``check_at`` has passed."""
        ...

    def open_jobs(self, shard: int, limit: int, after: str | None = None) -> OpenPage:
        """Unfinished jobs of one open-jobs shard, whenever they are to be looked at.

        Read from an index: a job accepted a moment ago may be missing, and one just finished
        may still be there.

        Parameters
        ----------
        after
            The ``position`` of the page before.
        """
        ...

    def acquire_slot(self, device: str, job_id: str, limit: int) -> bool:
        """Take one of the device's ``limit`` places for the job; True if it has one already."""
        ...

    def release_slot(self, device: str, job_id: str) -> frozenset[str]:
        """Give the job's place back; nothing happens if it has none.

        Returns
        -------
        frozenset of str
            Who held a place until then. Of several who give back at a time, each learns of those
            before it.
        """
        ...

    def slots(self, device: str) -> frozenset[str]:
        """Ids of the jobs that hold a place on the device."""
        ...
