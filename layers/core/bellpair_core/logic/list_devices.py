"""List the devices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bellpair_core.model.device import Device


def list_devices(devices: Callable[[], Sequence[Device]]) -> Sequence[Device]:
    """Every device that the stage offers and that has been seen."""
    return devices()
