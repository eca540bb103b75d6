"""Results find their store again, however long it was away."""

from __future__ import annotations

import numpy as np
import pytest

from bellpair_braket_emulator.devices import OFFLINE
from bellpair_braket_emulator.outputs import BucketMissing, OutputError, OutputUnavailable
from bellpair_braket_emulator.shelf import Shelf

from .world import Store, World, play


@pytest.mark.parametrize("trouble", [OutputUnavailable("away"), BucketMissing("empty")])
def test_a_task_waits_for_its_store_while_the_device_goes_on(trouble: Exception) -> None:
    async def scenario(world: World) -> None:
        first, second = await world.create("a"), await world.create("b")
        tasks = world.service.tasks
        await world.until(lambda: tasks.get(second).executed_shots == 50)
        await world.until(lambda: world.store.attempts > 2)
        assert [world.status(arn) for arn in (first, second)] == ["RUNNING", "RUNNING"]

        world.store.away = None

        await world.until(lambda: {world.status(first), world.status(second)} == {"COMPLETED"})
        assert len(world.store.objects) == 2

    play(scenario, Store(trouble))


def test_a_store_that_refuses_fails_the_task() -> None:
    async def scenario(world: World) -> None:
        arn = await world.create("a")
        await world.until(lambda: world.status(arn) == "FAILED")
        assert world.service.tasks.get(arn).failure_reason == "forbidden"

    play(scenario, Store(OutputError("forbidden")))


def test_a_bucket_that_stays_away_fails_the_task() -> None:
    async def scenario(world: World) -> None:
        arn = await world.create("a")
        await world.until(lambda: world.status(arn) == "FAILED")

    play(scenario, Store(BucketMissing("gone")), patience=0.0)


def test_a_task_whose_result_waits_can_be_cancelled() -> None:
    async def scenario(world: World) -> None:
        arn = await world.create("a")
        await world.until(lambda: world.store.attempts > 0)
        world.service.cancel_task(arn, {"clientToken": "c"})
        await world.until(lambda: world.status(arn) == "CANCELLED")
        world.store.away = None
        assert world.store.objects == {}

    play(scenario, Store(OutputUnavailable("away")))


@pytest.mark.parametrize("budget", [10**6, 0], ids=["kept", "simulated-again"])
def test_lost_results_are_written_again_byte_by_byte(budget: int) -> None:
    async def scenario(world: World) -> None:
        arns = [await world.create(token) for token in "abc"]
        await world.until(lambda: all(world.status(arn) == "COMPLETED" for arn in arns))
        before = dict(world.store.objects)
        # The device of another day has other error rates; what was measured stays.
        world.service.control_device("ion-11", {"calibration_seed": 99})
        world.store.objects.clear()

        counts = await world.service.write_results()

        assert counts == {"stored": 3, "lost": 0, "left": 0, "problem": None}
        assert world.store.objects == before

    play(scenario, budget=budget)


def test_results_lost_on_purpose_stay_lost() -> None:
    async def scenario(world: World) -> None:
        world.service.control_device("ion-11", {"lose_results": 1})
        arn = await world.create("a")
        await world.until(lambda: world.status(arn) == "COMPLETED")
        counts = await world.service.write_results()
        assert (counts["stored"], counts["lost"]) == (0, 1)

    play(scenario)


def test_results_that_cannot_be_written_again_are_told() -> None:
    async def scenario(world: World) -> None:
        arn = await world.create("a")
        await world.until(lambda: world.status(arn) == "COMPLETED")
        world.store.away = OutputUnavailable("away again")
        counts = await world.service.write_results()
        assert counts == {"stored": 0, "lost": 0, "left": 1, "problem": "away again"}

    play(scenario)


def test_a_task_in_the_queue_of_an_offline_device_waits_and_can_be_cancelled() -> None:
    async def scenario(world: World) -> None:
        world.service.control_device("ion-11", {"queue_delay_s": 600})
        arn = await world.create("a")
        world.service.control_device("ion-11", {"status": OFFLINE, "queue_delay_s": 0})
        assert world.status(arn) == "QUEUED"
        answer = world.service.cancel_task(arn, {"clientToken": "c"})
        assert answer["cancellationStatus"] == "CANCELLED"
        [told] = world.service.all_tasks()["tasks"]
        assert (told["status"], told["executedShots"]) == ("CANCELLED", 0)

    play(scenario)


def test_the_shelf_keeps_measurements_within_its_budget() -> None:
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2, (1000, 11), dtype=np.uint8)
    shelf = Shelf(5000)
    for name in "abc":
        shelf.put(name, bits)
        assert shelf.size <= 5000
    assert shelf.get("a") is None
    kept = shelf.get("c")
    assert kept is not None and np.array_equal(kept, bits)
