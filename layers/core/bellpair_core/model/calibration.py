"""Dated snapshots of what a device's maker measured."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from .blob import BlobRef


class Medians(BaseModel):
    """Medians over a snapshot's qubits and edges; ``None`` where it has no figures.

    Attributes
    ----------
    one_qubit_error, two_qubit_error, readout_error
        Probabilities, 0 to 1.
    t1_us, t2_us
        Microseconds.
    """

    model_config = ConfigDict(frozen=True)

    one_qubit_error: float | None = None
    two_qubit_error: float | None = None
    readout_error: float | None = None
    t1_us: float | None = None
    t2_us: float | None = None


class Drift(BaseModel):
    """How a snapshot differs from those before it.

    Attributes
    ----------
    baseline
        How many snapshots before it there were to compare with.
    medians
        Robust z-score of each of the `Medians` by its name. Above 0 is worse than it used to
        be, below 0 better.
    qubits, edges
        Robust z-score by qubit label and by edge (``"a-b"``): of the figures of one, that
        which differs most. Empty for edges of which only a mean over the device is known.
    dead_qubits, dead_edges
        What the snapshot before had and this one has not.
    recovered_qubits, recovered_edges
        What the snapshot before had not, and one before that had.
    """

    model_config = ConfigDict(frozen=True)

    baseline: int = 0
    medians: dict[str, float] = Field(default_factory=dict)
    qubits: dict[int, float] = Field(default_factory=dict)
    edges: dict[str, float] = Field(default_factory=dict)
    dead_qubits: tuple[int, ...] = ()
    dead_edges: tuple[str, ...] = ()
    recovered_qubits: tuple[int, ...] = ()
    recovered_edges: tuple[str, ...] = ()

    @property
    def worst(self) -> float | None:
        """The largest z-score of all; ``None`` where there is nothing to compare with."""
        scores = (self.medians, self.qubits, self.edges)
        return max((score for of in scores for score in of.values()), default=None)


class Calibration(BaseModel):
    """One snapshot, or the refusal of one.

    Attributes
    ----------
    id
        ``"<UTC time>-<digest>"``: of when it was measured, else first seen, and of what it says,
        so that whoever brings the same properties in makes the same snapshot. Ids are in the
        order of their times.
    calibrated_at
        When the maker measured; ``None`` where it does not say.
    seen_at, region
        When and where it was first brought in.
    target
        Where its `DeviceTarget` is; ``None`` of a refused one.
    notes
        What was left out of the target, and why.
    refused
        Why it was not taken over; ``None`` of a good one.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    device: str
    calibrated_at: datetime | None = None
    seen_at: datetime
    region: str
    target: BlobRef | None = None
    num_qubits: int = 0
    num_edges: int | None = None
    medians: Medians = Medians()
    drift: Drift = Drift()
    notes: tuple[str, ...] = ()
    refused: str | None = None


class Ingested(BaseModel):
    """What came of bringing one device in.

    Attributes
    ----------
    calibration_id
        The device's calibration now; ``None`` where there is none.
    new
        Whether it was not known before.
    problem
        Why the device's properties were not taken over: they could not be had, or were refused.
    refused
        Whether it was the latter.
    """

    model_config = ConfigDict(frozen=True)

    calibration_id: str | None
    new: bool = False
    problem: str | None = None
    refused: bool = False
