"""The emulator as the unchanged Amazon Braket SDK sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from math import pi

import pytest
from braket.aws import AwsDevice, AwsQuantumTask
from braket.circuits import Circuit
from braket.device_schema import DeviceActionType
from braket.device_schema.ionq import IonqDeviceCapabilities
from braket.device_schema.iqm import IqmDeviceCapabilities
from braket.program_sets import ProgramSet

from .conftest import CREDENTIALS, Emulator
from .test_boto3 import ION, SQUARE, SV1


@pytest.fixture(autouse=True)
def _event_loop() -> Iterator[None]:
    # The SDK takes the thread's event loop, which newer Python versions do not make unasked.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, s3_endpoint: str) -> Callable[[Emulator], None]:
    """Points the SDK at an emulator, as a person would: by environment variables."""

    def point(emulator: Emulator) -> None:
        variables = {
            **CREDENTIALS,
            "AWS_DEFAULT_REGION": emulator.region,
            "BRAKET_ENDPOINT": emulator.url,
            "AWS_ENDPOINT_URL_BRAKET": emulator.url,
            "AWS_ENDPOINT_URL_S3": s3_endpoint,
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return point


def test_awsdevice_runs_a_circuit_on_the_simulator(
    start: Callable[..., Emulator], environment: Callable[[Emulator], None], bucket: str
) -> None:
    environment(start("--seed", "3"))
    device = AwsDevice(SV1)
    assert device.is_available
    assert device.queue_depth().jobs == "0"
    # Not symmetric: qubit 2 is always 1, qubit 0 rarely.
    circuit = Circuit().ry(0, 2 * pi / 8).i(1).x(2)
    task = device.run(circuit, s3_destination_folder=(bucket, "sdk"), shots=1000)
    assert isinstance(task, AwsQuantumTask)
    counts = task.result().measurement_counts
    assert task.state() == "COMPLETED"
    assert set(counts) == {"001", "101"}
    # sin(pi/8)**2 = 0.146; five standard deviations are 56 shots of 1000.
    assert abs(counts["101"] - 146) < 56


def test_awsdevice_runs_a_native_circuit_on_the_ion_trap(
    start: Callable[..., Emulator], environment: Callable[[Emulator], None], bucket: str
) -> None:
    environment(start("--seed", "3"))
    device = AwsDevice(ION)
    assert isinstance(device.properties, IonqDeviceCapabilities)
    bell = Circuit().gpi2(3, pi / 2).ms(3, 7, 0, 0, pi / 2)
    circuit = Circuit().add_verbatim_box(bell.gpi(7, 0))
    task = device.run(
        circuit, s3_destination_folder=(bucket, "sdk"), shots=1000, disable_qubit_rewiring=True
    )
    result = task.result()
    assert result.measured_qubits == [3, 7]
    assert sum(result.measurement_counts.values()) == 1000


def test_awsdevice_runs_a_native_circuit_on_the_lattice(
    start: Callable[..., Emulator], environment: Callable[[Emulator], None], bucket: str
) -> None:
    environment(start("--seed", "3", region="us-west-2"))
    device = AwsDevice(SQUARE)
    assert isinstance(device.properties, IqmDeviceCapabilities)
    # A Bell pair of native gates: a Hadamard is prx(pi/2, -pi/2) up to what a flip absorbs.
    bell = Circuit().prx(1, pi / 2, pi / 2).prx(6, pi / 2, pi / 2).cz(1, 6).prx(6, pi / 2, -pi / 2)
    circuit = Circuit().add_verbatim_box(bell)
    task = device.run(
        circuit, s3_destination_folder=(bucket, "sdk"), shots=2000, disable_qubit_rewiring=True
    )
    counts = task.result().measurement_counts
    agreeing = counts["00"] + counts["11"]
    # Gate and readout errors of the profile add up to about 0.04 for this circuit.
    assert 0.90 < agreeing / 2000 < 0.995

    # Several programs in one task, as the same device takes them.
    assert DeviceActionType.OPENQASM_PROGRAM_SET in device.properties.action
    flipped = Circuit().add_verbatim_box(Circuit().prx(3, pi, 0))
    several = ProgramSet([circuit, flipped], shots_per_executable=200)
    first, second = device.run(several, s3_destination_folder=(bucket, "sdk")).result()
    assert sum(first[0].counts.values()) == sum(second[0].counts.values()) == 200
    assert second[0].counts["1"] > 150


def test_devices_are_found_by_the_sdk(
    shared: Emulator, environment: Callable[[Emulator], None]
) -> None:
    environment(shared)
    from braket.aws import AwsSession

    found = AwsSession().search_devices(types=["QPU"], statuses=["ONLINE"])
    assert [device["deviceArn"] for device in found] == [ION]
