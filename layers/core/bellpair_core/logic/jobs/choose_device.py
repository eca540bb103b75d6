"""Which device suits a job best: one pure function of the job and what is known of the devices.

The score of a device that may take the job is the product of four numbers from 0 to 1:

- its health: 1, less for each failure in a row, and for a breaker that is not closed;
- the expected success of this very program, by its shape and the device's medians of error rates
  and what was observed of it (`bellpair_core.logic.devices.device_figures`);
- patience, ``1 / (1 + wait / PATIENCE_S)``;
- thrift, ``1 / (1 + cost / THRIFT_USD)``.

What a job's constraints forbid is left out, with the reason. Equal scores go by the order in
which the devices are given.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bellpair_core.logic.devices.calibration_age import is_stale
from bellpair_core.logic.devices.device_figures import (
    expected_cost,
    expected_success,
    expected_wait,
)
from bellpair_core.model.breaker import Breaker, BreakerState
from bellpair_core.model.choice import Choice, Considered, Constraints, ProgramShape, Verdict
from bellpair_core.model.device import Device, DeviceKind, DeviceStatus
from bellpair_core.model.job import ANY_QPU, SHARED_QUEUES, Job

PATIENCE_S = 600.0
"""Wait that halves a device's score, seconds."""

THRIFT_USD = 5.0
"""Price that halves it, US dollars."""

UNKNOWN_SUCCESS = 0.5
"""What counts for a QPU of which no error rates, or for a program of which no shape is known."""

_FAILURE = 0.8
_STALE = 0.9
_DOUBTFUL = 0.1


@dataclass(frozen=True)
class Need:
    """What a job asks of a device.

    Attributes
    ----------
    asked
        The device that it asked for, or what stands for any.
    avoid, no_room
        As in the job's record.
    """

    job_id: str
    asked: str
    num_qubits: int
    shots: int
    avoid: tuple[str, ...] = ()
    no_room: Mapping[str, str] | None = None
    constraints: Constraints | None = None
    shape: ProgramShape | None = None


def need_of(job: Job) -> Need:
    """What a job asks of a device, by its record."""
    return Need(
        job_id=job.id,
        asked=job.device,
        num_qubits=job.num_qubits,
        shots=job.shots,
        avoid=job.avoid,
        no_room=job.no_room,
        constraints=job.constraints,
        shape=job.shape,
    )


@dataclass(frozen=True)
class DeviceLoad:
    """A device, the jobs that Bellpair has on it now, and what is held against it.

    Attributes
    ----------
    holders
        Ids of the jobs that hold one of the device's places.
    breaker
        ``None`` where nothing is known of it, which is as good as closed.
    starting
        Jobs that were given to it since.
    """

    device: Device
    holders: frozenset[str] = frozenset()
    breaker: Breaker | None = None
    starting: frozenset[str] = frozenset()

    @property
    def room(self) -> float:
        """How many more jobs may start; infinite where there is no limit."""
        if self.device.max_in_flight is None:
            return float("inf")
        return self.device.max_in_flight - len(self.holders | self.starting)

    @property
    def sound(self) -> bool:
        """Whether jobs may go to the device as they come, and not one alone to try it."""
        return self.breaker is None or self.breaker.state is BreakerState.CLOSED

    @property
    def in_flight(self) -> int:
        """How many unfinished tasks of the platform are on it; 0 where it takes any number."""
        return 0 if self.device.max_in_flight is None else len(self.holders | self.starting)


def choose_device(need: Need, loads: Sequence[DeviceLoad], at: datetime) -> Choice:
    """Compare the devices, and name the one to give the job to now, if there is one.

    Parameters
    ----------
    loads
        The devices, in the order that decides between equals.
    at
        Now, with a time zone. From when its breaker says, one job may try a device that is kept
        free, and does so only where no sound device can take it.
    """
    seen = [_considered(need, load, at) for load in loads if _of_the_queue(need, load.device)]
    sound = {load.device.name for load in loads if load.sound}
    ranked = sorted(
        seen, key=lambda one: (_RANK[one.verdict], one.device not in sound, -(one.score or 0.0))
    )
    if not ranked or ranked[0].verdict is not Verdict.ELIGIBLE:
        return Choice(at=at, chosen=None, considered=tuple(ranked))
    best = ranked[0]
    ranked[0] = best.model_copy(update={"verdict": Verdict.CHOSEN})
    return Choice(at=at, chosen=best.device, considered=tuple(ranked))


_RANK = {Verdict.CHOSEN: 0, Verdict.ELIGIBLE: 0, Verdict.WAITS: 1, Verdict.EXCLUDED: 2}


def unfit(job: Need, device: Device, avoid: Collection[str] = ()) -> str | None:
    """Why the device cannot run the job, however things stand; ``None`` if it can.

    Parameters
    ----------
    avoid
        Devices that the job is not to be given to, beside those that its record names.
    """
    if not _of_the_queue(job, device):
        return f"the job asked for {job.asked}"
    if job.asked == ANY_QPU and device.kind is not DeviceKind.QPU:
        return "it is no QPU"
    if job.asked in SHARED_QUEUES and (device.name in job.avoid or device.name in avoid):
        return "it failed this job before"
    return _short_of(job, device)


def _short_of(job: Need, device: Device) -> str | None:
    """What the program needs and the device does not have."""
    if job.num_qubits > device.num_qubits:
        return f"it has {device.num_qubits} qubits, and the program needs {job.num_qubits}"
    if job.shape is not None and job.shape.mid_circuit and not device.mid_circuit:
        return "it does not measure in mid-circuit, as the program needs"
    if not device.shots_min <= job.shots <= device.shots_max:
        return f"it takes {device.shots_min} to {device.shots_max} shots"
    return None


def unsuitable(need: Need, device: Device) -> str | None:
    """Why the device is not for this job, whatever its queue is: it is retired, or does not meet a
    constraint; ``None`` where neither is so."""
    if device.status is DeviceStatus.RETIRED:
        return "it is retired"
    unmet = unmet_constraint(need, device)
    return unmet.reason if unmet else None


class Unmet(NamedTuple):
    """A constraint that a device does not meet.

    Attributes
    ----------
    name
        The constraint's, as a client writes it.
    """

    name: str
    reason: str


def unmet_constraint(need: Need, device: Device) -> Unmet | None:
    """The first of kind, price and fidelity that the device does not meet; they change seldom."""
    limits = need.constraints
    if limits is None:
        return None
    if limits.kind is not None and device.kind is not limits.kind:
        return Unmet("kind", f"it is a {_kind(device.kind)}, and kind is {limits.kind.value}")
    cost = expected_cost(device, need.shots)
    if limits.max_cost_usd is not None and cost > limits.max_cost_usd:
        reason = f"{need.shots} shots cost {cost:.4g} USD, over the {limits.max_cost_usd:g} allowed"
        return Unmet("max_cost_usd", reason)
    expected = expected_success(need.shape, need.num_qubits, device)
    if limits.min_fidelity is None or (expected or 0.0) >= limits.min_fidelity:
        return None
    if expected is None:
        return Unmet(
            "min_fidelity", "its error rates are not known, and min_fidelity asks for them"
        )
    reason = (
        f"expected success {fidelity_text(expected)} is below the {limits.min_fidelity:g} asked for"
    )
    return Unmet("min_fidelity", reason)


def unavailable(need: Need, load: DeviceLoad, at: datetime) -> str | None:
    """What keeps the device from taking the job just now; ``None`` where nothing does."""
    device, breaker = load.device, load.breaker
    if device.status is not DeviceStatus.ONLINE:
        return f"it is {device.status.value}"
    if (need.no_room or {}).get(device.name) == (device.calibration_id or "none"):
        return "it has no room for the program as it is calibrated now"
    if breaker is not None and not breaker.admits(need.job_id, at):
        return breaker.reason
    # A job that waits and holds a place was about to start when its dispatcher died.
    if load.room < 1 and need.job_id not in load.holders:
        return f"its {device.max_in_flight} places are taken"
    return too_long(need, load)


def too_long(need: Need, load: DeviceLoad) -> str | None:
    """Whether, and by how much, the device would keep the job waiting longer than it may."""
    limit = need.constraints.max_wait_s if need.constraints else None
    if limit is None:
        return None
    wait = expected_wait(load.device, load.in_flight)
    if wait <= limit:
        return None
    return f"a task is expected to wait {wait:.0f} s there, over the {limit:g} s allowed"


def fidelity_text(expected: float) -> str:
    """A probability for people: three digits, however small it is."""
    return f"{expected:.3g}"


def _considered(need: Need, load: DeviceLoad, at: datetime) -> Considered:
    device = load.device
    health, doubts = _health(load, at)
    expected = expected_success(need.shape, need.num_qubits, device)
    cost = expected_cost(device, need.shots)
    wait = expected_wait(device, load.in_flight)
    seen = Considered(
        device=device.name,
        verdict=Verdict.EXCLUDED,
        reason="",
        health=health,
        expected_success=expected,
        cost_usd=cost,
        wait_s=wait,
    )
    if (why := unfit(need, device) or unsuitable(need, device)) is not None:
        return seen.model_copy(update={"reason": why})
    if (why := unavailable(need, load, at)) is not None:
        return seen.model_copy(update={"verdict": Verdict.WAITS, "reason": why})
    success = UNKNOWN_SUCCESS if expected is None else expected
    score = health * success / (1 + wait / PATIENCE_S) / (1 + cost / THRIFT_USD)
    told = (
        "expected success unknown"
        if expected is None
        else f"expected success {fidelity_text(expected)}"
    )
    reason = ", ".join([told, f"{cost:.4g} USD", f"a wait of {wait:.0f} s", *doubts])
    return seen.model_copy(
        update={"verdict": Verdict.ELIGIBLE, "reason": reason, "score": round(score, 6)}
    )


def _health(load: DeviceLoad, at: datetime) -> tuple[float, list[str]]:
    """A device's health, 0 to 1, and what lowers it, for people."""
    device, breaker = load.device, load.breaker
    if device.status is not DeviceStatus.ONLINE:
        return 0.0, []
    health, doubts = 1.0, []
    if breaker is not None and breaker.state is not BreakerState.CLOSED:
        health, doubts = _DOUBTFUL, [f"to try whether it works again ({breaker.reason})"]
    elif breaker is not None and breaker.failures:
        health = _FAILURE**breaker.failures
        doubts = [f"failures in a row: {breaker.failures}"]
    # What has no figures has none that could have grown old.
    if device.median_two_qubit_error is not None and is_stale(device, at):
        health *= _STALE
        doubts.append("its calibration is old")
    if device.quality is not None and device.quality < 1:
        doubts.append(f"observed success {device.quality:.2f} of the expected")
    return health, doubts


def _of_the_queue(need: Need, device: Device) -> bool:
    return need.asked in SHARED_QUEUES or need.asked == device.name


def _kind(kind: DeviceKind) -> str:
    return "QPU" if kind is DeviceKind.QPU else "simulator"
