"""How old what is known of a device's errors is."""

from __future__ import annotations

from datetime import datetime, timedelta

from bellpair_core.model.device import Device, DeviceKind, DeviceTarget
from bellpair_core.model.limits import CALIBRATION_AGE_MAX


def calibration_age(known: Device | DeviceTarget, now: datetime) -> timedelta | None:
    """How long ago the maker measured; ``None`` where it does not say."""
    return None if known.calibrated_at is None else now - known.calibrated_at


def is_stale(known: Device | DeviceTarget, now: datetime) -> bool:
    """Whether the figures are too old to compile by.

    Compiling by old figures is worse than compiling without any, so what says not when it was
    measured is stale. A simulator has no figures that could be.

    Parameters
    ----------
    known
        The device's entry or its target.
    now
        With a time zone.
    """
    if known.kind is DeviceKind.SIMULATOR:
        return False
    age = calibration_age(known, now)
    return age is None or age > CALIBRATION_AGE_MAX
