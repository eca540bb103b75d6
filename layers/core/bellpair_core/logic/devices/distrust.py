"""Whether a device's calibration is to be relied on."""

from __future__ import annotations

from datetime import datetime

from bellpair_core.model.device import Device, DeviceKind
from bellpair_core.model.limits import CALIBRATION_AGE_MAX, QUALITY_TRUSTED_MIN

from .calibration_age import calibration_age, is_stale


def distrust(device: Device, now: datetime) -> str | None:
    """Why programs are compiled without the device's error rates; ``None`` where they count.

    Choosing qubits by old rates does worse than choosing by the topology alone, and so do rates
    that promise much more than the device was seen to hold.

    Parameters
    ----------
    device
        As the catalogue has it.
    now
        With a time zone.
    """
    if device.kind is DeviceKind.SIMULATOR:
        return None
    if is_stale(device, now):
        limit = CALIBRATION_AGE_MAX.total_seconds() / 3600
        age = calibration_age(device, now)
        if age is None:
            return f"nothing is known of the age of {device.name}'s calibration"
        hours = age.total_seconds() / 3600
        return f"{device.name}'s calibration is {hours:.1f} h old, and the limit is {limit:g} h"
    if device.quality is not None and device.quality < QUALITY_TRUSTED_MIN:
        return (
            f"{device.name} was seen to succeed {device.quality:.2f} times as often as its"
            f" calibration says, and the limit is {QUALITY_TRUSTED_MIN:g}"
        )
    return None
