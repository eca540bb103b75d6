"""Which waiting job goes next: one pure function, to be replaced by better policies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bellpair_core.model.breaker import Breaker
from bellpair_core.model.choice import Choice
from bellpair_core.model.device import Device, DeviceStatus
from bellpair_core.model.job import Job
from bellpair_core.model.tenant import Tenant
from bellpair_core.ports.ledger import WaitingJob

from .choose_device import DeviceLoad, Need, choose_device, unavailable, unfit


@dataclass(frozen=True)
class Start:
    """The decision to start one job on one device.

    Attributes
    ----------
    probes
        The device's breaker where the job is to try whether the device works again.
    choice
        Why this device and none of the others.
    """

    job: WaitingJob
    device: Device
    probes: Breaker | None = None
    choice: Choice | None = None


def choose(
    waiting: Sequence[WaitingJob],
    loads: Sequence[DeviceLoad],
    tenants: Mapping[str, Tenant],
    at: datetime,
    needs: Callable[[WaitingJob], Need | None] | None = None,
) -> list[Start]:
    """First come, first served; a job that may go to several devices goes to the best of them.

    Parameters
    ----------
    waiting
        Jobs of any queues, in any order.
    loads
        The devices; of those that suit a job equally, it prefers the first.
    tenants
        Tenants by name; a fairer policy weighs them, this one does not.
    at
        Now. From when its breaker says, one job may try a device that is kept free.
    needs
        All that a job asks of a device, where the queue's index does not show it; ``None`` for one
        that waits no more. Asked only for a job for which a device has room.

    Returns
    -------
    list of Start
        In the order in which to start.
    """
    board = _Board(loads, at)
    starts = []
    for job in sorted(waiting, key=lambda job: (job.accepted_at, job.job_id)):
        if not board.might_start(job):
            continue
        need = shown_need(job) if needs is None else needs(job)
        if need is not None and (start := board.start(job, need)) is not None:
            starts.append(start)
    return starts


def shown_need(job: WaitingJob | Job) -> Need:
    """What a job asks of a device as far as the queue's index shows it."""
    return Need(
        job_id=job.job_id if isinstance(job, WaitingJob) else job.id,
        asked=job.device,
        num_qubits=job.num_qubits,
        shots=job.shots,
        avoid=job.avoid,
        no_room=job.no_room,
    )


class _Board:
    """What is free on the devices while starts are being decided."""

    def __init__(self, loads: Sequence[DeviceLoad], at: datetime) -> None:
        self._loads = list(loads)
        self._at = at

    def might_start(self, job: WaitingJob) -> bool:
        """Whether some device may take the job, before all is known that it asks for."""
        need = shown_need(job)
        return any(
            unfit(need, load.device) is None and unavailable(need, load, self._at) is None
            for load in self._loads
        )

    def start(self, job: WaitingJob, need: Need) -> Start | None:
        """The job's start on the device that suits it best, if one may take it now."""
        choice = choose_device(need, self._loads, self._at)
        if choice.chosen is None:
            return None
        place = next(
            place for place, load in enumerate(self._loads) if load.device.name == choice.chosen
        )
        load = self._loads[place]
        if load.sound:
            self._loads[place] = replace(load, starting=load.starting | {job.job_id})
            return Start(job, load.device, choice=choice)
        # One job alone tries a doubtful device.
        del self._loads[place]
        return Start(job, load.device, probes=load.breaker, choice=choice)


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
    return unfit(shown_need(job), device, avoid) is None
