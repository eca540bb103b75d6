"""Triggers, what they hear and what came to nothing, in memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime

from bellpair_core.model.errors import LedgerConflict, TransientFault
from bellpair_core.model.trigger import (
    DeadLetter,
    Happening,
    QueueSource,
    SourceKind,
    Trigger,
)
from bellpair_core.ports import TakenLetter, TriggerRef


class MemoryTriggers:
    """Triggers by tenant and name, without a lag."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, str], Trigger] = {}
        self.ticks: dict[tuple[str, str], datetime] = {}

    def trigger(self, tenant: str, name: str) -> Trigger | None:
        return self.stored.get((tenant, name))

    def put(self, old: Trigger | None, new: Trigger) -> None:
        there = self.stored.get((new.tenant, new.name))
        if (there and there.revision) != (old and old.revision):
            raise LedgerConflict(new.name)
        self.stored[new.tenant, new.name] = new

    def delete(self, trigger: Trigger) -> None:
        self.stored.pop((trigger.tenant, trigger.name), None)

    def of_tenant(self, tenant: str) -> Sequence[Trigger]:
        return [each for key, each in sorted(self.stored.items()) if key[0] == tenant]

    def of_kind(self, kind: SourceKind) -> Sequence[Trigger]:
        return [each for each in self.stored.values() if each.kind is kind]

    def of_queue(self, queue: str) -> Sequence[Trigger]:
        return [
            each
            for each in self.stored.values()
            if isinstance(each.source, QueueSource) and each.source.queue == queue
        ]

    def last_tick(self, trigger: Trigger) -> datetime | None:
        return self.ticks.get((trigger.tenant, trigger.name))

    def note_tick(self, trigger: Trigger, at: datetime) -> None:
        key = (trigger.tenant, trigger.name)
        self.ticks[key] = max(at, self.ticks.get(key, at))


class MemoryHappenings:
    """Remembers what was told to which region.

    Attributes
    ----------
    away
        Regions whose queues cannot be reached.
    room
        How many are taken in all; ``None`` is no end.
    """

    def __init__(self) -> None:
        self.told: list[tuple[str, Happening, TriggerRef | None]] = []
        self.away: set[str] = set()
        self.room: int | None = None

    def tell(self, happening: Happening, region: str, only: TriggerRef | None = None) -> None:
        if region in self.away or len(self.told) == self.room:
            raise TransientFault(f"{region} is away")
        self.told.append((region, happening, only))


class MemoryDeadLetters:
    """Dead letters by region; what was taken is hidden until it is put back.

    Attributes
    ----------
    batch
        So many are taken at a time, at most.
    on_take
        Called before each taking: time that passes.
    """

    def __init__(self, region: str = "us-east-1") -> None:
        self._region = region
        self.kept: dict[str, list[DeadLetter]] = {"us-east-1": [], "us-west-2": []}
        self.hidden: dict[str, tuple[str, DeadLetter]] = {}
        self.batch = 10
        self.on_take: Callable[[], object] = lambda: None
        self._receipts = itertools.count()
        self.away: set[str] = set()

    def keep(self, letter: DeadLetter) -> None:
        self._reach(self._region)
        self.kept[self._region].append(letter)

    def take(self, region: str, limit: int) -> Sequence[TakenLetter]:
        self._reach(region)
        self.on_take()
        count = min(limit, self.batch)
        letters, self.kept[region] = self.kept[region][:count], self.kept[region][count:]
        taken = []
        for letter in letters:
            receipt = f"{next(self._receipts):06d}"
            self.hidden[receipt] = (region, letter)
            taken.append(TakenLetter(letter, receipt))
        return taken

    def held(self, region: str) -> int:
        self._reach(region)
        return sum(place == region for place, _ in self.hidden.values())

    def drop(self, region: str, receipts: Sequence[str]) -> None:
        self._reach(region)
        for receipt in receipts:
            del self.hidden[receipt]

    def put_back(self, region: str, receipts: Sequence[str]) -> None:
        self._reach(region)
        for receipt in receipts:
            self.kept[region].append(self.hidden.pop(receipt)[1])

    def _reach(self, region: str) -> None:
        if region in self.away:
            raise TransientFault(f"{region} is away")


class MemoryInbox:
    """Objects by region and key."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.reads = 0

    def read(self, region: str, key: str, etag: str) -> bytes | None:
        self.reads += 1
        return self.objects.get((region, key))
