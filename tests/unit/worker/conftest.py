"""One nursery for all tests that fork: its libraries are loaded once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bellpair_worker.broker import Broker
from bellpair_worker.nursery import Nursery, NurserySettings
from bellpair_worker.supervisor import Supervisor

MEMORY_MB = 600


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery(NurserySettings(preload=["bellpair.functions.engine"], memory_mb=MEMORY_MB))
    nursery.start()
    yield nursery
    nursery.close()


class Worker:
    """A real supervisor over the session's nursery; a broker of its own for each run."""

    def __init__(self, nursery: Nursery) -> None:
        self.nursery = nursery

    def supervisor(self, broker: Broker) -> Supervisor:
        return Supervisor(broker, self.nursery, memory_mb=MEMORY_MB)

    def run(self, broker: Broker, seconds: float = 60) -> dict[str, Any]:
        from .memory_broker import RUN

        # As the state machine hands it on.
        supervisor = self.supervisor(broker)
        outcome: dict[str, Any] = json.loads(
            json.dumps(supervisor.handle({"run": RUN}, remaining_s=seconds))
        )
        return outcome


@pytest.fixture
def worker(nursery: Nursery) -> Worker:
    nursery.wait_until_ready()
    return Worker(nursery)
