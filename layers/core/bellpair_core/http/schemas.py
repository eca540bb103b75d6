"""The API's answers as models, from which its schema is made."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bellpair_core.model.breaker import BreakerState
from bellpair_core.model.choice import Verdict
from bellpair_core.model.device import DeviceKind, DeviceStatus, TaskPrice
from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.job import JobStatus
from bellpair_core.model.limits import PROGRAM_SHOWN_CHARACTERS_MAX
from bellpair_core.model.pair import OperationKind, Outcome, PairMode
from bellpair_core.model.tenant import Role


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Queue(_Shown):
    """A waiting job's place."""

    position: int = Field(ge=1, description="1 is next")
    position_is_bound: bool = Field(
        description="whether the queue was too long to be counted to its end, so that the true"
        " position may be further behind"
    )


class Event(_Shown):
    """One line of a job's event log."""

    at: datetime
    type: str = Field(description="the status that was entered, or what else happened")
    message: str
    region: str
    epoch: int


class Failure(_Shown):
    """Why a job did not succeed."""

    code: str
    message: str
    remedy: str


class CostItem(_Shown):
    """One line of a bill."""

    what: str
    amount: float
    unit: str
    usd: float


class Bill(BaseModel):
    """What a job consumed, at AWS list prices."""

    items: list[CostItem]
    total_usd: float
    prices_as_of: str


class InvokedFunction(_Shown):
    """What a job runs that is no circuit."""

    name: str
    version: int
    alias: str | None = Field(description="by which it was invoked")
    trigger: str | None = Field(description="which invoked it")


class Progress(_Shown):
    """How far a function says that it is."""

    fraction: float = Field(ge=0, le=1)
    message: str


_OF_A_FUNCTION = "only for a job that runs a function: "


class Links(_Shown):
    """Paths below the endpoint."""

    self: str
    result: str | None = Field(None, description="only for a job that succeeded")


class Limits(_Shown):
    """What a device must offer to be given a job."""

    min_fidelity: float | None = Field(description="the least expected success, 0 to 1")
    max_cost_usd: float | None
    max_wait_s: float | None
    kind: DeviceKind | None


class Shape(_Shown):
    """How much a program does, with everything written out."""

    one_qubit_gates: int
    two_qubit_gates: int
    depth: int
    interactions: int = Field(description="different pairs of qubits that share a gate")
    measured: int
    needed_two_qubit_gates: int | None = Field(
        description="two-qubit gates that are left where qubits' known states spare the others"
    )
    mid_circuit: bool = Field(
        description="whether it takes a device that measures in mid-circuit, and goes on by that"
    )


class ConsideredDevice(_Shown):
    """One device, as it compared."""

    device: str
    verdict: Verdict
    reason: str
    score: float | None = Field(description="0 to 1; only of a device that could take the job")
    health: float = Field(description="0 to 1: 1 is online with nothing held against it")
    expected_success: float | None = Field(
        description="of this program on the device, 0 to 1; null where it is unknown"
    )
    cost_usd: float
    wait_s: float | None


class EstimatedDevice(ConsideredDevice):
    """One device, as it compares for a program."""

    duration_us: float | None = Field(
        description="of one shot; null where the device does not publish its gate times"
    )


class Estimate(_Shown):
    """A program's shape, and how the devices compare for it."""

    num_qubits: int
    num_bits: int
    num_gates: int = Field(description="as the program has them, with everything written out")
    shape: Shape
    chosen: str | None = Field(description="the device that a job would be given to now")
    devices: list[EstimatedDevice] = Field(description="the best first")


class DeviceChoice(_Shown):
    """How the devices compared."""

    at: datetime
    chosen: str | None
    considered: list[ConsideredDevice] = Field(description="the best first")


class WhyReason(_Shown):
    """One sentence of an explanation."""

    at: datetime | None = Field(description="when it came to be so; null for what is so now")
    about: str = Field(
        description="request, choice, waiting, compilation, failed, or an event's type"
    )
    text: str


class Why(_Shown):
    """Why a job is where it is."""

    job_id: str
    status: JobStatus
    device: str
    device_used: str | None
    constraints: Limits | None
    shape: Shape | None
    recompiles: int
    avoided: list[str] = Field(description="devices that failed the job")
    choice: DeviceChoice | None = Field(
        description="when it was last given to a device; while it waits, as it would be now"
    )
    reasons: list[WhyReason]


class Job(_Shown):
    """One accepted invocation."""

    id: str
    name: str | None
    tags: dict[str, str]
    status: JobStatus
    cancel_requested: bool
    device: str = Field(description='the device asked for, "any" or "any-qpu"')
    device_used: str | None = Field(description="the device that it was given to")
    constraints: Limits | None = Field(None, description="what a device must offer")
    shots: int
    num_qubits: int
    num_bits: int
    options: list[dict[str, Any]] = Field(
        description="a circuit's execution options with all their parameters, in the order in"
        " which they wrap the device"
    )
    region: str = Field(description="the region that runs it")
    epoch: int
    accepted_at: datetime
    finished_at: datetime | None
    queue: Queue | None = Field(description="only while it waits")
    waiting_for: str | None = Field(
        description="what it waits for that is out of reach, such as a device that is offline"
    )
    events: list[Event]
    error: Failure | None
    usage: Bill | None = Field(None, description="only when asked for with include=cost")
    trace_id: str | None = Field(description="the trace of its submission")
    function: InvokedFunction | None = Field(None, description=_OF_A_FUNCTION + "what it runs")
    seed: int | None = Field(None, description=_OF_A_FUNCTION + "of its randomness")
    max_cost_usd: float | None = Field(None, description=_OF_A_FUNCTION + "its cost cap")
    timeout_s: int | None = Field(
        None, description=_OF_A_FUNCTION + "seconds that it may take from its acceptance on"
    )
    calls: int | None = Field(None, description=_OF_A_FUNCTION + "quantum calls that it made")
    spent_usd: float | None = Field(
        None, description=_OF_A_FUNCTION + "what they cost, or reserve while they run"
    )
    progress: Progress | None = Field(None, description=_OF_A_FUNCTION + "what it said last")
    links: Links


class JobSummary(_Shown):
    """A job in a listing."""

    id: str
    name: str | None
    tags: dict[str, str]
    status: JobStatus
    device: str
    shots: int
    accepted_at: datetime
    finished_at: datetime | None
    error_code: str | None
    links: Links


class JobPage(_Shown):
    """One page of jobs, newest first."""

    jobs: list[JobSummary]
    next_page_token: str | None = Field(description="good for an hour and for the same filters")


class Result(_Shown):
    """The outcome of a job."""

    job_id: str
    status: Literal["succeeded"]
    counts: dict[str, int | float] = Field(
        description="how often each bit string was seen; with options that take errors out, it may"
        " be a fraction"
    )
    bit_order: Literal["little-endian"] = Field(
        description="the rightmost character is bit 0 of the first classical register declared;"
        " later registers stand to the left"
    )
    num_bits: int
    shots: int
    device: str
    compiled_program: str | None = Field(
        description="OpenQASM 3 as the device took it; null when it is longer than"
        f" {PROGRAM_SHOWN_CHARACTERS_MAX} characters"
    )
    calibration_id: str | None
    task_arn: str | None
    metrics: dict[str, Any] = Field(description="what the compiler tells about its work")
    estimated_success: float | None = Field(
        description="the chance of a run without any error, by the calibration"
    )
    candidates: list[dict[str, Any]] | int | None = Field(
        description="the compiled forms that were compared, or how many of them"
    )
    fallback: str | None = Field(
        description="why the calibration was not relied on, and the program compiled by the"
        " device's topology alone; null where it was"
    )
    options: list[dict[str, Any]] = Field(
        description="the execution options, each with its name, its parameters and notes of what"
        " it did"
    )
    overhead: dict[str, Any] | None = Field(
        description="what the options took: estimated before, circuits and shots that were run, and"
        " their cost_usd; null without options"
    )
    timings: dict[str, float] = Field(description="seconds in each state")


class Obstacle(_Shown):
    """Why a device is given no jobs though it is online."""

    state: BreakerState
    since: datetime | None
    reason: str
    retry_at: datetime | None = Field(description="from when on one job may try the device")


class RefusedCalibration(_Shown):
    """Properties of a device that were not taken over; the last good ones stay."""

    calibration_id: str
    reason: str = Field(description="what is wrong with them, and where")
    at: datetime = Field(description="when they were first seen")


class Device(_Shown):
    """A QPU or a simulator."""

    name: str
    arn: str
    region: str
    kind: DeviceKind
    provider: str
    status: DeviceStatus
    num_qubits: int
    shots_min: int
    shots_max: int
    programs_per_task: int = Field(
        description="circuits of equal shots that one of its tasks runs at most"
    )
    max_in_flight: int | None = Field(description="tasks kept on it at once; null is no limit")
    queue_depth: int | None = Field(description="tasks that wait at the device itself")
    calibration_id: str | None
    calibrated_at: datetime | None = Field(
        description="when its maker measured it; null where that is not said"
    )
    median_one_qubit_error: float | None = Field(description="probability, over its qubits")
    median_two_qubit_error: float | None = Field(description="probability, over its edges")
    median_readout_error: float | None = Field(description="probability, over its qubits")
    quality: float | None = Field(
        description="success that was observed over the success that was expected, a moving mean;"
        " null while nothing was observed"
    )
    refused: RefusedCalibration | None = Field(
        description="what the device service says now, if that cannot be"
    )
    price: TaskPrice
    seen_at: datetime
    breaker: Obstacle | None = Field(description="null while the device is given jobs")


class DeviceList(_Shown):
    """The devices."""

    devices: list[Device]


class Health(_Shown):
    """A region that can do its work."""

    status: Literal["ok"]
    region: str
    role: Literal["active", "passive"]
    active_region: str
    passive_region: str
    epoch: int
    mode: PairMode
    accepting: bool = Field(description="whether this region takes jobs")


class Hold(_Shown):
    """An operator's order that no region be promoted."""

    by: str
    at: datetime
    reason: str


class Operation(_Shown):
    """The change of the pair that is going on, or the last one."""

    id: str
    kind: OperationKind
    by: str = Field(description="the operator's tenant and key id, or a region's sentinel")
    reason: str
    started_at: datetime
    outcome: Outcome
    detail: str = Field(description="why it was refused, or what was left")
    steps: dict[str, datetime] = Field(
        description="when each step was done: paused, promoting (its write began), promoted,"
        " resumed, adopted, announced, held, released, refused or stopped"
    )
    adopted: int = Field(description="jobs that changed hands")


class AuditEntry(_Shown):
    """Who changed the pair, how and why."""

    at: datetime
    by: str
    action: str
    reason: str
    epoch: int


class Beat(_Shown):
    """A region's last sign of life."""

    counter: int = Field(description="grows with each beat")
    healthy: bool = Field(description="whether its own API answered it")
    at: datetime = Field(description="by the region's own clock")


class DeviceBreaker(_Shown):
    """What keeps jobs off a device."""

    device: str
    state: BreakerState
    failures: int = Field(description="in a row")
    since: datetime | None
    reason: str
    retry_at: datetime | None = Field(description="from when on one job may try the device")


class Pair(_Shown):
    """The pair of regions."""

    active_region: str
    passive_region: str
    epoch: int = Field(description="grows by one at each promotion")
    version: int = Field(description="grows by one at each change")
    mode: PairMode
    since: datetime | None = Field(description="when mode or active region changed last")
    reason: str
    promoted_at: datetime | None
    hold: Hold | None
    operation: Operation | None
    audit: list[AuditEntry] = Field(description="the last changes, newest last")
    beats: dict[str, Beat] = Field(description="by region, where there is one")
    devices: list[DeviceBreaker] = Field(description="devices with something held against them")


class OperationRef(_Shown):
    """An operation that was started."""

    id: str
    kind: OperationKind
    region: str = Field(description="where it runs")
    epoch: int = Field(description="the pair's when it was asked for")


class StartedOperation(_Shown):
    """An operation was started; GET /v1/pair shows how it goes."""

    operation: OperationRef


class IssuedKey(_Shown):
    """A new API key; it is shown this once and never again."""

    tenant: str
    role: Role
    key_id: str
    api_key: str


class DisabledKey(_Shown):
    """An API key that was disabled; it may be let in for a minute more."""

    tenant: str
    key_id: str
    disabled: Literal[True]


class Place(BaseModel):
    """One wrong place of a request, named by one of the first three members."""

    pointer: str | None = Field(None, description="JSON pointer into the body")
    parameter: str | None = Field(None, description="a query parameter")
    header: str | None = None
    detail: str


class Problem(BaseModel):
    """An error (RFC 9457). Codes may have members beyond these."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: ErrorCode
    detail: str
    remedy: str
    instance: str
    request_id: str
    trace_id: str
    pointer: str | None = None
    line: int | None = Field(None, ge=1)
    column: int | None = Field(None, ge=1)
    errors: list[Place] | None = None
    devices: list[str] | None = None
    active_region: str | None = None
