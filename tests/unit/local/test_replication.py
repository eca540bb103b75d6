"""Copies of a table agree, whatever the order in which they hear of each other's writes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from bellpair_local.replication import Change, ReplicaLog


class Copy:
    """One region's copy, with a clock that is wrong by a constant."""

    def __init__(self, region: str, skew_ns: int, time: list[int]) -> None:
        self.items: dict[str, Any] = {}
        self.outbox: list[Change] = []
        self.log = ReplicaLog(region, lambda: time[0] + skew_ns)

    def put(self, key: str, value: int) -> None:
        self.items[key] = value
        self.outbox.append(self.log.written("t", key, {"v": value}, deleted=False))

    def delete(self, key: str) -> None:
        self.items.pop(key, None)
        self.outbox.append(self.log.written("t", key, {}, deleted=True))

    def hear(self, change: Change) -> None:
        if not self.log.wins(change):
            return
        if change.deleted:
            self.items.pop(change.key, None)
        else:
            self.items[change.key] = change.item["v"]
        self.log.adopted(change)


@pytest.fixture
def time() -> list[int]:
    return [1_000]


@pytest.mark.parametrize("seed", range(40))
def test_copies_converge_after_writes_in_both_and_changes_out_of_order(
    seed: int, time: list[int]
) -> None:
    chance = random.Random(seed)
    copies = [
        Copy("us-east-1", chance.randrange(-50, 50), time),
        Copy("us-west-2", chance.randrange(-50, 50), time),
    ]
    for step in range(200):
        time[0] += chance.randrange(3)
        copy = chance.choice(copies)
        key = chance.choice("abc")
        if chance.random() < 0.3:
            copy.delete(key)
        else:
            copy.put(key, step)
        if chance.random() < 0.5:
            here, there = chance.sample(copies, 2)
            if here.outbox:
                # Any pending change may arrive, and may arrive again later.
                there.hear(chance.choice(here.outbox))
    for here, there in (copies, copies[::-1]):
        for change in chance.sample(here.outbox, len(here.outbox)):
            there.hear(change)
    assert copies[0].items == copies[1].items
    assert len(copies[0].outbox) > 50 < len(copies[1].outbox)


def test_a_write_made_after_hearing_a_peer_from_the_future_wins_over_it(time: list[int]) -> None:
    ahead, behind = Copy("us-east-1", 10_000, time), Copy("us-west-2", 0, time)
    ahead.put("a", 1)
    behind.hear(ahead.outbox[0])
    behind.put("a", 2)
    ahead.hear(behind.outbox[0])
    assert ahead.items == behind.items == {"a": 2}


def test_of_two_writes_at_the_same_moment_the_same_one_wins_everywhere(time: list[int]) -> None:
    east, west = Copy("us-east-1", 0, time), Copy("us-west-2", 0, time)
    east.put("a", 1)
    west.put("a", 2)
    east.hear(west.outbox[0])
    west.hear(east.outbox[0])
    assert east.items == west.items == {"a": 2}


def test_an_old_write_does_not_bring_a_deleted_item_back(time: list[int]) -> None:
    east, west = Copy("us-east-1", 0, time), Copy("us-west-2", 0, time)
    east.put("a", 1)
    east.delete("a")
    put, delete = east.outbox
    west.hear(delete)
    west.hear(put)
    assert west.items == {}


def test_a_snapshot_brings_an_empty_copy_up_to_date(time: list[int]) -> None:
    east, empty = Copy("us-east-1", 0, time), Copy("us-west-2", 0, time)
    for key in "abc":
        east.put(key, ord(key))
    east.delete("b")
    for change in east.log.snapshot():
        empty.hear(change)
    assert empty.items == east.items == {"a": 97, "c": 99}
