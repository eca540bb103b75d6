"""Answers on calibrations as models, from which their schema is made."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from bellpair_core.model.calibration import Medians

from .schemas import RefusedCalibration


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DurationsUs(_Shown):
    """How long operations take, microseconds; null where that is not published."""

    one_qubit: float | None
    two_qubit: float | None
    readout: float | None


class CalibrationDrift(_Shown):
    """How a snapshot differs from those before it. A z-score above 0 is worse than usual, and
    one over 3.5 calls for a look."""

    baseline: int = Field(description="snapshots that it was compared with; too few give no scores")
    worst: float | None = Field(description="the largest z-score of all")
    medians: dict[str, float] = Field(description="z-score of each median")
    dead_qubits: list[int] = Field(description="there in the snapshot before, and now not")
    dead_edges: list[str]
    recovered_qubits: list[int] = Field(description="there again")
    recovered_edges: list[str]


class CalibratedQubit(_Shown):
    """One qubit; null is unknown."""

    qubit: int
    one_qubit_error: float | None = Field(description="probability, of a native gate")
    readout_error: float | None = Field(description="mean of the two below")
    readout_0_to_1: float | None = Field(description="probability that 1 is read of a 0")
    readout_1_to_0: float | None = Field(description="probability that 0 is read of a 1")
    t1_us: float | None
    t2_us: float | None
    drift: float | None = Field(description="z-score of the figure that differs most from before")


class CalibratedEdge(_Shown):
    """One edge."""

    qubits: tuple[int, int]
    two_qubit_error: float = Field(description="probability, of a native gate")
    drift: float | None = Field(description="z-score")


class Calibration(_Shown):
    """What a device's programs are compiled by."""

    device: str
    calibration_id: str
    calibrated_at: datetime | None = Field(
        description="when its maker measured it; null where that is not said"
    )
    age_s: float | None = Field(description="seconds since then")
    stale: bool = Field(description="whether it is too old for its error rates to be relied on")
    seen_at: datetime | None = Field(description="when it was first brought in")
    checked_at: datetime = Field(description="when the device service was last asked")
    quality: float | None = Field(description="success observed over success expected")
    medians: Medians
    durations_us: DurationsUs
    native_gates: list[str]
    mid_circuit: bool = Field(description="whether programs may measure before their end")
    all_to_all: bool = Field(description="whether every pair of qubits is connected")
    qubits: list[CalibratedQubit]
    edges: list[CalibratedEdge]
    drift: CalibrationDrift
    notes: list[str] = Field(description="what was left out, and why")
    refused: RefusedCalibration | None = Field(
        description="what the device service says now, if that cannot be"
    )


class Snapshot(_Shown):
    """One calibration of a series, or one that was refused."""

    calibration_id: str
    calibrated_at: datetime | None
    seen_at: datetime
    region: str = Field(description="which brought it in")
    refused: str | None = Field(description="why it was not taken over; null of a good one")
    num_qubits: int
    num_edges: int | None = Field(description="null where all are connected")
    medians: Medians
    drift: CalibrationDrift
    notes: list[str]


class CalibrationList(_Shown):
    """A device's snapshots, newest first."""

    device: str
    calibrations: list[Snapshot]


class IngestedDevice(_Shown):
    """What came of bringing a device in."""

    device: str
    calibration_id: str | None = Field(description="the device's calibration now")
    new: bool = Field(description="whether it was not known before")
    problem: str | None = Field(description="why what the device says was not taken over")
    refused: bool = Field(description="whether it was had, and cannot be")
