"""What the API says, as typed values; unknown fields are kept, so that older clients live on."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bellpair.errors import ServerError
from bellpair.vocabulary import FINAL, JobStatus, Role


class Answer(BaseModel):
    """Base of everything read from the API."""

    # Most programs read only some of the models, so each is built when first used.
    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

    @classmethod
    def read(cls, body: object) -> Self:
        """Read an answer's JSON.

        Raises
        ------
        ServerError
            If it does not fit.
        """
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            # Places only: the values may be secret.
            places = {".".join(map(str, issue["loc"])) or "body" for issue in error.errors()}
            raise ServerError(
                f"The service's answer does not fit a {cls.__name__}: {', '.join(sorted(places))}.",
                remedy="Update this client, or check that the endpoint is Bellpair's.",
            ) from None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON: what the service said, unknown fields included."""
        return self.model_dump(mode="json", exclude_unset=True)


class JobEvent(Answer):
    """One line of a job's event log, or of what a function says of its progress.

    Attributes
    ----------
    type
        A status, another word for what happened, or ``"progress"``.
    fraction
        How far a function says that it is, 0 to 1; with ``"progress"`` only.
    """

    at: datetime
    type: str
    message: str = ""
    region: str | None = None
    epoch: int | None = None
    fraction: float | None = None


class JobError(Answer):
    """Why a job did not succeed; `line` and `column` count from 1."""

    code: str
    message: str
    remedy: str | None = None
    line: int | None = None
    column: int | None = None


class Queue(Answer):
    """Where a waiting job stands: `position` 1 is next.

    Attributes
    ----------
    position_is_bound
        Whether the queue is so long that the job may stand even further behind.
    """

    position: int | None = None
    position_is_bound: bool = False

    @property
    def place(self) -> str | None:
        """The position in words, or ``None`` when it is not known."""
        if self.position is None:
            return None
        return f"at least {self.position}" if self.position_is_bound else str(self.position)


class CostItem(Answer):
    """One line of a job's bill: `amount` in `unit`, and its price in US dollars."""

    what: str
    amount: float
    unit: str
    usd: float


class Usage(Answer):
    """What a job consumed, at list prices."""

    items: list[CostItem] = Field(default_factory=list)
    total_usd: float | None = None
    prices_as_of: str | None = None


class Progress(Answer):
    """How far a function says that it is: a part of 1, and a word on it."""

    fraction: float
    message: str = ""


class InvokedFunction(Answer):
    """What a job runs that is no circuit but a quantum function; `trigger` is what invoked it."""

    name: str
    version: int | None = None
    alias: str | None = None
    trigger: str | None = None

    @property
    def target(self) -> str:
        """Name and version, as an invocation may name them."""
        return self.name if self.version is None else f"{self.name}:{self.version}"


class JobRecord(Answer):
    """A job as the service last told it.

    Attributes
    ----------
    device, device_used
        The device asked for (``"any"`` and ``"any-qpu"`` included) and the one chosen.
    waiting_for
        What it waits for that is out of reach, such as a device that is offline.
    region, epoch
        The region that owns the job, and the pair's epoch in which it does.
    cancel_requested
        Whether the job ends as soon as it can.
    options
        A circuit's execution options with all their parameters.
    function
        The function that the job runs; ``None`` for a circuit.
    progress
        What the function last said of its progress.
    calls, spent_usd
        Quantum calls that the function has made, and what they cost so far, US dollars.
    seed, max_cost_usd, timeout_s
        What the function was invoked with: its seed, its cost cap, and its time limit in seconds.
    usage
        Only where it was asked for, as `Client.job` can.
    trace_id
        Names the submission's trace in the service's logs.
    """

    id: str
    status: JobStatus | str = Field(union_mode="left_to_right")
    cancel_requested: bool = False
    name: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    device: str | None = None
    device_used: str | None = None
    shots: int | None = None
    options: list[dict[str, Any]] = Field(default_factory=list)
    region: str | None = None
    epoch: int | None = None
    accepted_at: datetime | None = None
    finished_at: datetime | None = None
    queue: Queue | None = None
    waiting_for: str | None = None
    events: list[JobEvent] = Field(default_factory=list)
    error: JobError | None = None
    function: InvokedFunction | None = None
    progress: Progress | None = None
    calls: int | None = None
    spent_usd: float | None = None
    seed: int | None = None
    max_cost_usd: float | None = None
    timeout_s: int | None = None
    usage: Usage | None = None
    trace_id: str | None = None

    @property
    def finished(self) -> bool:
        """Whether the job is over and never changes again."""
        return self.status in FINAL


class Obstacle(Answer):
    """Why a device is given no jobs though it is online.

    Attributes
    ----------
    state
        ``"open"``, or ``"half-open"`` while one job tries the device.
    retry_at
        From when on one job may try it.
    """

    state: str
    since: datetime | None = None
    reason: str = ""
    retry_at: datetime | None = None


class RefusedCalibration(Answer):
    """Properties of a device that were not taken over, why, and since when."""

    calibration_id: str
    reason: str
    at: datetime | None = None


class Device(Answer):
    """A QPU or a simulator.

    Attributes
    ----------
    kind
        ``"qpu"`` or ``"simulator"``.
    programs_per_task
        Circuits of equal shots that one of its tasks runs at most.
    queue_depth
        Tasks waiting at the device when last seen, or ``None`` when unknown.
    calibrated_at
        When its maker measured what its programs are compiled by.
    median_one_qubit_error, median_two_qubit_error, median_readout_error
        Error probabilities, 0 to 1, of gates and readout.
    quality
        Success that was observed over the success that was expected.
    refused
        What the device service says now, if that cannot be.
    breaker
        ``None`` while it is given jobs.
    """

    name: str
    arn: str | None = None
    kind: str | None = None
    provider: str | None = None
    status: str | None = None
    region: str | None = None
    num_qubits: int | None = None
    shots_min: int | None = None
    shots_max: int | None = None
    programs_per_task: int | None = None
    queue_depth: int | None = None
    calibration_id: str | None = None
    calibrated_at: datetime | None = None
    median_one_qubit_error: float | None = None
    median_two_qubit_error: float | None = None
    median_readout_error: float | None = None
    quality: float | None = None
    refused: RefusedCalibration | None = None
    breaker: Obstacle | None = None


class Health(Answer):
    """The health of one endpoint.

    Attributes
    ----------
    status
        ``"ok"`` when all is well; ``"unreachable"`` when no answer came.
    role
        ``"active"`` or ``"passive"``.
    active_region, epoch, accepting
        The pair, as this endpoint sees it.
    """

    status: str
    region: str | None = None
    role: str | None = None
    active_region: str | None = None
    epoch: int | None = None
    accepting: bool | None = None
    detail: str | None = None


class NewTenant(Answer):
    """A tenant's new API key, in the only copy of it there will ever be."""

    tenant: str
    role: Role | str = Field(union_mode="left_to_right")
    key_id: str | None = None
    api_key: str = Field(repr=False)


class Spending(Answer):
    """What a tenant's functions spent on devices in a month, and may spend.

    Attributes
    ----------
    month
        ``"2026-11"``, in UTC.
    spent_usd
        US dollars, with what running calls have reserved; ``None`` without a cap, when it is not
        added up.
    max_usd_per_month
        US dollars; ``None`` without a cap.
    """

    tenant: str
    month: str
    spent_usd: float | None = None
    max_usd_per_month: float | None = None


class Hold(Answer):
    """An operator's order that no region be promoted."""

    by: str
    at: datetime | None = None
    reason: str = ""


class Operation(Answer):
    """A change of the pair: the one that is running, or the last one.

    Attributes
    ----------
    kind
        ``"switchover"``, ``"failover"``, ``"failback"``, ``"hold"`` or ``"release"``.
    by
        Whose it is: ``"<tenant>/<key id>"``, or ``"sentinel of <region>"``.
    outcome
        ``"running"``, ``"done"`` or ``"refused"``; `detail` says why it was refused.
    steps
        When each step that is done was done.
    adopted
        How many jobs changed hands.
    """

    id: str
    kind: str
    by: str = ""
    reason: str = ""
    started_at: datetime | None = None
    outcome: str = "running"
    detail: str = ""
    steps: dict[str, datetime] = Field(default_factory=dict)
    adopted: int = 0

    @property
    def running(self) -> bool:
        """Whether it is not over yet."""
        return self.outcome == "running"


class StartedOperation(Answer):
    """An operation on the pair that was started, and the region that it runs in."""

    id: str
    kind: str
    region: str | None = None
    epoch: int | None = None


class AuditEntry(Answer):
    """One line of the pair's history."""

    at: datetime
    by: str
    action: str
    reason: str = ""
    epoch: int | None = None


class Beat(Answer):
    """A region's last sign of life.

    Attributes
    ----------
    counter
        Grows with each beat.
    at
        By the region's own clock; clocks of two regions are not comparable.
    """

    counter: int
    healthy: bool = True
    at: datetime | None = None


class DeviceBreaker(Obstacle):
    """What is held against a device, and how often it has failed in a row."""

    device: str
    failures: int = 0


class Pair(Answer):
    """The pair of regions.

    Attributes
    ----------
    epoch
        Grows by one at each promotion.
    version
        Grows at each change of the record.
    mode
        ``"accepting"``, or ``"paused"`` while the regions change over.
    since, reason
        When and why the record last changed.
    hold
        While there is one, no region is promoted without force.
    operation
        The running operation, or the last one.
    audit
        The last changes, the oldest first.
    beats
        Each region's last beat.
    devices
        Breakers that hold something against their device.
    """

    active_region: str
    passive_region: str
    epoch: int
    version: int = 0
    mode: str = "accepting"
    since: datetime | None = None
    reason: str = ""
    promoted_at: datetime | None = None
    hold: Hold | None = None
    operation: Operation | None = None
    audit: list[AuditEntry] = Field(default_factory=list)
    beats: dict[str, Beat] = Field(default_factory=dict)
    devices: list[DeviceBreaker] = Field(default_factory=list)
