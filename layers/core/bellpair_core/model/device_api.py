"""The documents of Bellpair's device API, by which a maker's own service offers a QPU.

The requests are listed in docs/devices.md, from which a service can be written, and
docs/device-api.json is made of the models here. A document names its form and version in
``schema``. A reader ignores members that it does not know, so that a service may add its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    model_validator,
)

from .device import DeviceKind, DeviceStatus
from .limits import SHOTS_MAX, SOURCE_BYTES_MAX, TASK_ID_CHARACTERS_MAX

CALIBRATION_FORMAT = "bellpair.calibration/1"

Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Microseconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Qubit = Annotated[int, Field(ge=0, le=99_999)]
TaskId = Annotated[str, Field(min_length=1, max_length=TASK_ID_CHARACTERS_MAX, pattern=r"^[!-~]+$")]
GateName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class PriceDocument(_Document):
    """What a task costs, in US dollars: the sum of the three."""

    per_task_usd: Dollars = 0.0
    per_shot_usd: Dollars = 0.0
    per_minute_usd: Dollars = 0.0


class DeviceDocument(_Document):
    """``GET /device``: what the device is, and how it is now.

    Attributes
    ----------
    queue_depth
        Tasks that wait; ``null`` where that is not told.
    price
        What a task costs; ``null`` where that is not told.
    """

    form: Literal["bellpair.device/1"] = Field("bellpair.device/1", alias="schema")
    name: str = Field(min_length=1, max_length=128)
    provider: str = Field(min_length=1, max_length=128)
    kind: DeviceKind
    status: DeviceStatus
    shots_min: int = Field(1, ge=1)
    shots_max: int = Field(SHOTS_MAX, ge=1)
    queue_depth: NonNegativeInt | None = None
    price: PriceDocument | None = None

    @model_validator(mode="after")
    def _takes_shots(self) -> Self:
        if self.shots_min > self.shots_max:
            raise ValueError(f"shots_min {self.shots_min} is more than shots_max {self.shots_max}")
        return self


class QubitDocument(_Document):
    """One qubit: error probabilities from 0 to 1, times in microseconds; ``null`` is unknown.

    Attributes
    ----------
    one_qubit_error
        Of one native gate on the qubit.
    readout_0_to_1, readout_1_to_0
        Probability that 1 is read of a qubit in 0, and that 0 is read of one in 1.
    t1_us, t2_us
        Relaxation and coherence times.
    """

    label: Qubit
    one_qubit_error: Probability | None = None
    readout_0_to_1: Probability | None = None
    readout_1_to_0: Probability | None = None
    t1_us: Microseconds | None = None
    t2_us: Microseconds | None = None


class CouplingDocument(_Document):
    """Two qubits that a native two-qubit gate may act on.

    Attributes
    ----------
    error
        The gate's error probability; where it is left out, the document's ``two_qubit_error``.
    """

    qubits: tuple[Qubit, Qubit]
    error: Probability | None = None


class CalibrationDocument(_Document):
    """``GET /calibration``: what the device was last measured to be.

    What is dead is left out.

    Attributes
    ----------
    measured_at
        When, with its offset from UTC.
    couplings
        ``null`` where every two qubits are connected.
    two_qubit_error
        Error probability of a native two-qubit gate, where its coupling gives none of its own.
    gates
        OpenQASM gates that a program may use outside of a verbatim box: a simulator's.
    native_gates
        OpenQASM gates that a program may use inside of one: a QPU's.
    one_qubit_us, two_qubit_us, readout_us
        How long a native gate and a measurement take.
    mid_circuit
        Whether programs may measure, and act on what was measured, before their end: by
        ``measure_ff(key) $1`` and ``cc_prx(angle, axis, key) $2``, which are then native gates.
    """

    form: Literal["bellpair.calibration/1"] = Field("bellpair.calibration/1", alias="schema")
    measured_at: AwareDatetime
    qubits: tuple[QubitDocument, ...] = Field(min_length=1)
    couplings: tuple[CouplingDocument, ...] | None = None
    two_qubit_error: Probability | None = None
    gates: tuple[GateName, ...] = ()
    native_gates: tuple[GateName, ...] = ()
    one_qubit_us: Microseconds | None = None
    two_qubit_us: Microseconds | None = None
    readout_us: Microseconds | None = None
    mid_circuit: bool = False

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        labels = [qubit.label for qubit in self.qubits]
        if len(set(labels)) < len(labels):
            twice = sorted({label for label in labels if labels.count(label) > 1})
            raise ValueError(f"qubits {twice} are there twice")
        seen: set[frozenset[int]] = set()
        for coupling in self.couplings or ():
            pair = frozenset(coupling.qubits)
            if len(pair) < 2 or not pair <= set(labels):
                raise ValueError(f"coupling {list(coupling.qubits)} joins no two of the qubits")
            if pair in seen:
                raise ValueError(f"coupling {list(coupling.qubits)} is there twice")
            seen.add(pair)
        if not self.gates and not self.native_gates:
            raise ValueError("there are no gates: give native_gates, or gates for a simulator")
        return self


class TaskRequest(_Document):
    """``POST /tasks``: a program to be run, with its client token in ``Idempotency-Key``.

    Attributes
    ----------
    program
        OpenQASM 3 without includes: for a QPU one verbatim box of native gates on physical
        qubits, then measurements.
    job
        The job that it is for, for the maker's own records.
    """

    form: Literal["bellpair.task-request/1"] = Field("bellpair.task-request/1", alias="schema")
    program: str = Field(min_length=1, max_length=16 * SOURCE_BYTES_MAX)
    shots: int = Field(ge=1)
    job: str = ""


class TaskPhase(StrEnum):
    """How far a task is. The last three are its end."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TaskDocument(_Document):
    """``GET /tasks/{id}``: how far the task is.

    ``POST /tasks`` and ``DELETE /tasks/{id}`` answer with it too.

    Attributes
    ----------
    id
        The service's own name of the task: visible ASCII characters.
    queue_position
        1 for the next; ``null`` where that is not told, or the task does not wait.
    failure
        Why a failed task failed, for people.
    """

    form: Literal["bellpair.task/1"] = Field("bellpair.task/1", alias="schema")
    id: TaskId
    status: TaskPhase
    queue_position: NonNegativeInt | None = None
    failure: str | None = None
    created_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None


class ResultDocument(_Document):
    """``GET /tasks/{id}/result``: what a completed task measured.

    Attributes
    ----------
    qubits
        The measured physical qubits, each once.
    counts
        Shots by text of 0 and 1, whose first character is the value of the first of ``qubits``.
    """

    form: Literal["bellpair.result/1"] = Field("bellpair.result/1", alias="schema")
    qubits: tuple[Qubit, ...] = Field(min_length=1)
    counts: dict[str, NonNegativeInt] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(set(self.qubits)) < len(self.qubits):
            raise ValueError("a qubit is there twice")
        width = len(self.qubits)
        for text in self.counts:
            if len(text) != width or set(text) - {"0", "1"}:
                raise ValueError(f"{text[:40]!r} has not one 0 or 1 for each of {width} qubits")
        return self


class HealthDocument(_Document):
    """``GET /health``: whether tasks are taken now, and why not."""

    form: Literal["bellpair.health/1"] = Field("bellpair.health/1", alias="schema")
    status: DeviceStatus
    detail: str = ""


class QueueDocument(_Document):
    """``GET /queue``: how many tasks wait; ``null`` where that is not told."""

    form: Literal["bellpair.queue/1"] = Field("bellpair.queue/1", alias="schema")
    waiting: NonNegativeInt | None


class ProblemCode(StrEnum):
    """What a problem is; a code alone decides what becomes of a job, never an HTTP status.

    A gateway on the way may answer with any status, and no job is to end by that.
    """

    PROGRAM_REFUSED = "program-refused"
    TOKEN_REUSED = "token-reused"
    DEVICE_OFFLINE = "device-offline"
    DEVICE_RETIRED = "device-retired"
    TASK_UNKNOWN = "task-unknown"
    TASK_OVER = "task-over"
    RESULT_MISSING = "result-missing"
    BUSY = "busy"
    UNAUTHORIZED = "unauthorized"


PROBLEMS: Mapping[ProblemCode, tuple[int, str]] = {
    ProblemCode.PROGRAM_REFUSED: (422, "The program, or its shots, will never be taken."),
    ProblemCode.TOKEN_REUSED: (409, "The Idempotency-Key belongs to another request."),
    ProblemCode.DEVICE_OFFLINE: (503, "The device takes no tasks for now."),
    ProblemCode.DEVICE_RETIRED: (410, "The device takes no tasks any more."),
    ProblemCode.TASK_UNKNOWN: (404, "There is no such task."),
    ProblemCode.TASK_OVER: (409, "The task is over, and cannot be cancelled."),
    ProblemCode.RESULT_MISSING: (404, "The task has no result: not yet, never, or not any more."),
    ProblemCode.BUSY: (429, "There is too much to do; Retry-After may say when to come back."),
    ProblemCode.UNAUTHORIZED: (401, "The bearer token is not good."),
}
"""The HTTP status that each is answered with, and what it means."""


class ProblemDocument(_Document):
    """What is answered with a status from 400 on, as ``application/problem+json``.

    Attributes
    ----------
    detail
        What is wrong, for people; of a refused program the line and the gate.
    """

    code: ProblemCode
    detail: str = ""
