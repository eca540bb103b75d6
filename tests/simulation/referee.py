"""Watches the ledger and the device services, and says what must never be."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from bellpair_core.logic.jobs.let_go import job_of_holder
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import RECOMPILES_MAX
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.tenant import CANARY_TENANT
from bellpair_core.ports import OpenPage, TaskStatus, WaitingJob
from tests.fakes import MemoryLedger

from .call_referee import CallReferee
from .device_service import DeviceService, RunTask
from .history import History
from .scheduler import Scheduler

_BLAMELESS = frozenset({ErrorCode.TASK_FAILED, ErrorCode.TASK_CANCELLED})
"""What a job may fail with although the platform did all it could: the device failed its task."""

STAGES = ("queued", "claimed", "compiled", "intended", "launched", "task-over", "processing")
"""How far a job can be when something happens to its region."""


class Referee:
    """Judges every write as it happens.

    Attributes
    ----------
    violation
        What was broken first, if anything was.
    promoted_at_stage
        How many jobs were at which stage when a region was promoted.
    facts
        Counts of what the schedule met, to tell whether it met anything.
    excused
        Errors that jobs may end with in this schedule, beside a device's own.
    cancelled
        Jobs whose owners asked for them to be cancelled.
    monthly_cap
        What the tenant may spend now, US dollars.
    calls
        Judges what functions do.
    """

    def __init__(self, scheduler: Scheduler, history: History, first: PairRecord) -> None:
        self.violation: str | None = None
        self.promoted_at_stage: Counter[str] = Counter()
        self.facts: Counter[str] = Counter()
        self.active_at = {first.epoch: first.active}
        self.acknowledged: dict[str, str] = {}
        self.excused: set[ErrorCode] = set()
        self.cancelled: set[str] = set()
        self.monthly_cap: float | None = None
        self.services: Sequence[DeviceService] = ()
        self.ledger: WatchedLedger | None = None
        self.on_write: Callable[[], None] = lambda: None
        self._scheduler = scheduler
        self._history = history
        self.calls = CallReferee(self.violated, self._job, self.active_at, self._tasks_of)

    def _job(self, job_id: str) -> Job:
        assert self.ledger is not None
        return self.ledger.jobs[job_id]

    def _tasks_of(self, job_id: str) -> list[RunTask]:
        return [
            task
            for service in self.services
            for task in service.tasks.values()
            if task.job_id == job_id
        ]

    def violated(self, text: str) -> None:
        """Note what was broken and stop the schedule."""
        if self.violation is None:
            self.violation = f"at {self._scheduler.now:.3f} s: {text}"
            self._history.note("VIOLATION", text)
        self._scheduler.stop()

    def inserted(self, job: Job, writer: str) -> None:
        """A job was accepted."""
        if job.tenant == CANARY_TENANT:
            # Left by the passive region for the active one, which it is given to by its record.
            writer = job.region
        if job.region != writer:
            self.violated(f"{writer} stored {job.id} as {job.region}'s")
        if self.active_at.get(job.epoch) != writer:
            self.violated(
                f"{writer} accepted {job.id} at epoch {job.epoch}, whose active region is"
                f" {self.active_at.get(job.epoch)}"
            )
        self.facts["accepted"] += 1
        self.on_write()

    def replaced(self, old: Job, new: Job, writer: str) -> None:
        """A job's record was written over."""
        if old.status.terminal:
            self.violated(
                f"the terminal record of {old.id} was changed by {writer}: {old.status},"
                f" version {old.version}, to {new.status}, version {new.version}"
            )
        if new.epoch < old.epoch:
            self.violated(f"{writer} lowered the epoch of {old.id} to {new.epoch}")
        if new.version <= old.version:
            self.violated(f"{writer} wrote version {new.version} of {old.id} over {old.version}")
        if self.active_at.get(new.epoch) != writer:
            self.violated(
                f"{writer} wrote {old.id} at epoch {new.epoch}, at which"
                f" {self.active_at.get(new.epoch)} is active"
            )
        if new.region != writer:
            self.violated(f"{writer} wrote {old.id}, which belongs to {new.region}")
        if new.task is not None and old.task is not None:
            if new.task.generation < old.task.generation:
                self.violated(f"{writer} took {old.id} back to task {new.task.generation}")
            if old.task.arn is not None and (
                new.task.generation == old.task.generation and new.task.arn != old.task.arn
            ):
                self.violated(f"{writer} forgot task {old.task.arn} of {old.id}")
        if new.recompiles > old.recompiles:
            self.facts["recompiled"] += 1
            if new.task is not None or not self._came_to_nothing(old):
                self.violated(f"{writer} gave up the program of {old.id}, which has a task")
            if new.recompiles > RECOMPILES_MAX:
                self.violated(f"{writer} had {old.id} compiled again {new.recompiles} times")
        if len(new.no_room) > len(old.no_room):
            self.facts["without room"] += 1
        if new.epoch > old.epoch:
            self.facts["adopted"] += 1
        if new.status.terminal:
            self._ended(new)
        self.on_write()

    def pair_changed(self, old: PairRecord, new: PairRecord) -> None:
        """The pair record was written."""
        if new.version != old.version + 1:
            self.violated(f"the pair record went from version {old.version} to {new.version}")
        if new.epoch == old.epoch:
            if (new.active, new.passive) != (old.active, old.passive):
                self.violated(f"the active region changed within epoch {old.epoch}")
        elif new.epoch != old.epoch + 1:
            self.violated(f"the pair's epoch went from {old.epoch} to {new.epoch}")
        elif (new.active, new.passive) != (old.passive, old.active):
            self.violated(f"epoch {new.epoch} began without a change of the active region")
        else:
            if old.hold is not None and not self.facts["forced"]:
                self.violated(f"{new.active} was promoted under a hold")
            self._promoted(new)
        self.on_write()

    def _came_to_nothing(self, job: Job) -> bool:
        """Whether the task that the record knows of, if any, failed or was cancelled."""
        return job.task is None or any(
            task.status in (TaskStatus.FAILED, TaskStatus.CANCELLED)
            for task in self._tasks_of(job.id)
            if task.generation == job.task.generation
        )

    def created(self, task: RunTask) -> None:
        """A device service runs a task from now on."""
        if self._job(task.job_id).function is not None:
            self.facts["calls' tasks"] += 1
            self.facts["program sets"] += len(task.programs) > 1
            self.calls.created(task, self.monthly_cap)
            return
        self.facts["tasks"] += 1
        for other in self._tasks_of(task.job_id):
            if other is task:
                continue
            if other.generation == task.generation:
                self.violated(f"{task.job_id} has two tasks of generation {task.generation}")
            if other.status is TaskStatus.COMPLETED:
                self.violated(f"{task.job_id} got a second task, and the first is paid for")
            if not other.status.terminal:
                self.violated(f"{task.job_id} got a second task while the first is live")
            self.facts["generations"] += 1

    def acknowledge(self, job_id: str, client: str) -> None:
        """A client was told that its job is accepted."""
        assert self.ledger is not None
        self.acknowledged[job_id] = client
        if job_id not in self.ledger.jobs:
            self.violated(f"{client} was promised {job_id}, which the ledger does not have")

    def unfinished(self) -> list[Job]:
        """The jobs that are not over, but for what is paused and stays so."""
        assert self.ledger is not None
        return [
            job
            for job in self.ledger.jobs.values()
            if not job.status.terminal
            and not (job.status is JobStatus.PAUSED and job.id in self.calls.left_paused)
        ]

    def judge_end(self) -> None:
        """The faults are long over: everything must be, too."""
        assert self.ledger is not None
        for job_id, client in self.acknowledged.items():
            if job_id not in self.ledger.jobs:
                self.violated(f"{client}'s job {job_id} is lost")
        for job in self.unfinished():
            self.violated(
                f"{job.id} is still {job.status} (epoch {job.epoch}, of {job.region}) when the"
                " time after the last fault is over"
            )
        if not self.ledger.pair_record.accepting:
            self.violated("the pair is still paused when the time after the last fault is over")
        for device in self.ledger.device_names:
            idle = [
                holder
                for holder in sorted(self.ledger.slots(device))
                if self.ledger.jobs[job_of_holder(holder)].status.terminal
            ]
            if idle:
                self.violated(f"{idle} are over and still hold places on {device}")

    def judge_functions(self, buckets: Mapping[str, Mapping[str, bytes]]) -> None:
        """The faults are long over: what functions returned is what their runs saw."""
        assert self.ledger is not None

        def read(ref: BlobRef) -> Any:
            if ref.inline is not None:
                return json.loads(zlib.decompress(ref.inline))
            found = (blobs[ref.sha256] for blobs in buckets.values() if ref.sha256 in blobs)
            return json.loads(next(found))

        held = {device: set(self.ledger.slots(device)) for device in self.ledger.device_names}
        self.calls.judge_end(self.ledger.jobs, held, read)

    def judge_blobs(self, buckets: Mapping[str, Mapping[str, bytes]]) -> None:
        """The faults are long over: what the jobs refer to is in both regions."""
        assert self.ledger is not None
        for job in self.ledger.jobs.values():
            compiled = job.compiled.program if job.compiled else None
            for ref in (job.program, compiled, job.result, *self.calls.blobs_of(job)):
                if ref is None or ref.inline is not None:
                    continue
                lacking = [name for name, blobs in buckets.items() if ref.sha256 not in blobs]
                if lacking:
                    self.violated(f"{job.id} needs a blob that {' and '.join(lacking)} lacks")

    def stage_of(self, job: Job) -> str:
        """How far the job is, one of `STAGES` or `FUNCTION_STAGES`."""
        if job.function is not None:
            return self.calls.stage_of(job)
        if job.status is JobStatus.QUEUED:
            return "queued"
        if job.status is JobStatus.PROCESSING:
            return "processing"
        if job.task is not None:
            if job.task.arn is None:
                return "intended"
            over = any(
                task.status.terminal
                for service in self.services
                if (task := service.tasks.get(job.task.arn)) is not None
            )
            return "task-over" if over else "launched"
        return "claimed" if job.compiled is None else "compiled"

    def _promoted(self, new: PairRecord) -> None:
        self.active_at[new.epoch] = new.active
        if new.operation is not None and new.operation.by.startswith("sentinel"):
            self.facts["promoted by a sentinel"] += 1
        self.facts["promotions"] += 1
        for job in self.unfinished():
            self.promoted_at_stage[self.stage_of(job)] += 1
        self._history.note("promoted", f"{new.active} at epoch {new.epoch}: {new.reason}")

    def _ended(self, job: Job) -> None:
        if job.function is not None:
            self._function_ended(job)
            return
        self.facts[job.status.value] += 1
        if job.status is JobStatus.SUCCEEDED:
            tasks = [
                task
                for service in self.services
                for task in service.tasks.values()
                if task.job_id == job.id and task.status is TaskStatus.COMPLETED
            ]
            if len(tasks) != 1 or job.result is None:
                self.violated(f"{job.id} succeeded with {len(tasks)} completed tasks")
        elif job.status is JobStatus.CANCELLED:
            if not job.cancel_requested and job.task is not None:
                self.violated(f"{job.id} was cancelled and nobody asked for it")
        elif job.error is None or job.error.code not in _BLAMELESS | self.excused:
            code = job.error and f"{job.error.code}: {job.error.message}"
            self.violated(f"{job.id} failed, and not by its device's fault: {code}")

    def _function_ended(self, job: Job) -> None:
        self.facts[f"functions {job.status.value}"] += 1
        match job.status:
            case JobStatus.SUCCEEDED:
                if job.result is None:
                    self.violated(f"{job.id} succeeded without a result")
            case JobStatus.CANCELLED:
                if job.id not in self.cancelled:
                    self.violated(f"{job.id} was cancelled and nobody asked for it")
            case _:
                if job.error is None or job.error.code not in (
                    self.calls.blameless(job) | self.excused
                ):
                    code = job.error and f"{job.error.code}: {job.error.message}"
                    self.violated(f"{job.id} failed, and not by its function's fault: {code}")


class WatchedLedger(MemoryLedger):
    """The one linearizable copy, with indexes that lag, and a referee beside it.

    Attributes
    ----------
    writer
        Which region makes the call; set before each.
    deadline
        What jobs are given in place of the platform's own, when set.
    """

    def __init__(
        self,
        first: PairRecord,
        scheduler: Scheduler,
        referee: Referee,
        lag: Callable[[], float],
        device_names: Sequence[str],
    ) -> None:
        super().__init__(first)
        self.writer = ""
        self.deadline: timedelta | None = None
        self.device_names = device_names
        self._scheduler = scheduler
        self._referee = referee
        self._index_lag = lag
        self._earlier: dict[str, tuple[float, Job | None]] = {}
        referee.ledger = self

    def insert(self, job: Job) -> None:
        """Store a new job."""
        if self.deadline is not None:
            job = job.model_copy(update={"deadline": job.accepted_at + self.deadline})
        super().insert(job)
        self._earlier[job.id] = (self._scheduler.now, None)
        self._referee.inserted(job, self.writer)

    def replace(self, old: Job, new: Job) -> None:
        """Store a job's next version."""
        before = self.jobs.get(old.id)
        super().replace(old, new)
        if before is not None and self.jobs[new.id] is not before:
            self._earlier[new.id] = (self._scheduler.now, before)
            self._referee.replaced(before, new, self.writer)

    def replace_pair(self, old: PairRecord, new: PairRecord) -> None:
        """Store the pair record's next version."""
        before = self.pair_record
        super().replace_pair(old, new)
        if self.pair_record is not before:
            self._referee.pair_changed(before, new)

    def waiting(self, queue: str, limit: int) -> Sequence[WaitingJob]:
        """From an index that lags."""
        with self._as_indexed():
            return super().waiting(queue, limit)

    def due(self, shard: int, before: Any, limit: int) -> Sequence[str]:
        """From an index that lags."""
        with self._as_indexed():
            return super().due(shard, before, limit)

    def open_jobs(self, shard: int, limit: int, after: str | None = None) -> OpenPage:
        """From an index that lags."""
        with self._as_indexed():
            return super().open_jobs(shard, limit, after)

    @contextmanager
    def _as_indexed(self) -> Iterator[None]:
        since = self._scheduler.now - self._index_lag()
        view = {}
        for job_id, job in self.jobs.items():
            changed_at, earlier = self._earlier.get(job_id, (0.0, job))
            seen = earlier if changed_at > since else job
            if seen is not None:
                view[job_id] = seen
        stored, self.jobs = self.jobs, view
        try:
            yield
        finally:
            self.jobs = stored
