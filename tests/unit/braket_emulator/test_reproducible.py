"""What fixes the counts of a task: the order of tasks, or the program and the shots alone."""

from __future__ import annotations

from typing import Any

import pytest

from bellpair_braket_emulator.entropy import by_program
from bellpair_braket_emulator.errors import ValidationException

from .world import BELL, SV1, World, play

TURN = "OPENQASM 3.0; input float angle; qubit[1] q; ry({}) q[0]; bit[1] b; b = measure q;"
LOOP = [TURN.replace("input float angle; ", "").format(angle) for angle in (0.4, 0.9, 0.4, 1.7)]


def counts_of_a_loop(
    settings: dict[str, Any], *, before: int = 0, shots: int = 400, **where: Any
) -> list[dict[str, int]]:
    """The counts of a loop's programs, after so many tasks of somebody else."""
    found: list[dict[str, int]] = []

    async def scenario(world: World) -> None:
        world.service.control_device("sv1", settings)
        for number in range(before):
            await world.create(f"other-{number}", BELL, SV1)
        for number, source in enumerate(LOOP):
            arn = await world.create(f"{before}-{number}", source, SV1, shots)
            found.append(await world.counts(arn))

    play(scenario, **where)
    return found


def test_by_program_a_loop_has_the_same_counts_in_any_company_and_region() -> None:
    settings = {"sampling": "by-program", "seed": 7}

    first = counts_of_a_loop(settings)

    assert first == counts_of_a_loop(settings, before=3)
    assert first == counts_of_a_loop(settings, region="us-west-2", seed=99)
    assert first[0] == first[2], "the same program again"
    assert first[0] != first[1]


def test_by_program_another_seed_gives_other_counts() -> None:
    one, other = (counts_of_a_loop({"sampling": "by-program", "seed": seed}) for seed in (7, 8))
    assert one != other


def test_by_order_the_same_tasks_in_the_same_order_have_the_same_counts() -> None:
    assert counts_of_a_loop({}) == counts_of_a_loop({})
    assert counts_of_a_loop({}) != counts_of_a_loop({}, before=1)
    assert counts_of_a_loop({})[0] != counts_of_a_loop({})[2], "each task draws for itself"


def test_the_setting_is_for_tasks_to_come() -> None:
    """A result that is written again must be what it was, whatever was set since."""

    async def scenario(world: World) -> None:
        arn = await world.create("a")
        before = await world.counts(arn)
        world.service.control_device("ion-11", {"sampling": "by-program", "seed": 5})
        world.store.objects.clear()
        await world.service.write_results()
        assert await world.counts(arn) == before

    play(scenario, budget=0)


def test_inputs_shots_and_device_belong_to_what_is_drawn() -> None:
    told = [
        by_program(1, "sv1", TURN, {"angle": 0.1}, 10),
        by_program(1, "sv1", TURN, {"angle": 0.2}, 10),
        by_program(1, "sv1", TURN, {"angle": 0.1}, 11),
        by_program(1, "other", TURN, {"angle": 0.1}, 10),
    ]
    assert len(set(told)) == 4
    assert by_program(1, "sv1", TURN, {"angle": 0.1}, 10) == told[0]


@pytest.mark.parametrize(
    "settings", [{"sampling": "at-random"}, {"sampling": ["by-order"]}, {"seed": -1}, {"seed": "7"}]
)
def test_other_values_are_refused(settings: dict[str, Any]) -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(ValidationException, match="cannot be"):
            world.service.control_device("sv1", settings)
        assert world.service.control_device("sv1", {})["sampling"] == "by-order"

    play(scenario)
