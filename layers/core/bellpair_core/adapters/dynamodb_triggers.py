"""Triggers in the catalogue.

A trigger is an item of its tenant (``TRIGGERS#<tenant>``, its name). So that what happens finds
its triggers whoever's they are, a copy is kept by source: ``TRIGGERS-OF#<kind>#<shard>`` for
events and schedules, ``TRIGGERS-OF#queue#<queue>`` for queues. Objects belong to a tenant and need
no copy. The first item decides; a copy that is out of date costs one read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bellpair_core.model.errors import LedgerConflict
from bellpair_core.model.limits import TRIGGER_SHARDS
from bellpair_core.model.trigger import QueueSource, SourceKind, Trigger

from .catalogue_items import CatalogueItems, unless_changed
from .dynamodb_table import DynamoDbTable, item_key


class DynamoDbTriggers:
    """`Triggers` over the catalogue's table."""

    def __init__(self, table: DynamoDbTable) -> None:
        self._catalogue = CatalogueItems(table)

    def trigger(self, tenant: str, name: str) -> Trigger | None:
        """See `Triggers.trigger`."""
        item = self._catalogue.item(_of_tenant(tenant), name)
        return _trigger(item) if item else None

    def put(self, old: Trigger | None, new: Trigger) -> None:
        """See `Triggers.put`."""
        item = {"doc": {"S": new.model_dump_json()}, "revision": {"N": str(new.revision)}}
        known = unless_changed(old.revision if old else None)
        if not self._catalogue.put(item_key(_of_tenant(new.tenant), new.name), item, **known):
            raise LedgerConflict(f"trigger {new.name} of {new.tenant}")
        if copy := _copy_key(new):
            self._catalogue.put(copy, item)

    def delete(self, trigger: Trigger) -> None:
        """See `Triggers.delete`."""
        for key in (item_key(_of_tenant(trigger.tenant), trigger.name), _copy_key(trigger)):
            if key:
                self._catalogue.delete(key)

    def of_tenant(self, tenant: str) -> Sequence[Trigger]:
        """See `Triggers.of_tenant`."""
        return self._triggers(_of_tenant(tenant))

    def of_kind(self, kind: SourceKind) -> Sequence[Trigger]:
        """See `Triggers.of_kind`."""
        shards = (f"TRIGGERS-OF#{kind.value}#{shard}" for shard in range(TRIGGER_SHARDS))
        return [trigger for shard in shards for trigger in self._triggers(shard)]

    def of_queue(self, queue: str) -> Sequence[Trigger]:
        """See `Triggers.of_queue`."""
        return self._triggers(_of_queue(queue))

    def last_tick(self, trigger: Trigger) -> datetime | None:
        """See `Triggers.last_tick`."""
        item = self._catalogue.item(_tick(trigger), "TICK")
        return datetime.fromisoformat(item["until"]["S"]) if item else None

    def note_tick(self, trigger: Trigger, at: datetime) -> None:
        """See `Triggers.note_tick`."""
        # Times are in UTC and in whole seconds, so their texts are in their order.
        until = {"S": at.isoformat(timespec="seconds")}
        self._catalogue.put(
            item_key(_tick(trigger), "TICK"),
            {"until": until},
            ConditionExpression="attribute_not_exists(pk) OR #until < :until",
            ExpressionAttributeNames={"#until": "until"},
            ExpressionAttributeValues={":until": until},
        )

    def _triggers(self, pk: str) -> list[Trigger]:
        return [_trigger(item) for item in self._catalogue.items(pk)]


def _trigger(item: dict[str, Any]) -> Trigger:
    return Trigger.model_validate_json(item["doc"]["S"])


def _of_tenant(tenant: str) -> str:
    return f"TRIGGERS#{tenant}"


def _of_queue(queue: str) -> str:
    return f"TRIGGERS-OF#{SourceKind.QUEUE.value}#{queue}"


def _tick(trigger: Trigger) -> str:
    return f"TRIGGER-TICK#{trigger.tenant}#{trigger.name}"


def _copy_key(trigger: Trigger) -> dict[str, Any] | None:
    """Where the copy by source is, for sources that have one."""
    whole = f"{trigger.tenant}/{trigger.name}"
    if isinstance(trigger.source, QueueSource):
        return item_key(_of_queue(trigger.source.queue), whole)
    if trigger.kind is SourceKind.INBOX:
        return None
    shard = hashlib.sha256(whole.encode()).digest()[0] % TRIGGER_SHARDS
    return item_key(f"TRIGGERS-OF#{trigger.kind.value}#{shard}", whole)
