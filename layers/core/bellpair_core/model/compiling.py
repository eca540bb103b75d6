"""What is known of a compiled program beside its text: what it uses, and why it was replaced."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class DeviceUse(BaseModel):
    """What a compiled program asks of its device: enough to judge it by another calibration.

    Attributes
    ----------
    one_qubit
        Native one-qubit gates by qubit.
    two_qubit
        Native two-qubit gates by edge, keyed ``"a-b"`` with the lower label first.
    measured
        Qubits that are measured, in ascending order.
    success
        Probability, 0 to 1, that none of these errs, by the rates of the calibration that it was
        compiled against alone: the yardstick for the same figure by another's.
    target
        SHA-256 of what that calibration says, whatever its name and date.
    """

    model_config = ConfigDict(frozen=True)

    one_qubit: dict[int, int] = Field(default_factory=dict)
    two_qubit: dict[str, int] = Field(default_factory=dict)
    measured: tuple[int, ...] = ()
    success: float = 1.0
    target: str = ""


class Superseded(BaseModel):
    """A compiled form that was given up before its task was made.

    Attributes
    ----------
    calibration_id
        What it was compiled against.
    by
        The calibration that took its place; the same one where that is not trusted any more.
    why
        For people.
    estimated_success
        Of the form when it was compiled; ``None`` where that is not known.
    rescored
        The same by the newer calibration; 0 where the device cannot run the form any more.
    """

    model_config = ConfigDict(frozen=True)

    calibration_id: str
    by: str
    why: str
    estimated_success: float | None = None
    rescored: float | None = None
