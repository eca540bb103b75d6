"""Results find their store again, however long it was away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from bellpair_braket_emulator.devices import OFFLINE, Device
from bellpair_braket_emulator.documents import OPENQASM
from bellpair_braket_emulator.outputs import BucketMissing, OutputError, OutputUnavailable
from bellpair_braket_emulator.profile import load_profiles
from bellpair_braket_emulator.service import BraketService
from bellpair_braket_emulator.shelf import Shelf

ION = "arn:aws:braket:us-east-1::device/qpu/emulated/ion-11"
DEADLINE_S = 20.0


@dataclass
class Store:
    """Outputs that a test takes away and brings back."""

    away: Exception | None = None
    attempts: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)

    def accessible(self, bucket: str) -> bool:
        return True

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self.attempts += 1
        if self.away is not None:
            raise self.away
        self.objects[key] = body


class Silence:
    """Events that nobody hears."""

    def publish(self, kind: str, resource: str, detail: dict[str, Any], time: datetime) -> None:
        pass


@dataclass
class World:
    """A service with its devices at work, and its store."""

    service: BraketService
    store: Store

    async def create(self, token: str) -> str:
        header = {"name": OPENQASM, "version": "1"}
        source = "OPENQASM 3.0; qubit[2] q; h q[0]; cnot q[0], q[1]; bit[2] b; b = measure q;"
        answer = await self.service.create_task(
            {
                "clientToken": token,
                "deviceArn": ION,
                "shots": 50,
                "outputS3Bucket": "bucket",
                "outputS3KeyPrefix": "jobs/j/1",
                "action": json.dumps({"braketSchemaHeader": header, "source": source}),
            }
        )
        return str(answer["quantumTaskArn"])

    def status(self, arn: str) -> str:
        return self.service.tasks.get(arn).status

    async def until(self, look: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not look():
                await asyncio.sleep(0.005)


def play(
    scenario: Callable[[World], Awaitable[None]],
    store: Store | None = None,
    budget: int = 10**6,
    patience: float = 60.0,
) -> None:
    """Run a scenario against a service whose devices work."""

    async def run(executor: ThreadPoolExecutor) -> None:
        outputs, shelf = store or Store(), Shelf(budget)
        found = [
            Device(profile, "us-east-1", outputs, Silence(), executor, executor, shelf, 1)
            for profile in load_profiles("us-east-1")
        ]
        world = World(BraketService("us-east-1", "1" * 12, found, outputs, executor), outputs)
        for device in found:
            device.bucket_patience_s = patience
            device.set_queue_delay(0)
            device.start()
        try:
            await scenario(world)
        finally:
            for device in found:
                await device.stop()

    with ThreadPoolExecutor(2) as executor:
        asyncio.run(run(executor))


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
