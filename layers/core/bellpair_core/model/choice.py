"""How a device is chosen for a job: what was asked of it, and how each device compared."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from .device import DeviceKind


class Constraints(BaseModel):
    """What a device must offer to be given a job; a device that does not is left out.

    Attributes
    ----------
    min_fidelity
        The least expected success of the circuit on the device, 0 to 1.
    max_cost_usd
        The most that the job's task may cost, US dollars.
    max_wait_s
        The longest that the device is expected to keep a task waiting, seconds.
    kind
        Simulator or QPU.
    """

    model_config = ConfigDict(frozen=True)

    min_fidelity: float | None = Field(
        None,
        gt=0,
        le=1,
        allow_inf_nan=False,
        description="a number over 0 and up to 1: the least expected success of the circuit",
    )
    max_cost_usd: float | None = Field(
        None,
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
        description="a number from 0: the most that the job's task may cost, US dollars",
    )
    max_wait_s: float | None = Field(
        None,
        ge=0,
        le=172_800,
        allow_inf_nan=False,
        description="a number from 0 to 172800: the longest that a device is expected to keep a"
        " task waiting, seconds",
    )
    kind: DeviceKind | None = Field(None, strict=False, description='"qpu" or "simulator"')


class AskedConstraints(Constraints):
    """Constraints as a client states them: nothing is passed over, nothing is guessed."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, title="Constraints"
    )

    def stored(self) -> Constraints | None:
        """As a job's record keeps them; ``None`` where nothing is asked for."""
        constraints = Constraints(**dict(self))
        return None if constraints == Constraints() else constraints


class ProgramShape(BaseModel):
    """As much of a program as its expected success on a device depends on, loops written out.

    Attributes
    ----------
    one_qubit_gates, two_qubit_gates
        Gate applications; one on more than two qubits counts as the two-qubit gates that it is
        commonly written as.
    depth
        Layers of gates of which no two share a qubit.
    interactions
        Different pairs of qubits that share a gate.
    measured
        Measured qubits.
    needed_two_qubit_gates
        The two-qubit gates that are left where qubits' known states spare the others; ``None`` in
        records of before they were counted.
    mid_circuit
        Whether only a device runs it that measures in mid-circuit, and goes on by what it read.
    """

    model_config = ConfigDict(frozen=True)

    one_qubit_gates: int
    two_qubit_gates: int
    depth: int
    interactions: int
    measured: int
    needed_two_qubit_gates: int | None = None
    mid_circuit: bool = False


class Verdict(StrEnum):
    """What a choice says of one device."""

    CHOSEN = "chosen"
    ELIGIBLE = "eligible"
    WAITS = "waits"
    EXCLUDED = "excluded"


class Considered(BaseModel):
    """One device, as a choice saw it.

    Attributes
    ----------
    verdict
        Chosen; eligible, which another was preferred to; one that could take the job, but not
        now; excluded, which cannot.
    reason
        For people: what decided it.
    score
        0 to 1, the higher the better; ``None`` for a device that could not be chosen.
    health
        0 to 1: 1 is online with nothing held against it.
    expected_success
        Of the circuit on the device, 0 to 1, by the device's medians of error rates and what was
        observed of it; ``None`` where neither is known.
    cost_usd
        Of the job's task, US dollars.
    wait_s
        How long a task is expected to wait at the device, seconds; ``None`` where unknown.
    """

    model_config = ConfigDict(frozen=True)

    device: str
    verdict: Verdict
    reason: str
    score: float | None = None
    health: float = 0.0
    expected_success: float | None = None
    cost_usd: float = 0.0
    wait_s: float | None = None


class Choice(BaseModel):
    """Which device a job was given to, and why it and none of the others.

    Attributes
    ----------
    chosen
        The device; ``None`` where the job waits.
    considered
        Every device that the job might have been given to, the best first.
    """

    model_config = ConfigDict(frozen=True)

    at: datetime
    chosen: str | None
    considered: tuple[Considered, ...]
