"""Tasks of several programs: what is taken, what is refused, and what is left of them."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from braket.schema_common import BraketSchemaBase
from braket.task_result.program_set_task_result_v1 import ProgramSetTaskResult

from bellpair_braket_emulator.actions import read_action, shots_of_each
from bellpair_braket_emulator.documents import OPENQASM, PROGRAM_SET
from bellpair_braket_emulator.errors import ProgramSetRefused, ValidationException
from bellpair_braket_emulator.profile import load_profiles

from .world import ION, World, play

SQUARE = "arn:aws:braket:us-west-2::device/qpu/emulated/square-20"
LATTICE = next(one for one in load_profiles("us-west-2") if one.arn == SQUARE)
FLIPPED = """OPENQASM 3.0;
bit[1] b;
#pragma braket verbatim
box {
  prx(3.141592653589793, 0) $7;
}
b[0] = measure $7;
"""
KEPT = FLIPPED.replace("$7", "$8").replace("3.141592653589793", "0")
TURNED = FLIPPED.replace("bit[1]", "input float a; bit[1]").replace("3.141592653589793", "a")
NO_SUCH_GATE = FLIPPED.replace("prx(3.141592653589793, 0)", "rx(1.0)")
NO_SUCH_QUBIT = FLIPPED.replace("$7", "$21")


def request(*programs: Any, shots: int, token: str = "t", device: str = SQUARE) -> dict[str, Any]:
    """A request for a set; a program is its text, or that with its inputs."""
    pairs = [one if isinstance(one, tuple) else (one, None) for one in programs]
    header = {"name": OPENQASM, "version": "1"}
    action = {
        "braketSchemaHeader": {"name": PROGRAM_SET, "version": "1"},
        "programs": [
            {"braketSchemaHeader": header, "source": source, "inputs": inputs}
            for source, inputs in pairs
        ],
    }
    return {
        "clientToken": token,
        "deviceArn": device,
        "shots": shots,
        "outputS3Bucket": "bucket",
        "outputS3KeyPrefix": "jobs/j/1",
        "action": json.dumps(action),
    }


async def ended(world: World, *programs: Any, shots: int, token: str = "t") -> dict[str, Any]:
    """The task of a set, once it is over, as GetQuantumTask shows it."""
    made = await world.service.create_task(request(*programs, shots=shots, token=token))
    arn = made["quantumTaskArn"]
    await world.until(lambda: world.status(arn) in ("COMPLETED", "FAILED"))
    told: dict[str, Any] = world.service.get_task(arn, [])
    return told


def files_of(world: World, task: dict[str, Any]) -> dict[str, Any]:
    """What the task left in its directory, each file read by its schema."""
    start = f"{task['outputS3Directory']}/"
    return {
        key.removeprefix(start): json.loads(body)
        for key, body in world.store.objects.items()
        if key.startswith(start) and BraketSchemaBase.parse_raw_schema(body.decode())
    }


def ones(executable: dict[str, Any]) -> int:
    return Counter(map(tuple, executable["measurements"]))[(1,)]


def test_one_task_runs_several_programs_and_sets_of_inputs_in_order() -> None:
    async def scenario(world: World) -> None:
        sweep = (TURNED, {"a": [0.0, 3.141592653589793]})

        task = await ended(world, FLIPPED, sweep, KEPT, shots=400)

        assert (task["status"], task["numSuccessfulShots"]) == ("COMPLETED", 400)
        assert task["actionMetadata"] == {
            "actionType": PROGRAM_SET,
            "programCount": 3,
            "executableCount": 4,
        }
        files = files_of(world, task)
        index = ProgramSetTaskResult(**files["results.json"])
        assert index.s3Location == ("bucket", task["outputS3Directory"])
        read = [
            files[f"programs/{program}/executables/{inputs}.json"]
            for program, inputs in [(0, 0), (1, 0), (1, 1), (2, 0)]
        ]
        assert [one["measuredQubits"] for one in read] == [[7], [7], [7], [8]]
        assert [len(one["measurements"]) for one in read] == [100] * 4
        assert [ones(one) > 50 for one in read] == [True, False, True, False]
        assert files["metadata.json"]["totalFailedExecutables"] == 0
        assert files["programs/1/program.json"]["inputs"] == sweep[1]
        # One task, for all that.
        assert [one["shots"] for one in world.service.all_tasks()["tasks"]] == [400]

    play(scenario, region="us-west-2")


def test_an_executable_that_fails_leaves_the_others_alone() -> None:
    async def scenario(world: World) -> None:
        world.service.control_drift("square-20", {"kill": ["7"]})

        task = await ended(world, KEPT, FLIPPED, shots=20)

        assert (task["status"], task["numSuccessfulShots"]) == ("COMPLETED", 10)
        files = files_of(world, task)
        failure = files["programs/1/executables/0.json"]["failureMetadata"]
        assert "7" in failure["failureReason"]
        assert len(files["programs/0/executables/0.json"]["measurements"]) == 10
        assert files["metadata.json"]["totalFailedExecutables"] == 1

        task = await ended(world, FLIPPED, FLIPPED, shots=20, token="all fail")

        assert task["status"] == "FAILED"
        assert task["failureReason"] == failure["failureReason"]
        assert files_of(world, task)["metadata.json"]["totalFailedExecutables"] == 2

    play(scenario, region="us-west-2")


def test_a_program_counts_the_same_alone_and_in_a_set() -> None:
    async def scenario(world: World) -> None:
        world.service.control_device("square-20", {"sampling": "by-program", "seed": 3})
        alone = await world.create("alone", FLIPPED, SQUARE, shots=60)
        await world.until(lambda: world.status(alone) == "COMPLETED")
        directory = world.service.tasks.get(alone).directory

        task = await ended(world, KEPT, FLIPPED, shots=120)

        before = json.loads(world.store.objects[f"{directory}/results.json"])
        set_of = files_of(world, task)["programs/1/executables/0.json"]
        assert set_of["measurements"] == before["measurements"]

    play(scenario, region="us-west-2")


def test_programs_that_are_refused_are_named_and_no_task_is_made() -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(ProgramSetRefused) as refused:
            await world.service.create_task(
                request(KEPT, NO_SUCH_GATE, KEPT, NO_SUCH_QUBIT, shots=40)
            )

        failures = refused.value.body["programSetValidationFailures"]
        assert [one["programIndex"] for one in failures] == [1, 3]
        assert "rx" in failures[0]["errors"][0]
        assert refused.value.body["reason"] == "ProgramSetValidationFailed"
        assert refused.value.code == "ValidationException"
        assert world.service.all_tasks() == {"tasks": []}

    play(scenario, region="us-west-2")


@pytest.mark.parametrize(
    ("programs", "shots", "says"),
    [
        ([KEPT] * 101, 101, "101 executables"),
        ([KEPT] * 3, 100, "evenly among 3"),
        ([KEPT] * 2, 200_002, "takes 200000"),
        ([KEPT] * 2, 50_000, "25000 shots of each"),
        ([], 10, "at least one program"),
        ([(TURNED, {"a": 1.0})], 10, "lists of numbers"),
        ([(TURNED, {"a": [1.0], "b": [1.0, 2.0]})], 10, "as many values"),
        ([7], 10, "programs[0].source"),
    ],
)
def test_a_set_that_cannot_be_is_refused(programs: list[Any], shots: int, says: str) -> None:
    action = json.loads(request(*programs, shots=shots)["action"])

    with pytest.raises(ValidationException) as refused:
        shots_of_each(read_action(action), action, shots, LATTICE)

    assert says in str(refused.value)


def test_a_device_that_takes_no_sets_refuses_them() -> None:
    async def scenario(world: World) -> None:
        assert PROGRAM_SET not in json.loads(world.service.get_device(ION)["deviceCapabilities"])
        with pytest.raises(ValidationException, match="not supported by the device"):
            await world.service.create_task(request(KEPT, KEPT, shots=10, device=ION))

    play(scenario)
