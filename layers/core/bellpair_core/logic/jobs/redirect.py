"""Whether a job that one device cannot serve may be served by another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bellpair_core.logic.devices.device_breaker import Breakers
from bellpair_core.model.breaker import BreakerState
from bellpair_core.model.device import Device
from bellpair_core.model.job import SHARED_QUEUES, Job

from .choose_device import need_of, unsuitable
from .dispatch_policy import calibration_of, could_run, fits


def better_elsewhere(job: Job, devices: Sequence[Device], breakers: Breakers) -> bool:
    """Whether another device would take the job now.

    Only then is a task worth its cancellation: it would lose its place in its device's queue.
    """
    return job.device in SHARED_QUEUES and any(
        device.name != job.device_used
        and fits(job, device)
        and unsuitable(need_of(job), device) is None
        and breakers(device.name).state is BreakerState.CLOSED
        for device in devices
    )


def shunning(job: Job, now: datetime, event: str, message: str) -> Job:
    """The job without its task, never to be given to its present device again.

    Only for a job whose task is known not to have been made, to have failed or to have been
    cancelled.
    """
    used = job.device_used or job.device
    return job.moved(
        now,
        event=event,
        message=message,
        task=None,
        recalled=False,
        waiting_for=None,
        avoid=job.avoid if used in job.avoid else (*job.avoid, used),
    )


def without_room(
    job: Job, now: datetime, device: Device, event: str, message: str, **changes: Any
) -> Job:
    """The job, not to be given to the device again before that is calibrated anew.

    Parameters
    ----------
    changes
        What else becomes of its record.
    """
    return job.moved(
        now,
        event=event,
        message=message,
        waiting_for=f"{message.rstrip('.')}. It waits for the device's next calibration.",
        no_room={**job.no_room, device.name: calibration_of(device)},
        **changes,
    )


def another_left(job: Job, devices: Sequence[Device]) -> bool:
    """Whether a device is left that the job may be given to once its present one failed it."""
    return job.device in SHARED_QUEUES and any(
        could_run(job, device, avoid=(job.device_used or "",))
        and unsuitable(need_of(job), device) is None
        for device in devices
    )
