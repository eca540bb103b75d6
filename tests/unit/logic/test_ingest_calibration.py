"""Each region brings in its own devices, and what is refused leaves the last good one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.logic.devices.calibration_drift import COMPARED_MIN
from bellpair_core.logic.devices.ingest_calibration import Ingestion
from bellpair_core.model.calibration import Calibration, Ingested
from bellpair_core.model.device import Device, DeviceStatus, DeviceTarget
from bellpair_core.model.limits import CALIBRATIONS_KEPT
from bellpair_core.settings import DeviceSetting
from tests.device_documents import described, ions_document, lattice_document
from tests.fakes import FakeClock, FakeTasks, MemoryBlobs, MemoryCatalogue

EAST, WEST = "us-east-1", "us-west-2"
SV1 = DeviceSetting(name="sv1", arn="arn:sv1")
ION = DeviceSetting(name="ion-3", arn="arn:ion-3", region=EAST)
SQUARE = DeviceSetting(name="square-4", arn="arn:square-4", region=WEST)
DEVICES = (SV1, ION, SQUARE)

SIMULATOR = {
    "service": {"updatedAt": "2020-03-31T12:00:00"},
    "action": {"braket.ir.openqasm.program": {"supportedOperations": ["h", "cnot"]}},
    "paradigm": {"qubitCount": 34},
}


class Calibrations:
    """Both regions' functions over one catalogue."""

    def __init__(self) -> None:
        self.tasks = FakeTasks()
        self.catalogue = MemoryCatalogue()
        self.blobs = MemoryBlobs()
        self.clock = FakeClock()
        self.quality: dict[str, float] = {}
        self.give(SV1, SIMULATOR, type="SIMULATOR")
        self.give(ION, ions_document())
        self.give(SQUARE, lattice_document())

    def give(self, device: DeviceSetting, document: dict[str, Any], **changes: Any) -> None:
        """Let the device service tell this of a device from now on."""
        self.tasks.descriptions[device.arn] = described(document, **changes)

    def give_measured(self, hour: int, **figures: float) -> None:
        """Let the lattice have been measured anew so many hours into the new year."""
        stamp = f"2026-01-01T{hour:02}:30:00+00:00"
        self.give(SQUARE, lattice_document(stamp, **figures))

    def run(self, region: str) -> dict[str, Ingested]:
        self.clock.advance(timedelta(minutes=5))
        parts = self.tasks, self.catalogue, self.blobs, self.clock
        return Ingestion(*parts, region, self.quality.get)(DEVICES)

    def square(self) -> Device:
        return next(d for d in self.catalogue.devices() if d.name == SQUARE.name)

    def series(self) -> list[Calibration]:
        return list(self.catalogue.calibrations(SQUARE.name, CALIBRATIONS_KEPT))


@pytest.fixture
def calibrations() -> Calibrations:
    return Calibrations()


def test_each_region_brings_in_its_own_devices_and_those_of_every_region(
    calibrations: Calibrations,
) -> None:
    assert set(calibrations.run(EAST)) == {"sv1", "ion-3"}
    assert set(calibrations.run(WEST)) == {"sv1", "square-4"}
    assert {device.name for device in calibrations.catalogue.devices()} == {
        "sv1",
        "ion-3",
        "square-4",
    }


def test_a_lost_regions_devices_keep_their_last_entry(calibrations: Calibrations) -> None:
    calibrations.run(EAST)
    before = {device.name: device for device in calibrations.catalogue.devices()}
    calibrations.give(ION, ions_document(), status="OFFLINE")

    done = calibrations.run(WEST)

    after = {device.name: device for device in calibrations.catalogue.devices()}
    assert not any(one.problem for one in done.values())
    assert after["ion-3"] == before["ion-3"]
    assert after["ion-3"].status is DeviceStatus.ONLINE
    assert after["sv1"].seen_at > before["sv1"].seen_at


def test_a_device_that_cannot_be_asked_keeps_no_other_out(calibrations: Calibrations) -> None:
    del calibrations.tasks.descriptions[ION.arn]

    done = calibrations.run(EAST)

    assert done["ion-3"].problem
    assert not done["ion-3"].refused
    assert done["sv1"].calibration_id


def test_an_entry_says_what_a_choice_needs(calibrations: Calibrations) -> None:
    done = calibrations.run(WEST)["square-4"]

    device = calibrations.square()
    assert done == Ingested(calibration_id=device.calibration_id, new=True)
    assert device.median_two_qubit_error == pytest.approx(0.01)
    assert device.median_one_qubit_error == pytest.approx(0.001)
    assert device.median_readout_error == pytest.approx(0.02)
    assert device.calibrated_at is not None
    assert device.target is not None
    target = DeviceTarget.model_validate_json(calibrations.blobs.get(device.target))
    assert target.calibration_id == device.calibration_id


def test_a_snapshot_is_kept_once_however_often_and_wherever_it_is_seen(
    calibrations: Calibrations,
) -> None:
    calibrations.run(WEST)
    done = calibrations.run(WEST)
    calibrations.run(EAST)

    assert not done["square-4"].new
    (kept,) = calibrations.series()
    assert (kept.id, kept.region) == (calibrations.square().calibration_id, WEST)
    assert (kept.num_qubits, kept.num_edges) == (4, 4)
    assert len(calibrations.catalogue.calibrations("sv1", 9)) == 1


def test_a_simulator_is_the_same_in_both_regions_whatever_their_documents_dates(
    calibrations: Calibrations,
) -> None:
    calibrations.run(EAST)
    calibrations.give(SV1, {**SIMULATOR, "service": {"updatedAt": "2026-01-01T00:00:00Z"}},
                      type="SIMULATOR")  # fmt: skip

    done = calibrations.run(WEST)["sv1"]

    assert not done.new
    assert len(calibrations.catalogue.calibrations("sv1", 9)) == 1


def test_a_device_that_gives_no_date_has_a_new_snapshot_when_it_says_something_new(
    calibrations: Calibrations,
) -> None:
    for fidelity in (0.99, 0.99, 0.98, 0.98):
        calibrations.give(SQUARE, lattice_document(None, two_qubit=fidelity))
        calibrations.run(WEST)

    assert len(calibrations.series()) == 2
    assert calibrations.series()[0].id == calibrations.square().calibration_id


def test_a_snapshot_is_compared_with_those_before_it(calibrations: Calibrations) -> None:
    for hour in range(COMPARED_MIN):
        calibrations.give_measured(hour)
        calibrations.run(WEST)
    calibrations.give_measured(COMPARED_MIN, two_qubit=0.95)
    calibrations.run(WEST)

    newest, before, *_ = calibrations.series()
    assert newest.drift.baseline == COMPARED_MIN
    assert min(newest.drift.edges.values()) > 3.5
    assert newest.medians.two_qubit_error == pytest.approx(0.05)
    assert before.drift.edges == {}


def test_an_edge_that_is_gone_is_told_and_not_compiled_for(calibrations: Calibrations) -> None:
    calibrations.run(WEST)
    document = lattice_document("2026-01-01T07:00:00+00:00")
    document["standardized"]["twoQubitProperties"]["3-4"] = {}
    calibrations.give(SQUARE, document)

    calibrations.run(WEST)

    newest = calibrations.series()[0]
    assert newest.drift.dead_edges == ("3-4",)
    assert newest.notes == ("edges without figures, left out: 3-4",)


def test_a_refused_document_leaves_the_last_good_one_and_says_why_and_when(
    calibrations: Calibrations,
) -> None:
    calibrations.run(WEST)
    good = calibrations.square()
    calibrations.give(SQUARE, lattice_document(two_qubit=1.5), status="OFFLINE")

    done = calibrations.run(WEST)["square-4"]

    device = calibrations.square()
    assert done.refused
    assert done.calibration_id == good.calibration_id
    assert done.problem is not None
    assert "is 1.5, which is over 1" in done.problem
    assert device.refused is not None
    assert (device.refused.reason, device.refused.at) == (done.problem, calibrations.clock())
    assert (device.calibration_id, device.target) == (good.calibration_id, good.target)
    assert device.status is DeviceStatus.OFFLINE
    refusal, kept = calibrations.series()
    assert (refusal.refused, refusal.target) == (done.problem, None)
    assert kept.refused is None


def test_what_is_refused_again_and_again_is_kept_once(calibrations: Calibrations) -> None:
    calibrations.run(WEST)
    calibrations.give(SQUARE, {})
    calibrations.run(WEST)
    first = calibrations.square().refused

    calibrations.run(WEST)

    assert calibrations.square().refused == first
    assert len(calibrations.series()) == 2


def test_a_refusal_is_over_when_the_device_says_what_can_be(calibrations: Calibrations) -> None:
    calibrations.run(WEST)
    calibrations.give(SQUARE, {})
    calibrations.run(WEST)
    calibrations.give_measured(7)

    calibrations.run(WEST)

    assert calibrations.square().refused is None
    assert calibrations.square().calibration_id == calibrations.series()[1].id


def test_a_device_whose_first_document_is_refused_is_not_offered(
    calibrations: Calibrations,
) -> None:
    calibrations.give(SQUARE, {})

    calibrations.run(WEST)
    done = calibrations.run(WEST)["square-4"]

    assert (done.calibration_id, done.problem) == (None, "the document is empty")
    assert "square-4" not in {device.name for device in calibrations.catalogue.devices()}
    (refusal,) = calibrations.series()
    assert refusal.refused == "the document is empty"


def test_an_entry_says_what_was_observed_of_the_device(calibrations: Calibrations) -> None:
    calibrations.quality["square-4"] = 0.9

    calibrations.run(WEST)

    assert calibrations.square().quality == 0.9
