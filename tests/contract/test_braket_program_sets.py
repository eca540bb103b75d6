"""What a program set leaves at the device service is read as its programs' results, in order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from braket.ir.openqasm import ProgramSet
from braket.schema_common import BraketSchemaBase

from bellpair_core.adapters.braket_program_sets import (
    action_of_set,
    is_set_result,
    results_of_set,
    sets_taken,
)
from bellpair_core.logic.tasks.counts import counts_of
from bellpair_core.model.device import ProgramSets
from tests.unit.braket_emulator.test_program_sets import FLIPPED, KEPT, ended
from tests.unit.braket_emulator.world import ION, World, play

SQUARE = "arn:aws:braket:us-west-2::device/qpu/emulated/square-20"
HEADER = {"name": "braket.task_result.program_set_task_result", "version": "1"}


def test_the_action_is_a_program_set_by_the_services_schema() -> None:
    read = BraketSchemaBase.parse_raw_schema(json.dumps(action_of_set([KEPT, FLIPPED])))

    assert isinstance(read, ProgramSet)
    assert (read.num_programs, read.num_executables) == (2, 2)


def test_files_beside_the_result_are_read_in_the_programs_order() -> None:
    async def scenario(world: World) -> None:
        world.service.control_drift("square-20", {"kill": ["7"]})
        task = await ended(world, KEPT, FLIPPED, KEPT, shots=60)
        read: list[str] = []

        def file(path: str) -> Any:
            read.append(path)
            return json.loads(world.store.objects[f"{task['outputS3Directory']}/{path}"])

        document = file("results.json")
        assert is_set_result(document)
        first, second, third = results_of_set(document, file)["programs"]

        assert second["failure"].startswith("Qubit 7 does not work")
        for one in (first, third):
            assert sum(counts_of(one, [8]).values()) == 20
        # One file of each program and one of its result; none that is not needed.
        assert len(read) == 1 + 2 * 3

    play(scenario, region="us-west-2")


@pytest.mark.parametrize("device", [ION, SQUARE])
def test_what_a_device_takes_is_in_its_document(device: str) -> None:
    region = "us-east-1" if device == ION else "us-west-2"

    async def scenario(world: World) -> None:
        document = json.loads(world.service.get_device(device)["deviceCapabilities"])
        taken = sets_taken(document["action"])
        expected = ProgramSets(programs_max=100, shots_max=200_000)
        assert taken == (None if device == ION else expected)

    play(scenario, region=region)


def test_a_maker_that_says_no_number_takes_no_sets() -> None:
    name = "braket.ir.openqasm.program_set"

    assert sets_taken({name: {"maximumExecutables": None}}) is None
    assert sets_taken({name: {"maximumExecutables": 5, "maximumTotalShots": "many"}}) is None


def test_results_in_the_document_itself_and_probabilities_are_read_too() -> None:
    executable = {
        "braketSchemaHeader": {"name": "braket.task_result.program_set_executable_result"},
        "inputsIndex": 0,
        "measuredQubits": [3, 4],
        "measurements": None,
        "measurementProbabilities": {"01": 0.25, "11": 0.75},
    }
    failed = {
        "braketSchemaHeader": {"name": "braket.task_result.program_set_executable_failure"},
        "failureMetadata": {"failureReason": "too hot"},
    }
    document = {
        "braketSchemaHeader": HEADER,
        "programResults": [{"executableResults": [one]} for one in (executable, failed)],
        "taskMetadata": {"requestedShots": 80},
    }

    good, bad = results_of_set(document, pytest.fail)["programs"]

    assert counts_of(good, [3, 4]) == {"11": 30, "10": 10}
    assert bad == {"failure": "too hot"}


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"programResults": [{}]},
        {"programResults": [{"executableResults": []}]},
        {"programResults": [{"executableResults": [{}, {}]}]},
        {"programResults": ["a", "b"]},
    ],
)
def test_what_is_no_result_is_told_as_such(broken: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, IndexError, ValueError)):
        results_of_set({"braketSchemaHeader": HEADER} | broken, lambda path: {})
