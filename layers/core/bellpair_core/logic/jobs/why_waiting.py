"""Why a queued job's queue does not move, for who asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bellpair_core.model.breaker import Breaker, BreakerState
from bellpair_core.model.device import Device, DeviceStatus
from bellpair_core.model.job import Job

from .choose_device import DeviceLoad, need_of, too_long, unsuitable
from .dispatch_policy import could_run, has_room


def why_waiting(
    job: Job,
    devices: Sequence[Device],
    breaker_of: Callable[[str], Breaker],
    at: datetime,
) -> str | None:
    """What keeps each device that the job may go to from taking it.

    Parameters
    ----------
    breaker_of
        A device's breaker, by the device's name.

    Returns
    -------
    str or None
        A sentence's worth; ``None`` where a device takes jobs, however many wait before this one.
    """
    reasons = []
    for device in devices:
        if not could_run(job, device):
            continue
        reason = _reason(job, device, breaker_of, at)
        if reason is None:
            return None
        reasons.append(reason)
    return "; ".join(reasons) or f"no device is offered now that fits and is left for {job.device}"


def _reason(
    job: Job, device: Device, breaker_of: Callable[[str], Breaker], at: datetime
) -> str | None:
    if device.status is not DeviceStatus.ONLINE:
        return f"device {device.name} is {device.status}"
    need = need_of(job)
    if (why := unsuitable(need, device) or too_long(need, DeviceLoad(device))) is not None:
        return f"device {device.name}: {why}"
    if not has_room(job, device):
        return (
            f"device {device.name} has no room for the program as it is calibrated now;"
            " its next calibration is waited for"
        )
    breaker = breaker_of(device.name)
    if breaker.admits(job.id, at):
        return None
    if breaker.state is BreakerState.HALF_OPEN or breaker.retry_at is None:
        return f"{breaker.reason}; another job is trying it now"
    return f"{breaker.reason}; it is tried again from {breaker.retry_at:%H:%M:%S} UTC"
