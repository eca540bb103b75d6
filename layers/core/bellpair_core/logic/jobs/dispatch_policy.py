"""Which waiting job goes next: one pure function, to be replaced by better policies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bellpair_core.model.breaker import Breaker, BreakerState
from bellpair_core.model.device import Device, DeviceKind, DeviceStatus
from bellpair_core.model.job import ANY_DEVICE, ANY_QPU, Job
from bellpair_core.model.tenant import Tenant
from bellpair_core.ports.ledger import WaitingJob


@dataclass(frozen=True)
class DeviceLoad:
    """A device, the jobs that Bellpair has on it now, and what is held against it.

    Attributes
    ----------
    holders
        Ids of the jobs that hold one of the device's places.
    breaker
        ``None`` where nothing is known of it, which is as good as closed.
    """

    device: Device
    holders: frozenset[str] = frozenset()
    breaker: Breaker | None = None

    @property
    def room(self) -> float:
        """How many more jobs may start; infinite where there is no limit."""
        if self.device.max_in_flight is None:
            return float("inf")
        return self.device.max_in_flight - len(self.holders)

    @property
    def sound(self) -> bool:
        """Whether jobs may go to the device as they come, and not one alone to try it."""
        return self.breaker is None or self.breaker.state is BreakerState.CLOSED


@dataclass(frozen=True)
class Start:
    """The decision to start one job on one device.

    Attributes
    ----------
    probes
        The device's breaker where the job is to try whether the device works again.
    """

    job: WaitingJob
    device: Device
    probes: Breaker | None = None


def choose(
    waiting: Sequence[WaitingJob],
    loads: Sequence[DeviceLoad],
    tenants: Mapping[str, Tenant],
    at: datetime,
) -> list[Start]:
    """First come, first served.

    Parameters
    ----------
    waiting
        Jobs of any queues, in any order.
    loads
        The devices in the order in which a job for any device prefers them. A job for any QPU
        prefers the one with the smallest part of its places taken.
    tenants
        Tenants by name; a fairer policy weighs them, this one does not.
    at
        Now. From when its breaker says, one job may try a device that is kept free.

    Returns
    -------
    list of Start
        In the order in which to start.
    """
    board = _Board(loads, at)
    starts = []
    for job in sorted(waiting, key=lambda job: (job.accepted_at, job.job_id)):
        for load in board.preferred(job):
            if (start := board.start(job, load)) is not None:
                starts.append(start)
                break
    return starts


class _Board:
    """What is free on the devices while starts are being decided."""

    def __init__(self, loads: Sequence[DeviceLoad], at: datetime) -> None:
        self._loads = loads
        self._at = at
        self._room = {load.device.name: load.room for load in loads}
        self._probed: set[str] = set()

    def preferred(self, job: WaitingJob) -> Sequence[DeviceLoad]:
        """The devices that the job may go to, the best first."""
        fitting = [load for load in self._loads if fits(job, load.device)]
        if job.device == ANY_QPU:
            fitting.sort(key=self._filling)
        # Nobody tries a doubtful device who could go to a sound one.
        return sorted(fitting, key=lambda load: not load.sound)

    def start(self, job: WaitingJob, load: DeviceLoad) -> Start | None:
        """The job's start on the device, if it has room for it and admits it."""
        name = load.device.name
        if not load.sound and (name in self._probed or not self._admits(load, job)):
            return None
        # A job that waits and holds a place was about to start when its dispatcher died.
        holds = job.job_id in load.holders
        if not holds and self._room[name] < 1:
            return None
        self._room[name] -= not holds
        if load.sound:
            return Start(job, load.device)
        self._probed.add(name)
        return Start(job, load.device, probes=load.breaker)

    def _admits(self, load: DeviceLoad, job: WaitingJob) -> bool:
        return load.breaker is None or load.breaker.admits(job.job_id, self._at)

    def _filling(self, load: DeviceLoad) -> float:
        places = load.device.max_in_flight
        return 1 - self._room[load.device.name] / places if places else 0.0


def fits(job: WaitingJob | Job, device: Device) -> bool:
    """Whether the job may be given to the device, and the device can run it now."""
    return device.status is DeviceStatus.ONLINE and could_run(job, device) and has_room(job, device)


def has_room(job: WaitingJob | Job, device: Device) -> bool:
    """Whether it is not known that the device, as it is calibrated, has no room for the job."""
    return job.no_room.get(device.name) != calibration_of(device)


def calibration_of(device: Device) -> str:
    """What the device's calibration is called; a device without one is like itself only."""
    return device.calibration_id or "none"


def could_run(job: WaitingJob | Job, device: Device, avoid: Collection[str] = ()) -> bool:
    """Whether the job may be given to the device, and the device can run it when it is online.

    Parameters
    ----------
    avoid
        Devices that the job is not to be given to, beside those that its record names.
    """
    if job.device == ANY_QPU and device.kind is not DeviceKind.QPU:
        return False
    if job.device in (ANY_DEVICE, ANY_QPU):
        if device.name in job.avoid or device.name in avoid:
            return False
    elif job.device != device.name:
        return False
    return job.num_qubits <= device.num_qubits and device.shots_min <= job.shots <= device.shots_max
