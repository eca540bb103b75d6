"""Device documents are valid by the SDK's own schema, and say what the device does."""

from __future__ import annotations

import json

import pytest
from braket.device_schema.ionq import IonqDeviceCapabilities
from braket.device_schema.iqm import IqmDeviceCapabilities
from braket.device_schema.simulators import GateModelSimulatorDeviceCapabilities
from braket.schema_common import BraketSchemaBase

from bellpair_braket_emulator.documents import OPENQASM, capabilities
from bellpair_braket_emulator.profile import Profile, calibrate, load_profiles


def profile(name: str, region: str) -> Profile:
    return next(p for p in load_profiles(region) if p.name == name)


@pytest.mark.parametrize(
    ("name", "region", "schema"),
    [
        ("sv1", "us-east-1", GateModelSimulatorDeviceCapabilities),
        ("sv1", "us-west-2", GateModelSimulatorDeviceCapabilities),
        ("ion-11", "us-east-1", IonqDeviceCapabilities),
        ("square-20", "us-west-2", IqmDeviceCapabilities),
    ],
)
def test_a_document_is_read_by_its_schema(name: str, region: str, schema: type) -> None:
    device = profile(name, region)
    calibration = calibrate(device) if device.kind == "qpu" else None
    document = capabilities(device, calibration, region, "2026-01-31T12:00:00.000Z")
    read = BraketSchemaBase.parse_raw_schema(json.dumps(document))
    assert type(read) is schema
    assert read.paradigm.qubitCount == device.qubits
    assert read.service.shotsRange == device.shots
    assert "cnot" in read.action[OPENQASM].supportedOperations


def test_each_region_serves_its_own_devices_and_the_simulator() -> None:
    assert [p.name for p in load_profiles("us-east-1")] == ["ion-11", "sv1"]
    assert [p.name for p in load_profiles("us-west-2")] == ["square-20", "sv1"]
    assert [p.name for p in load_profiles("eu-west-2")] == ["sv1"]


def test_the_lattice_has_its_labels_and_edges() -> None:
    square = profile("square-20", "us-west-2")
    assert square.labels == tuple(range(1, 21))
    # A lattice of 4 by 5 has 4 * 4 horizontal and 3 * 5 vertical edges.
    assert len(square.edges) == 31
    assert {(1, 2), (1, 6), (15, 20)} <= set(square.edges)
    assert (5, 6) not in square.edges


def test_the_lattice_document_tells_the_true_error_rates_in_seconds_and_fractions() -> None:
    square = profile("square-20", "us-west-2")
    calibration = calibrate(square)
    document = capabilities(square, calibration, "us-west-2", "2026-01-31T12:00:00.000Z")
    standard = document["standardized"]
    assert standard["oneQubitProperties"]["7"]["T1"]["value"] == pytest.approx(
        calibration.t1_us[7] * 1e-6
    )
    gate = standard["twoQubitProperties"]["1-6"]["twoQubitGateFidelity"][0]
    assert gate["gateName"] == "CZ"
    assert gate["fidelity"] == 1 - calibration.two_qubit[1, 6]
    assert document["provider"]["properties"]["two_qubit"]["1-6"]["fCZ"] == gate["fidelity"]


def test_a_calibration_follows_its_seed_and_stays_near_the_profile() -> None:
    square = profile("square-20", "us-west-2")
    assert square.errors is not None
    today, again, tomorrow = calibrate(square), calibrate(square), calibrate(square, seed=99)
    assert today == again != tomorrow
    mean = sum(today.two_qubit.values()) / len(today.two_qubit)
    # 31 draws with a relative spread of 0.35: four standard errors are 25 %.
    assert mean == pytest.approx(square.errors.two_qubit, rel=0.25)
    assert all(today.t2_us[label] <= 2 * today.t1_us[label] for label in square.labels)
