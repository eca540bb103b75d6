"""Estimate a program on every device that it might run on, without running it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from bellpair_core.logic.devices.asked_device import known_device
from bellpair_core.logic.devices.device_breaker import Breakers
from bellpair_core.logic.devices.device_figures import expected_duration_us
from bellpair_core.model.choice import AskedConstraints, Choice, ProgramShape
from bellpair_core.model.device import Device, DeviceTarget
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.job import SHARED_QUEUES
from bellpair_core.model.limits import SHOTS_MAX, SHOTS_MIN
from bellpair_core.openqasm import ProgramFacts
from bellpair_core.ports import Blobs, Clock, Ledger

from .checked_program import checked_program, shape_of
from .choose_device import Need, choose_device
from .device_loads import load_of


class EstimateRequest(BaseModel):
    """What is to be estimated; each description also tells what should be there."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, title="EstimateRequest"
    )

    source: str = Field(
        min_length=1, description="the OpenQASM 2 or 3 program, a text of at most 1 MiB in UTF-8"
    )
    shots: int = Field(
        1000,
        ge=SHOTS_MIN,
        le=SHOTS_MAX,
        description=f"a whole number from {SHOTS_MIN} to {SHOTS_MAX}: how often the circuit is run",
    )
    device: str = Field(
        "any",
        min_length=1,
        max_length=64,
        description='the name of a device as in GET /v1/devices, "any", or "any-qpu"',
    )
    constraints: AskedConstraints = Field(
        default_factory=AskedConstraints,
        description="a JSON object with what a device must offer: min_fidelity, max_cost_usd,"
        " max_wait_s, kind",
    )


class Estimate(NamedTuple):
    """A program's shape, and how the devices compare for it.

    Attributes
    ----------
    durations_us
        How long one shot takes, microseconds, by device; of those that publish their gate times.
    """

    facts: ProgramFacts
    shape: ProgramShape
    choice: Choice
    durations_us: dict[str, float]


def estimate_program(
    request: EstimateRequest,
    *,
    ledger: Ledger,
    blobs: Blobs,
    devices: Callable[[], Sequence[Device]],
    breakers: Breakers,
    clock: Clock,
) -> Estimate:
    """Compare the devices for a program as if it were submitted now; nothing is stored.

    Raises
    ------
    BellpairError
        As for a submission, where the program is refused or there is no such device.
    """
    facts = checked_program(request.source, mid_circuit=True)
    shape = shape_of(facts)
    need = Need(
        job_id="",
        asked=request.device,
        num_qubits=facts.num_qubits,
        shots=request.shots,
        constraints=request.constraints.stored(),
        shape=shape,
    )
    known = devices()
    if request.device not in SHARED_QUEUES:
        known_device(known, request.device)
    loads = [load_of(device, ledger, breakers) for device in known]
    choice = choose_device(need, loads, clock())
    durations: dict[str, float] = {}
    for device in known:
        took = _duration(device, shape, facts.num_qubits, blobs)
        if took is not None:
            durations[device.name] = round(took, 3)
    return Estimate(facts, shape, choice, durations)


def _duration(device: Device, shape: ProgramShape, num_qubits: int, blobs: Blobs) -> float | None:
    if device.target is None or num_qubits > device.num_qubits:
        return None
    try:
        target = DeviceTarget.model_validate_json(blobs.get(device.target))
    except TransientFault:
        return None
    return expected_duration_us(shape, num_qubits, device, target)
