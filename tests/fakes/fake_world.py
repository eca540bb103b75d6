"""A world of fakes, shaped like the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from bellpair_core.adapters.meter import Meter
from bellpair_core.logic.devices.device_breaker import Breakers
from bellpair_core.logic.recent import Recent
from bellpair_core.model.device import Device
from bellpair_core.model.pair import PairRecord
from bellpair_core.settings import Settings

from .fake_callbacks import FakeCallbacks, FakeHosts
from .fake_clock import FakeClock
from .fake_ends import FakeEnds
from .fake_ingestions import FakeIngestions
from .fake_pair_desk import FakeOperations
from .fake_tasks import FakeTasks
from .fake_workers import FakeWorkers
from .fake_workflows import FakeWakeups, FakeWorkflows
from .memory_blobs import MemoryBlobs
from .memory_catalogue import MemoryCatalogue
from .memory_functions import MemoryFunctions
from .memory_journal import MemoryJournal
from .memory_ledger import MemoryLedger
from .memory_triggers import (
    MemoryDeadLetters,
    MemoryHappenings,
    MemoryInbox,
    MemoryTriggers,
)


@dataclass
class FakeWorld:
    """What `bellpair_core.composition.World` gives, in memory."""

    settings: Settings = field(
        default_factory=lambda: Settings(
            stage="test",
            region="us-east-1",
            primary_region="us-east-1",
            secondary_region="us-west-2",
            inbox_buckets={"us-east-1": "inbox-east", "us-west-2": "inbox-west"},
            workers={
                "python": "bellpair-test-worker-python",
                "qiskit": "bellpair-test-worker-qiskit",
            },
        )
    )
    clock: FakeClock = field(default_factory=FakeClock)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    catalogue: MemoryCatalogue = field(default_factory=MemoryCatalogue)
    functions: MemoryFunctions = field(default_factory=MemoryFunctions)
    workers: FakeWorkers = field(default_factory=FakeWorkers)
    callbacks: FakeCallbacks = field(default_factory=FakeCallbacks)
    ends: FakeEnds = field(default_factory=FakeEnds)
    hosts: FakeHosts = field(default_factory=FakeHosts)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    wakeups: FakeWakeups = field(default_factory=FakeWakeups)
    workflows: FakeWorkflows = field(default_factory=FakeWorkflows)
    tasks: FakeTasks = field(default_factory=FakeTasks)
    ingestions: FakeIngestions = field(default_factory=FakeIngestions)
    operations: FakeOperations = field(default_factory=FakeOperations)
    triggers: MemoryTriggers = field(default_factory=MemoryTriggers)
    happenings: MemoryHappenings = field(default_factory=MemoryHappenings)
    dead_letters: MemoryDeadLetters = field(default_factory=MemoryDeadLetters)
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    meter: Meter = field(default_factory=lambda: Meter(1024))
    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Let the time pass, in which the next of `meanwhile` happens."""
        self.clock.advance(timedelta(seconds=seconds))
        if self.meanwhile:
            self.meanwhile.pop(0)()

    @property
    def hasty_ledger(self) -> MemoryLedger:
        """The ledger, which nobody waits for here."""
        return self.ledger

    @cached_property
    def pair(self) -> Recent[PairRecord]:
        """The pair record, a little old at most."""
        return Recent(self.ledger.pair, self.clock)

    @cached_property
    def devices(self) -> Recent[Sequence[Device]]:
        """The devices, a little old at most."""
        return Recent(self.catalogue.devices, self.clock)

    @cached_property
    def breakers(self) -> Breakers:
        """What is held against each device, a little old at most."""
        return Breakers(self.ledger, self.clock)

    @classmethod
    def with_devices(cls, devices: Iterable[Device]) -> FakeWorld:
        """A world whose catalogue has these devices."""
        return cls(catalogue=MemoryCatalogue(devices))
