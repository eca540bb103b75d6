"""Programs that need what does not work, and the drift as a drill sets it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from braket.device_schema.iqm import IqmDeviceCapabilities
from braket.schema_common import BraketSchemaBase

from bellpair_braket_emulator.errors import ServiceError, ValidationException

from .world import ION, SV1, World, play

SQUARE = "arn:aws:braket:us-west-2::device/qpu/emulated/square-20"
NAME = "square-20"


def verbatim(a: int, b: int) -> str:
    return (
        "OPENQASM 3.0; bit[2] b;\n#pragma braket verbatim\n"
        f"box {{ prx(1.5707963, 0) ${a}; cz ${a}, ${b}; }}\n"
        f"b[0] = measure ${a}; b[1] = measure ${b};"
    )


REGISTER = "OPENQASM 3.0; qubit[4] q; bit[4] b; h q[0]; cnot q[2], q[3]; b = measure q;"


def document(world: World, arn: str = SQUARE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(world.service.get_device(arn)["deviceCapabilities"])
    return found


def reason(world: World, arn: str) -> str:
    return str(world.service.tasks.get(arn).failure_reason)


def test_a_task_on_an_edge_that_failed_since_the_calibration_fails_and_says_so() -> None:
    async def scenario(world: World) -> None:
        world.service.control_drift(NAME, {"kill": ["3-4"]})
        arn = await world.create("a", verbatim(3, 4), SQUARE)
        other = await world.create("b", verbatim(1, 2), SQUARE)
        await world.until(lambda: world.status(arn) == "FAILED")
        assert "edge between qubits 3 and 4 does not work any more" in reason(world, arn)
        assert world.service.tasks.get(arn).executed_shots == 0
        await world.until(lambda: world.status(other) == "COMPLETED")

    play(scenario, region="us-west-2")


def test_a_task_on_a_dead_qubit_fails() -> None:
    async def scenario(world: World) -> None:
        world.service.control_drift(NAME, {"kill": ["3"]})
        arn = await world.create("a", verbatim(3, 4), SQUARE)
        await world.until(lambda: world.status(arn) == "FAILED")
        assert "Qubit 3 does not work any more" in reason(world, arn)

    play(scenario, region="us-west-2")


@pytest.mark.parametrize(
    ("dead", "said"),
    [
        ("3-4", r"\[line 3\] gate cz on qubits 3 and 4: not connected"),
        ("3", r"\[line 3\] qubit \$3 is out of service since the device's last calibration"),
    ],
)
def test_what_is_published_as_dead_is_refused_at_once(dead: str, said: str) -> None:
    async def scenario(world: World) -> None:
        world.service.control_drift(NAME, {"kill": [dead], "recalibrate": True})
        with pytest.raises(ValidationException, match=said):
            await world.create("a", verbatim(3, 4), SQUARE)

    play(scenario, region="us-west-2")


def test_a_program_that_the_device_places_goes_round_what_does_not_work() -> None:
    async def scenario(world: World) -> None:
        world.service.control_drift(NAME, {"kill": ["1", "3-4"]})
        arn = await world.create("a", REGISTER, SQUARE)
        await world.until(lambda: world.status(arn) == "COMPLETED")

    play(scenario, region="us-west-2")


def test_a_program_that_the_device_cannot_place_fails() -> None:
    async def scenario(world: World) -> None:
        everything = [str(label) for label in range(4, 21)]
        world.service.control_drift(NAME, {"kill": everything})
        arn = await world.create("a", REGISTER, SQUARE)
        await world.until(lambda: world.status(arn) == "FAILED")
        assert "only 3 qubits that work" in reason(world, arn)
        world.service.control_drift(NAME, {"revive": everything, "kill": ["2-3", "3-4", "3-8"]})
        arn = await world.create("b", REGISTER, SQUARE)
        await world.until(lambda: world.status(arn) == "FAILED")
        assert "No edges that work connect" in reason(world, arn)

    play(scenario, region="us-west-2")


def test_the_document_leaves_out_what_is_published_as_dead() -> None:
    async def scenario(world: World) -> None:
        before = document(world)
        world.service.control_drift(NAME, {"kill": ["3-4", "20"]})
        assert document(world) == before, "nobody knows yet"
        world.service.control_drift(NAME, {"recalibrate": True})
        found = document(world)
        graph = found["paradigm"]["connectivity"]["connectivityGraph"]
        assert "4" not in graph["3"] and "20" not in graph
        assert not any("20" in others for others in graph.values())
        assert "20" not in found["standardized"]["oneQubitProperties"]
        gates = found["standardized"]["twoQubitProperties"]
        assert "3-4" not in gates and len(gates) == 31 - 3
        assert "3-4" not in found["provider"]["properties"]["two_qubit"]
        assert found["standardized"] != before["standardized"]
        read = BraketSchemaBase.parse_raw_schema(json.dumps(found))
        assert type(read) is IqmDeviceCapabilities

    play(scenario, region="us-west-2")


def test_an_ion_trap_with_a_dead_pair_is_not_fully_connected() -> None:
    async def scenario(world: World) -> None:
        world.service.control_drift("ion-11", {"kill": ["3-4"], "recalibrate": True})
        connectivity = document(world, ION)["paradigm"]["connectivity"]
        assert connectivity["fullyConnected"] is False
        assert "4" not in connectivity["connectivityGraph"]["3"]
        assert "5" in connectivity["connectivityGraph"]["3"]

    play(scenario)


def test_truth_and_publication_are_told_apart() -> None:
    async def scenario(world: World) -> None:
        first = world.service.drift(NAME)
        assert first["hours"] == 0 and first["rate"] == 0 and first["recalibrated_h"] == 0
        assert first["truth"]["two_qubit"] == first["published"]["two_qubit"]
        later = world.service.control_drift(NAME, {"hours": 10, "kill": ["4-3", "$20"]})
        assert later["hours"] == 10
        assert later["published"]["measured_h"] == 0
        assert later["published"]["two_qubit"] == first["published"]["two_qubit"]
        assert later["truth"]["two_qubit"] != first["truth"]["two_qubit"]
        assert later["truth"]["dead_qubits"] == [20]
        assert {"3-4", "15-20", "19-20"} <= set(later["truth"]["dead_edges"])
        assert later["published"]["dead_edges"] == []
        assert world.service.drift(NAME) == later

    play(scenario, region="us-west-2")


def test_two_emulators_drift_alike() -> None:
    found: list[dict[str, Any]] = []

    async def scenario(world: World) -> None:
        told = world.service.control_drift(NAME, {"seed": 5, "hours": 400})
        del told["published"]["updatedAt"]
        found.append(told)

    for seed in (1, 2):
        play(scenario, region="us-west-2", seed=seed)
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        (NAME, {"hours": -1}, "hours cannot be -1"),
        (NAME, {"hours": float("nan")}, "hours cannot be nan"),
        (NAME, {"kill": "3-4"}, "kill cannot be '3-4'"),
        (NAME, {"kill": ["3-99"]}, "square-20 has no edge 3-99"),
        (NAME, {"hours": 5, "revive": ["x"]}, "names neither"),
        (NAME, {"speed": 1}, "unknown setting 'speed'"),
        ("sv1", {"hours": 1}, "sv1 is a simulator, which does not drift"),
        ("nothing", {}, "no device nothing"),
    ],
)
def test_bad_requests_are_refused_before_anything_is_done(
    name: str, body: dict[str, Any], said: str
) -> None:
    async def scenario(world: World) -> None:
        before = world.service.drift(NAME)
        with pytest.raises(ServiceError, match=said):
            world.service.control_drift(name, body)
        assert world.service.drift(NAME) == before

    play(scenario, region="us-west-2")


def test_a_simulator_has_nothing_to_tell() -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(ValidationException, match="does not drift"):
            world.service.drift("sv1")
        assert document(world, SV1) == document(world, SV1)

    play(scenario)
