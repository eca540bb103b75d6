"""A service whose devices work, over a store that a test can take away."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bellpair_braket_emulator.devices import Device
from bellpair_braket_emulator.documents import OPENQASM
from bellpair_braket_emulator.profile import load_profiles
from bellpair_braket_emulator.service import BraketService
from bellpair_braket_emulator.shelf import Shelf

ION = "arn:aws:braket:us-east-1::device/qpu/emulated/ion-11"
SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"
BELL = "OPENQASM 3.0; qubit[2] q; h q[0]; cnot q[0], q[1]; bit[2] b; b = measure q;"
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

    def publish(
        self,
        kind: str,
        resource: str,
        detail: dict[str, Any],
        time: datetime,
        *,
        urgent: bool = True,
    ) -> None:
        pass


@dataclass
class World:
    """A service with its devices at work, and its store."""

    service: BraketService
    store: Store

    async def create(
        self, token: str, source: str = BELL, device: str = ION, shots: int = 50, **more: Any
    ) -> str:
        header = {"name": OPENQASM, "version": "1"}
        answer = await self.service.create_task(
            {
                "clientToken": token,
                "deviceArn": device,
                "shots": shots,
                "outputS3Bucket": "bucket",
                "outputS3KeyPrefix": "jobs/j/1",
                "action": json.dumps({"braketSchemaHeader": header, "source": source}),
                **more,
            }
        )
        return str(answer["quantumTaskArn"])

    async def counts(self, arn: str) -> dict[str, int]:
        """How often a task measured each outcome, once it is completed."""
        await self.until(lambda: self.status(arn) == "COMPLETED")
        directory = self.service.tasks.get(arn).directory
        result = json.loads(self.store.objects[f"{directory}/results.json"])
        return Counter(str(shot) for shot in result["measurements"])

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
    region: str = "us-east-1",
    seed: int = 1,
) -> None:
    """Run a scenario against a service whose devices work."""

    async def run(executor: ThreadPoolExecutor) -> None:
        outputs, shelf = store or Store(), Shelf(budget)
        found = [
            Device(profile, region, outputs, Silence(), executor, executor, shelf, seed)
            for profile in load_profiles(region)
        ]
        world = World(BraketService(region, "1" * 12, found, outputs, executor), outputs)
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
