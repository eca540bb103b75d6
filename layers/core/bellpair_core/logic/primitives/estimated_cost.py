"""What a job of `sampling` or `estimation` costs at least, before anything is run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bellpair_core.model.device import Device, DeviceKind, DeviceStatus
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.job import ANY_QPU, SHARED_QUEUES

from .check_pubs import Load


def least_cost(load: Load, devices: Sequence[Device], asked: str) -> float:
    """US dollars that the job costs at least, on the cheapest device that it may be given to.

    Every set of parameters is a task, or as many of them as the device takes in one are, and
    options share out the shots and add none but those of calibration circuits, which are counted
    once for each circuit. What a device charges by the minute is not known before.
    """
    prices = [_price(load, device) for device in devices if _may_take(device, asked)]
    return min(prices, default=0.0)


def require_within_cap(
    load: Load, devices: Sequence[Device], asked: str, max_cost_usd: float | None
) -> None:
    """Let pass a job that its cost cap may be enough for.

    Raises
    ------
    BellpairError
        ``cost-cap-too-low``.
    """
    least = least_cost(load, devices, asked)
    if max_cost_usd is None or least <= max_cost_usd:
        return
    calibrating = (
        f", and {load.calibrations:,} circuits and {load.calibration_shots:,} shots that calibrate"
        if load.calibrations
        else ""
    )
    raise BellpairError(
        ErrorCode.COST_CAP_TOO_LOW,
        f"The job costs US$ {least:.2f} at least ({load.programs:,} circuits, {load.shots:,}"
        f" shots{calibrating}), and its cost cap is US$ {max_cost_usd:.2f}.",
        pointer="#/max_cost_usd",
        least_usd=round(least, 6),
    )


def _price(load: Load, device: Device) -> float:
    price = device.price
    shots = load.shots + load.calibration_shots
    return _tasks(load, device) * price.per_task_usd + shots * price.per_shot_usd


def _tasks(load: Load, device: Device) -> int:
    """How many tasks the circuits take at least."""
    sets, programs = device.program_sets, load.programs + load.calibrations
    if sets is None:
        return programs
    shots = load.shots + load.calibration_shots
    fewest = max(programs / sets.programs_max, shots / sets.shots_max)
    return min(programs, math.ceil(fewest))


def _may_take(device: Device, asked: str) -> bool:
    if asked not in (device.name, *SHARED_QUEUES) or device.status is DeviceStatus.RETIRED:
        return False
    return asked != ANY_QPU or device.kind is DeviceKind.QPU
