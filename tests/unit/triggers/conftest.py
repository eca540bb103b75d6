"""A world in which triggers listen."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bellpair_core.logic.recent import Recent
from bellpair_core.logic.triggers.fire_trigger import Firing, Made
from bellpair_core.logic.triggers.hear_happening import Listening, hear
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.trigger import Happening, Trigger
from bellpair_core.ports import TriggerRef
from tests.fakes import FakeClock
from tests.fakes.memory_triggers import (
    MemoryDeadLetters,
    MemoryHappenings,
    MemoryInbox,
    MemoryTriggers,
)

EAST, WEST = "us-east-1", "us-west-2"


class FakeTargets:
    """Takes one firing for each idempotency key.

    Attributes
    ----------
    failures
        Raised, the first first, instead of taking a firing.
    """

    def __init__(self) -> None:
        self.taken: dict[str, Firing] = {}
        self.asked = 0
        self.failures: list[Exception] = []

    def invoke(self, firing: Firing) -> Made:
        return self._take(firing)

    def submit(self, firing: Firing) -> Made:
        return self._take(firing)

    def _take(self, firing: Firing) -> Made:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        replayed = firing.key in self.taken
        self.taken.setdefault(firing.key, firing)
        return Made(f"job-{firing.key[:8]}", replayed)

    @property
    def inputs(self) -> list[dict[str, Any]]:
        return [firing.inputs for firing in self.taken.values()]


@dataclass
class Ears:
    """One region's listening, over stores that another region may share."""

    region: str = EAST
    active: list[str] = field(default_factory=lambda: [EAST])
    clock: FakeClock = field(default_factory=FakeClock)
    triggers: MemoryTriggers = field(default_factory=MemoryTriggers)
    targets: FakeTargets = field(default_factory=FakeTargets)
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    letters: MemoryDeadLetters = field(default_factory=MemoryDeadLetters)
    happenings: MemoryHappenings = field(default_factory=MemoryHappenings)

    def __post_init__(self) -> None:
        epochs = itertools.count(1)

        def pair() -> PairRecord:
            active = self.active[0]
            passive = WEST if active == EAST else EAST
            return PairRecord(active=active, passive=passive, epoch=next(epochs))

        self.listening = Listening(
            triggers=self.triggers,
            targets=self.targets,
            inbox=self.inbox,
            letters=self.letters,
            happenings=self.happenings,
            pair=Recent(pair, self.clock),
            clock=self.clock,
            region=self.region,
        )

    def peer(self) -> Ears:
        """The other region: the same tables, pair record and clock."""
        return replace(self, region=WEST, happenings=MemoryHappenings())

    def add(self, *triggers: Trigger) -> None:
        for trigger in triggers:
            self.triggers.put(None, trigger)

    def hear(
        self, happening: Happening, only: TriggerRef | None = None, tries: int = 1
    ) -> dict[str, int]:
        return dict(hear(self.listening, happening, only, tries))


@pytest.fixture
def ears() -> Ears:
    return Ears()
