"""Last writer wins: how two copies of an eventually consistent table agree. No I/O here.

Each write gets a stamp from a hybrid logical clock (S. Kulkarni and others, "Logical Physical
Clocks", 2014): physical time, but always later than whatever was written or seen before, with the
region's name to break ties. Copies that have seen the same changes, in whatever order and however
often, hold the same items.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Item = dict[str, Any]


class Stamp(NamedTuple):
    """When and where a write was made; stamps are totally ordered."""

    time_ns: int
    region: str


class Change(NamedTuple):
    """A write to one item, as it travels between regions.

    Attributes
    ----------
    table, key
        The item's address; `key` is canonical text of its key attributes.
    item
        The whole item after the write in DynamoDB's JSON, or its key attributes alone if it was
        deleted.
    deleted
        Whether the write removed the item.
    stamp
        When and where.
    """

    table: str
    key: str
    item: Item
    deleted: bool
    stamp: Stamp


class ReplicaLog:
    """Stamps of the newest write to each item of one region's copy, deleted items included.

    Parameters
    ----------
    region
        The region whose copy this is.
    now_ns
        Physical clock in nanoseconds; need not be monotonic.
    """

    def __init__(self, region: str, now_ns: Callable[[], int]) -> None:
        self._region = region
        self._now_ns = now_ns
        self._latest = 0
        self._newest: dict[tuple[str, str], Change] = {}

    def written(self, table: str, key: str, item: Item, *, deleted: bool) -> Change:
        """Record a write made in this region and return the change to send to the peers."""
        self._latest = max(self._now_ns(), self._latest + 1)
        change = Change(table, key, item, deleted, Stamp(self._latest, self._region))
        self._newest[table, key] = change
        return change

    def wins(self, change: Change) -> bool:
        """Whether a change from a peer must be applied to this copy.

        A change older than what is here, or here already, must not.
        """
        known = self._newest.get((change.table, change.key))
        return known is None or known.stamp < change.stamp

    def adopted(self, change: Change) -> None:
        """Record that a peer's change, which won, has been applied to this copy."""
        self._latest = max(self._latest, change.stamp.time_ns)
        self._newest[change.table, change.key] = change

    def snapshot(self) -> list[Change]:
        """Return the newest change of each item, by which an empty peer catches up."""
        return list(self._newest.values())
