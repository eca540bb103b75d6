"""Devices with what is on them now and what is held against them."""

from __future__ import annotations

from bellpair_core.logic.devices.device_breaker import Breakers
from bellpair_core.model.device import Device
from bellpair_core.ports import Ledger

from .choose_device import DeviceLoad


def load_of(device: Device, ledger: Ledger, breakers: Breakers) -> DeviceLoad:
    """The device with the jobs that hold its places; one read where it has places at all."""
    limited = device.max_in_flight is not None
    holders = ledger.slots(device.name) if limited else frozenset[str]()
    return DeviceLoad(device, holders, breakers(device.name))
