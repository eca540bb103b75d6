"""Which waiting job goes next: one pure function, to be replaced by better policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bellpair_core.model.device import Device, DeviceStatus
from bellpair_core.model.job import ANY_DEVICE
from bellpair_core.model.tenant import Tenant
from bellpair_core.ports.ledger import WaitingJob


@dataclass(frozen=True)
class DeviceLoad:
    """A device and the jobs that Bellpair has on it now."""

    device: Device
    holders: frozenset[str] = frozenset()
    """Ids of the jobs that hold one of the device's places."""

    @property
    def room(self) -> float:
        """How many more jobs may start; infinite where there is no limit."""
        if self.device.max_in_flight is None:
            return float("inf")
        return self.device.max_in_flight - len(self.holders)


@dataclass(frozen=True)
class Start:
    """The decision to start one job on one device."""

    job: WaitingJob
    device: Device


def choose(
    waiting: Sequence[WaitingJob],
    loads: Sequence[DeviceLoad],
    tenants: Mapping[str, Tenant],
) -> list[Start]:
    """First come, first served.

    Parameters
    ----------
    waiting
        Jobs of any queues, in any order.
    loads
        The devices in the order in which a job for any device prefers them.
    tenants
        Tenants by name; a fairer policy weighs them, this one does not.

    Returns
    -------
    list of Start
        In the order in which to start.
    """
    room = {load.device.name: load.room for load in loads}
    starts = []
    for job in sorted(waiting, key=lambda job: (job.accepted_at, job.job_id)):
        for load in loads:
            device = load.device
            if job.device not in (ANY_DEVICE, device.name) or not fits(job, device):
                continue
            # A job that waits and holds a place was about to start when its dispatcher died.
            holds = job.job_id in load.holders
            if holds or room[device.name] >= 1:
                room[device.name] -= not holds
                starts.append(Start(job, device))
                break
    return starts


def fits(job: WaitingJob, device: Device) -> bool:
    """Whether the device can run the job now."""
    if device.status is not DeviceStatus.ONLINE:
        return False
    return job.num_qubits <= device.num_qubits and device.shots_min <= job.shots <= device.shots_max
