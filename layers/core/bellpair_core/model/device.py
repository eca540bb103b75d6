"""Devices as Bellpair knows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from .blob import BlobRef


class DeviceKind(StrEnum):
    """Whether shots are simulated or taken on hardware."""

    SIMULATOR = "simulator"
    QPU = "qpu"


class DeviceStatus(StrEnum):
    """A device's availability, with Amazon Braket's three values in lower case."""

    ONLINE = "online"
    OFFLINE = "offline"
    RETIRED = "retired"


_FEED_FORWARD = {"measure_ff", "cc_prx", "prx"}
"""Native gates that keep what they read of a qubit, and act by what was kept."""


class DeviceTarget(BaseModel):
    """What a compiler needs to know of a device, readable without heavy libraries.

    Attributes
    ----------
    device
        Bellpair's short name of the device, such as ``"square-20"``.
    kind
        Simulator or QPU. A simulator takes ``gates`` on any qubits; a QPU takes
        ``native_gates`` on ``edges``, as a verbatim program on physical qubits.
    qubits
        Physical qubit labels, in ascending order.
    edges
        Pairs of qubits that a two-qubit gate may act on, each once with the lower label
        first; ``None`` where every pair is connected.
    gates
        OpenQASM gate names that the device accepts outside a verbatim box.
    native_gates
        OpenQASM gate names that the device accepts in a verbatim box; empty for simulators.
    one_qubit_error, readout_error
        Error probability by qubit label, 0 to 1. Readout's is the mean of the two below.
    readout_0_to_1, readout_1_to_0
        Probability by qubit label that 1 is read of a qubit in 0, and 0 of one in 1; both are
        ``readout_error`` where the maker gives one figure. Empty in documents from before they
        were kept.
    two_qubit_error
        Error probability by edge, keyed ``"a-b"`` with the lower label first, 0 to 1: of the
        native gate. An edge without a figure is not among ``edges``; see `Calibration.notes`.
    t1_us, t2_us
        Relaxation and coherence times by qubit label, microseconds; without the qubits of
        which the maker gives none.
    one_qubit_us, two_qubit_us, readout_us
        How long a native gate on one qubit, on two and a measurement take, microseconds;
        ``None`` where the maker does not publish it.
    calibrated_at
        When the maker measured all this; ``None`` where it does not say, as of simulators.
    mid_circuit
        Whether a program may measure before its end, and go on by what was measured.
    calibration_id
        Names the snapshot that this target was made from: ``"<UTC time>-<digest>"``.
    """

    model_config = ConfigDict(frozen=True)

    device: str
    kind: DeviceKind
    qubits: tuple[int, ...]
    edges: tuple[tuple[int, int], ...] | None = None
    gates: tuple[str, ...] = ()
    native_gates: tuple[str, ...] = ()
    one_qubit_error: dict[int, float] = Field(default_factory=dict)
    two_qubit_error: dict[str, float] = Field(default_factory=dict)
    readout_error: dict[int, float] = Field(default_factory=dict)
    readout_0_to_1: dict[int, float] = Field(default_factory=dict)
    readout_1_to_0: dict[int, float] = Field(default_factory=dict)
    t1_us: dict[int, float] = Field(default_factory=dict)
    t2_us: dict[int, float] = Field(default_factory=dict)
    one_qubit_us: float | None = None
    two_qubit_us: float | None = None
    readout_us: float | None = None
    calibrated_at: datetime | None = None
    mid_circuit: bool = False
    calibration_id: str

    @property
    def feeds_forward(self) -> bool:
        """Whether it measures in mid-circuit in a form that the compiler writes."""
        return self.mid_circuit and set(self.native_gates) >= _FEED_FORWARD


class TaskPrice(BaseModel):
    """What a device service charges for a task, US dollars."""

    model_config = ConfigDict(frozen=True)

    per_task_usd: float = 0.0
    per_shot_usd: float = 0.0
    per_minute_usd: float = 0.0

    def of(self, shots: int, seconds: float) -> float:
        """The price of one task that took ``shots`` and ran for ``seconds``."""
        return self.per_task_usd + shots * self.per_shot_usd + seconds / 60 * self.per_minute_usd


class ProgramSets(BaseModel):
    """What a device takes of tasks that run several programs, each with as many shots.

    Attributes
    ----------
    programs_max
        Programs of one task.
    shots_min, shots_max
        Shots of all programs of a task together.
    """

    model_config = ConfigDict(frozen=True)

    programs_max: int
    shots_max: int
    shots_min: int = 1


class RefusedCalibration(BaseModel):
    """Properties that a device service gave and that were not taken over.

    Attributes
    ----------
    calibration_id
        What the snapshot would have been called.
    reason
        What is wrong with them, and where.
    at
        When they were first seen.
    """

    model_config = ConfigDict(frozen=True)

    calibration_id: str
    reason: str
    at: datetime


class Device(BaseModel):
    """One device's entry in the catalogue.

    Attributes
    ----------
    shots_min, shots_max
        Shots that one task may ask for; of a program set, those of each of its programs.
    program_sets
        What it takes of tasks that run several programs; ``None`` where a task runs one.
    max_in_flight
        Tasks that Bellpair keeps on the device at once; ``None`` means no limit.
    queue_depth
        Tasks that wait at the device itself when last seen, or ``None`` when unknown.
    target
        Where the device's newest `DeviceTarget` is.
    calibration_id, calibrated_at
        Which snapshot the target was made from, and when the maker measured it; both of the
        last good one.
    median_one_qubit_error, median_two_qubit_error, median_readout_error
        Medians over the target's qubits and edges, 0 to 1; ``None`` where it has no figures.
    couplings
        Pairs of qubits that a two-qubit gate may act on; ``None`` where every pair may.
    mid_circuit
        Whether a program may measure before its end, and go on by what was measured.
    quality
        Success that was observed over the success that was expected, a moving mean; ``None``
        while nothing was observed.
    refused
        The properties that were refused last, while the service still gives them; what stands
        above is then of the last good ones.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    arn: str
    region: str
    kind: DeviceKind
    provider: str
    status: DeviceStatus
    num_qubits: int
    shots_min: int = 1
    shots_max: int = 100_000
    program_sets: ProgramSets | None = None
    max_in_flight: int | None = None
    queue_depth: int | None = None
    price: TaskPrice = Field(default_factory=TaskPrice)
    calibration_id: str | None = None
    calibrated_at: datetime | None = None
    target: BlobRef | None = None
    median_one_qubit_error: float | None = None
    median_two_qubit_error: float | None = None
    median_readout_error: float | None = None
    couplings: int | None = None
    mid_circuit: bool = False
    quality: float | None = None
    refused: RefusedCalibration | None = None
    seen_at: datetime
