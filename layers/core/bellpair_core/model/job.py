"""The job: one accepted invocation, and the truth about it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from .blob import BlobRef
from .choice import Choice, Constraints, ProgramShape
from .compiling import DeviceUse, Superseded
from .device import TaskPrice
from .errors import ErrorCode
from .function import Invocation
from .limits import CHECK_AFTER, EVENTS_MAX
from .usage import Usage

ANY_DEVICE = "any"
"""What a submission names when any device that fits will do."""

ANY_QPU = "any-qpu"
"""What a submission names when any QPU that fits will do."""

FUNCTIONS_QUEUE = "functions"
"""Where jobs wait that run a function: they need no device to begin."""

SHARED_QUEUES = frozenset({ANY_DEVICE, ANY_QPU})
"""The queues that are no device's own."""


class JobStatus(StrEnum):
    """A job's states; `TRANSITIONS` says which may follow which."""

    QUEUED = "queued"
    COMPILING = "compiling"
    EXECUTING = "executing"
    PROCESSING = "processing"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Whether the job is over and its record never changes again."""
        return not TRANSITIONS[self]


TRANSITIONS: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset(
        {JobStatus.COMPILING, JobStatus.EXECUTING, JobStatus.FAILED, JobStatus.CANCELLED}
    ),
    JobStatus.COMPILING: frozenset(
        {JobStatus.EXECUTING, JobStatus.QUEUED, JobStatus.FAILED, JobStatus.CANCELLED}
    ),
    JobStatus.EXECUTING: frozenset(
        {
            JobStatus.PROCESSING,
            JobStatus.PAUSED,
            JobStatus.QUEUED,
            JobStatus.FAILED,
            JobStatus.CANCELLED,
        }
    ),
    # A function may come to its end by another branch than the one that reached the cap.
    JobStatus.PAUSED: frozenset(
        {JobStatus.QUEUED, JobStatus.PROCESSING, JobStatus.FAILED, JobStatus.CANCELLED}
    ),
    JobStatus.PROCESSING: frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.SUCCEEDED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
}


class JobEvent(BaseModel):
    """One line of a job's event log.

    Attributes
    ----------
    left
        How many lines were left out where this one stands; 0 for one that stands for itself.
    """

    model_config = ConfigDict(frozen=True)

    at: datetime
    type: str
    region: str
    epoch: int
    message: str = ""
    left: int = 0


class JobError(BaseModel):
    """Why a job did not succeed."""

    model_config = ConfigDict(frozen=True)

    code: ErrorCode
    message: str
    remedy: str


class CompiledProgram(BaseModel):
    """The program as the device takes it.

    Attributes
    ----------
    bits
        For each classical bit of the source, in declaration order, the device qubit that is
        measured into it; ``None`` where none is, and the bit reads 0.
    use
        What it asks of the device; ``None`` in forms of before there was any.
    """

    model_config = ConfigDict(frozen=True)

    program: BlobRef
    bits: tuple[int | None, ...]
    calibration_id: str
    metrics: dict[str, Any] = Field(default_factory=dict)
    use: DeviceUse | None = None


class Task(BaseModel):
    """A Braket quantum task: first the intent, then what became of it.

    Attributes
    ----------
    generation
        Counts the tasks made for one job; a new one only after the last one is known to have
        failed or been cancelled.
    client_token
        Derived from job and generation, so that repeating the launch gives the same task.
    wake_token
        The state machine's task token that a completion event answers.
    queue_position
        The task's place in the device's own queue when last asked, as the service words it.
    unknown_since
        Since when the service answers that it does not know the task; ``None`` where it does.
    """

    model_config = ConfigDict(frozen=True)

    generation: int
    client_token: str
    device_arn: str
    region: str
    digest: str
    shots: int
    wake_token: str | None = None
    arn: str | None = None
    queue_position: str | None = None
    unknown_since: datetime | None = None


class Parked(BaseModel):
    """A function that waits, outside of any process, for the tasks of its call.

    Attributes
    ----------
    call
        Number of the journal's line with the call's intent.
    wake_token
        The state machine's task token that is answered when they are over.
    tasks
        How many of them were launched and are waited for.
    """

    model_config = ConfigDict(frozen=True)

    call: int
    wake_token: str
    tasks: int


class Job(BaseModel):
    """One accepted invocation.

    ``epoch`` and ``version`` fence every write: a change is written on condition that the
    stored record still has those of the record it was made from. ``trace_id`` is the trace of
    the submission.

    Attributes
    ----------
    region
        The owner: no other region acts for the job.
    attempt
        Counts executions, so that each has a name of its own.
    restarts
        How many of them followed one that came to nothing by itself; what waits for a device
        out of reach is not counted.
    generation
        The last number given to a task of this job, whatever became of that task.
    avoid
        Devices that failed this job, which a job for any device is not given to again.
    recompiles
        How many compiled forms were given up because another calibration came before the launch.
    superseded
        The last of them, until the job is compiled anew.
    no_room
        Calibrations by device with which the device had no room for the program: the job is not
        given to it again before it has another one.
    waiting_for
        What the job waits for that is out of reach, for people; ``None`` where nothing is amiss.
    needs_usd
        With which cost cap at least a job can go on that is paused at its own; ``None`` where it
        is not its own that is reached.
    recalled
        Whether the task was asked to be cancelled so that another device may take the job.
    function
        What a job runs that is no circuit but a function; ``program`` is then its package, and
        it has no qubits, bits or shots of its own. Its tasks are in its journal.
    options
        Execution options of a circuit, with all their parameters. A circuit with options is run
        by the built-in function `sampling`, which `function` then names.
    parked
        What a function waits for while no process runs it.
    constraints
        What a device must offer to be given the job; ``None`` asks for nothing.
    shape
        What the program's expected success depends on; ``None`` where it was not counted.
    choice
        Why the job is on its device, as decided when it was last given to one.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    tenant: str
    key_id: str
    trace_id: str | None = None
    name: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    request_digest: str
    program: BlobRef
    language_version: str
    num_qubits: int
    num_bits: int
    shots: int
    device: str
    constraints: Constraints | None = None
    shape: ProgramShape | None = None
    device_used: str | None = None
    choice: Choice | None = None
    price: TaskPrice = Field(default_factory=TaskPrice)

    epoch: int
    version: int = 1
    region: str
    status: JobStatus = JobStatus.QUEUED
    cancel_requested: bool = False
    accepted_at: datetime
    deadline: datetime
    check_at: datetime
    finished_at: datetime | None = None

    attempt: int = 0
    restarts: int = 0
    generation: int = 0
    avoid: tuple[str, ...] = ()
    recompiles: int = 0
    superseded: Superseded | None = None
    no_room: dict[str, str] = Field(default_factory=dict)
    waiting_for: str | None = None
    needs_usd: float | None = None
    recalled: bool = False
    compiled: CompiledProgram | None = None
    task: Task | None = None
    function: Invocation | None = None
    options: tuple[dict[str, Any], ...] = ()
    parked: Parked | None = None
    result: BlobRef | None = None
    error: JobError | None = None
    usage: Usage = Field(default_factory=Usage)
    events: tuple[JobEvent, ...] = ()

    @property
    def asks_for_function(self) -> bool:
        """Whether a function was invoked, and not a circuit submitted that one runs."""
        return self.function is not None and not self.options

    @property
    def queue(self) -> str:
        """The queue in which the job waits to be started."""
        return FUNCTIONS_QUEUE if self.function is not None else self.device

    @property
    def ends_by(self) -> datetime:
        """When the job fails if it is not finished."""
        if self.function is None:
            return self.deadline
        return min(self.deadline, self.accepted_at + timedelta(seconds=self.function.timeout_s))

    @property
    def execution_name(self) -> str:
        """The name of the state-machine execution that drives this attempt."""
        return f"{self.id}-{self.epoch}-{self.attempt}"

    def moved(
        self,
        at: datetime,
        status: JobStatus | None = None,
        *,
        event: str | None = None,
        message: str = "",
        region: str | None = None,
        **changes: Any,
    ) -> Self:
        """The next version of this record.

        Parameters
        ----------
        at
            Now.
        status
            The state to go to; ``None`` stays in the present one.
        event
            Type of the line added to the event log; the new status when not given, and no
            line when both are ``None``.

        Raises
        ------
        ValueError
            If `TRANSITIONS` forbids the step.
        """
        if self.status.terminal:
            raise ValueError(f"job {self.id} is {self.status} and cannot change any more")
        if status is not None and status not in TRANSITIONS[self.status]:
            raise ValueError(f"job {self.id} cannot go from {self.status} to {status}")
        region = region or self.region
        line = event or (status.value if status else None)
        events = self.events
        if line is not None:
            new = JobEvent(at=at, type=line, region=region, epoch=self.epoch, message=message)
            events = _with_event(events, new)
        update: dict[str, Any] = {
            "status": status or self.status,
            "version": self.version + 1,
            "region": region,
            "check_at": check_time(at),
            "events": events,
        }
        if status is not None and status.terminal:
            update["finished_at"] = at
        return self.model_copy(update=update | changes)

    def adopted(self, at: datetime, epoch: int, region: str) -> Self:
        """The job in the hands of the region that was promoted at ``epoch``.

        What its stages made is kept. Nobody in this region waits with the old token.

        Raises
        ------
        ValueError
            If the job is over, or belongs to this epoch or a later one.
        """
        if epoch <= self.epoch:
            raise ValueError(f"job {self.id} of epoch {self.epoch} cannot be adopted at {epoch}")
        task = self.task and self.task.model_copy(update={"wake_token": None})
        raised = self.model_copy(update={"epoch": epoch, "task": task, "parked": None})
        return raised.moved(
            at, event="adopted", message=f"from {self.region}, epoch {self.epoch}", region=region
        )

    def sent_back(self, at: datetime, message: str, *, avoid: str | None = None) -> Self:
        """The job in the queue again, to be compiled anew, perhaps for another device.

        Only for a job without a task, or whose task is known to have failed or to have been
        cancelled: the caller has made sure of that.

        Parameters
        ----------
        avoid
            A device that failed the job.
        """
        shunned = (*self.avoid, avoid) if avoid and avoid not in self.avoid else self.avoid
        return self.moved(
            at,
            JobStatus.QUEUED,
            message=message,
            device_used=None,
            compiled=None,
            task=None,
            superseded=None,
            recalled=False,
            # Only one for whose program there is no room knows already what it will wait for.
            waiting_for=self.waiting_for if self.device_used in self.no_room else None,
            avoid=shunned,
        )


def check_time(at: datetime) -> datetime:
    """When the sweeper is to look at a record written ``at``.

    In whole minutes, so that most writes leave the index of open jobs as it is.
    """
    due = at + CHECK_AFTER
    return due.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _with_event(events: tuple[JobEvent, ...], new: JobEvent) -> tuple[JobEvent, ...]:
    if len(events) < EVENTS_MAX:
        return (*events, new)
    half = EVENTS_MAX // 2
    left = max(1, events[half].left) + 1
    gap = events[half].model_copy(
        update={"type": "log-shortened", "message": "earlier lines left", "left": left}
    )
    return (*events[:half], gap, *events[half + 2 :], new)


def job_id(tenant: str, idempotency_key: str) -> str:
    """The id that a tenant's idempotency key always gives."""
    digest = hashlib.sha256(f"{tenant}/{idempotency_key}".encode()).digest()
    return "job-" + base64.b32encode(digest).decode().lower()[:26]


def client_token(stage: str, job: str, generation: int) -> str:
    """The Braket ``clientToken`` of a job's task; stages may share an account."""
    return hashlib.sha256(f"{stage}/{job}/{generation}".encode()).hexdigest()


def result_prefix(job: str, generation: int) -> str:
    """Where in its bucket a task writes; `job_of_result` reads it back from an event."""
    return f"jobs/{job}/{generation}"


def job_of_result(directory: str) -> tuple[str, int] | None:
    """Job and generation of a task's output directory, or ``None`` when it isn't ours."""
    parts = directory.split("/")
    if len(parts) < 3 or parts[0] != "jobs" or not parts[2].isdigit():
        return None
    return parts[1], int(parts[2])
