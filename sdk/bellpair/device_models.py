"""What the API says of devices' calibrations, as typed values."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from bellpair.models import Answer, RefusedCalibration


class Medians(Answer):
    """Medians over a device's qubits and edges; ``None`` is unknown.

    Attributes
    ----------
    one_qubit_error, two_qubit_error, readout_error
        Probabilities, 0 to 1.
    t1_us, t2_us
        Microseconds.
    """

    one_qubit_error: float | None = None
    two_qubit_error: float | None = None
    readout_error: float | None = None
    t1_us: float | None = None
    t2_us: float | None = None


class Drift(Answer):
    """How a calibration differs from those before it.

    Attributes
    ----------
    baseline
        How many it was compared with; too few give no scores.
    worst
        The largest robust z-score. Above 0 is worse than usual, and over 3.5 calls for a look.
    medians
        z-score of each of the `Medians`, by its name.
    dead_qubits, dead_edges, recovered_qubits, recovered_edges
        What is there no more, and what is there again.
    """

    baseline: int = 0
    worst: float | None = None
    medians: dict[str, float] = Field(default_factory=dict)
    dead_qubits: list[int] = Field(default_factory=list)
    dead_edges: list[str] = Field(default_factory=list)
    recovered_qubits: list[int] = Field(default_factory=list)
    recovered_edges: list[str] = Field(default_factory=list)


class CalibratedQubit(Answer):
    """One qubit: error probabilities from 0 to 1, times in microseconds; ``None`` is unknown.

    Attributes
    ----------
    readout_error
        Mean of the two below.
    readout_0_to_1, readout_1_to_0
        Probability that 1 is read of a qubit in 0, and 0 of one in 1.
    drift
        z-score of the figure that differs most from what it used to be.
    """

    qubit: int
    one_qubit_error: float | None = None
    readout_error: float | None = None
    readout_0_to_1: float | None = None
    readout_1_to_0: float | None = None
    t1_us: float | None = None
    t2_us: float | None = None
    drift: float | None = None


class CalibratedEdge(Answer):
    """A pair of qubits, the error probability of their native gate, and its drift's z-score."""

    qubits: tuple[int, int]
    two_qubit_error: float
    drift: float | None = None


class Durations(Answer):
    """How long operations take, microseconds; ``None`` where the maker does not publish it."""

    one_qubit: float | None = None
    two_qubit: float | None = None
    readout: float | None = None


class Calibration(Answer):
    """What a device's programs are compiled by.

    Attributes
    ----------
    calibrated_at
        When its maker measured it; ``None`` where that is not said.
    age_s, stale
        Seconds since then, and whether that is too long for its error rates to be relied on.
    seen_at, checked_at
        When it was first brought in, and when the device service was last asked.
    quality
        Success that was observed over the success that was expected.
    all_to_all
        Whether every pair of qubits is connected.
    notes
        What was left out, and why.
    refused
        What the device service says now, if that cannot be.
    """

    device: str
    calibration_id: str
    calibrated_at: datetime | None = None
    age_s: float | None = None
    stale: bool = False
    seen_at: datetime | None = None
    checked_at: datetime | None = None
    quality: float | None = None
    medians: Medians = Field(default_factory=Medians)
    durations_us: Durations = Field(default_factory=Durations)
    native_gates: list[str] = Field(default_factory=list)
    mid_circuit: bool = False
    all_to_all: bool = False
    qubits: list[CalibratedQubit] = Field(default_factory=list)
    edges: list[CalibratedEdge] = Field(default_factory=list)
    drift: Drift = Field(default_factory=Drift)
    notes: list[str] = Field(default_factory=list)
    refused: RefusedCalibration | None = None


class Snapshot(Answer):
    """One calibration of a series, or one that was refused.

    Attributes
    ----------
    refused
        Why it was not taken over; ``None`` of a good one.
    num_edges
        ``None`` where all qubits are connected.
    """

    calibration_id: str
    calibrated_at: datetime | None = None
    seen_at: datetime | None = None
    region: str | None = None
    refused: str | None = None
    num_qubits: int | None = None
    num_edges: int | None = None
    medians: Medians = Field(default_factory=Medians)
    drift: Drift = Field(default_factory=Drift)
    notes: list[str] = Field(default_factory=list)


class IngestedDevice(Answer):
    """What came of bringing a device in.

    Attributes
    ----------
    calibration_id, new
        The device's calibration now, and whether it was not known before.
    problem, refused
        Why what the device says was not taken over, and whether it was had at all.
    """

    device: str
    calibration_id: str | None = None
    new: bool = False
    problem: str | None = None
    refused: bool = False
