"""When to look whether a device is done: rarely enough to leave it in peace, and soon after."""

from __future__ import annotations

from collections.abc import Sequence

_PAUSE_MIN_S, _PAUSE_MAX_S, _FIRST_PAUSE_MAX_S = 0.004, 0.25, 1.0
_OF_WHAT_PASSED = 1 / 3


class LookingTimes:
    """Remembers how long each device took lately, and looks first when that time is over.

    After the first look the pauses grow with the time that has passed.
    """

    def __init__(self) -> None:
        self._took_s: dict[str, float] = {}

    def took(self, device: str, seconds: float) -> None:
        """Learn how long the device took for a call."""
        self._took_s[device] = seconds

    def pause_s(self, devices: Sequence[str], at_work_s: float) -> float:
        """Seconds until the next look for results of the devices, of which there is one at least.

        Parameters
        ----------
        at_work_s
            How long they have been at work, seconds.
        """
        left = min(self._took_s.get(device, 0.0) for device in devices) - at_work_s
        if left > _PAUSE_MIN_S:
            return min(left, _FIRST_PAUSE_MAX_S)
        return min(max(at_work_s * _OF_WHAT_PASSED, _PAUSE_MIN_S), _PAUSE_MAX_S)
