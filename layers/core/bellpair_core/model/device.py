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
        Error probability by qubit label, 0 to 1.
    two_qubit_error
        Error probability by edge, keyed ``"a-b"`` with the lower label first, 0 to 1.
    t1_us, t2_us
        Relaxation and coherence times by qubit label, microseconds.
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
    t1_us: dict[int, float] = Field(default_factory=dict)
    t2_us: dict[int, float] = Field(default_factory=dict)
    calibration_id: str


class TaskPrice(BaseModel):
    """What a device service charges for a task, US dollars."""

    model_config = ConfigDict(frozen=True)

    per_task_usd: float = 0.0
    per_shot_usd: float = 0.0
    per_minute_usd: float = 0.0

    def of(self, shots: int, seconds: float) -> float:
        """The price of one task that took ``shots`` and ran for ``seconds``."""
        return self.per_task_usd + shots * self.per_shot_usd + seconds / 60 * self.per_minute_usd


class Device(BaseModel):
    """One device's entry in the catalogue.

    Attributes
    ----------
    shots_min, shots_max
        Shots that one task may ask for.
    max_in_flight
        Tasks that Bellpair keeps on the device at once; ``None`` means no limit.
    queue_depth
        Tasks that wait at the device itself when last seen, or ``None`` when unknown.
    target
        Where the device's newest `DeviceTarget` is.
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
    max_in_flight: int | None = None
    queue_depth: int | None = None
    price: TaskPrice = Field(default_factory=TaskPrice)
    calibration_id: str | None = None
    target: BlobRef | None = None
    seen_at: datetime
