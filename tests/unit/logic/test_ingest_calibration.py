"""Each region brings in its own devices, and a lost region's entries stay as they were."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bellpair_braket_emulator.documents import capabilities
from bellpair_braket_emulator.profile import calibrate, load_profiles
from bellpair_core.logic.devices.ingest_calibration import ingest_calibration
from bellpair_core.model.device import DeviceStatus
from bellpair_core.settings import DeviceSetting
from tests.fakes import FakeClock, FakeTasks, MemoryBlobs, MemoryCatalogue

EAST, WEST = "us-east-1", "us-west-2"
SV1 = DeviceSetting(name="sv1", arn="arn:sv1")
ION = DeviceSetting(name="ion-11", arn="arn:ion-11", region=EAST)
SQUARE = DeviceSetting(name="square-20", arn="arn:square-20", region=WEST)
DEVICES = (SV1, ION, SQUARE)


def description(name: str, region: str) -> dict[str, Any]:
    """What the device service tells of a device."""
    profile = next(p for p in load_profiles(region) if p.name == name)
    calibration = calibrate(profile) if profile.kind == "qpu" else None
    return {
        "status": "ONLINE",
        "type": profile.kind.upper(),
        "provider": "Emulated",
        "queue_depth": 0,
        "properties": capabilities(profile, calibration, region, "2026-01-31T12:00:00.000Z"),
    }


class Calibrations:
    """Both regions' functions over one catalogue."""

    def __init__(self) -> None:
        self.tasks = FakeTasks()
        self.catalogue = MemoryCatalogue()
        self.clock = FakeClock()
        self.tasks.descriptions = {
            SV1.arn: description("sv1", EAST),
            ION.arn: description("ion-11", EAST),
            SQUARE.arn: description("square-20", WEST),
        }

    def run(self, region: str) -> dict[str, str | None]:
        self.clock.advance(timedelta(minutes=5))
        return ingest_calibration(
            self.tasks, self.catalogue, MemoryBlobs(), self.clock, DEVICES, region
        )


@pytest.fixture
def calibrations() -> Calibrations:
    return Calibrations()


def test_each_region_brings_in_its_own_devices_and_those_of_every_region(
    calibrations: Calibrations,
) -> None:
    assert set(calibrations.run(EAST)) == {"sv1", "ion-11"}
    assert set(calibrations.run(WEST)) == {"sv1", "square-20"}
    assert {device.name for device in calibrations.catalogue.devices()} == {
        "sv1",
        "ion-11",
        "square-20",
    }


def test_a_lost_regions_devices_keep_their_last_entry(calibrations: Calibrations) -> None:
    calibrations.run(EAST)
    before = {device.name: device for device in calibrations.catalogue.devices()}
    calibrations.tasks.descriptions[ION.arn] = {**description("ion-11", EAST), "status": "OFFLINE"}

    ids = calibrations.run(WEST)

    after = {device.name: device for device in calibrations.catalogue.devices()}
    assert None not in ids.values()
    assert after["ion-11"] == before["ion-11"]
    assert after["ion-11"].status is DeviceStatus.ONLINE
    assert after["sv1"].seen_at > before["sv1"].seen_at


def test_a_device_that_cannot_be_asked_keeps_no_other_out(calibrations: Calibrations) -> None:
    del calibrations.tasks.descriptions[ION.arn]

    ids = calibrations.run(EAST)

    assert ids["ion-11"] is None
    assert ids["sv1"]
