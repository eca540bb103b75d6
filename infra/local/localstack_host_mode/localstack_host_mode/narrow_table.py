"""A table of moto's that does not sort all of its items for each query."""

from __future__ import annotations

from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

_INDEX_NAME = 6
"""Where `query` has the index's name, among what follows the partition's key."""


class NarrowTable(Table):
    """Looks for a query's answer among the items of its partition, where moto takes them all.

    A table that moto has made becomes one by `narrow`. One request at a time may be served.
    """

    _partition: tuple[str, DynamoType] | None = None

    def query(  # type: ignore[override]  # handed on as it comes
        self, hash_key: DynamoType, *arguments: Any, **named: Any
    ) -> Any:
        """Answer a query as moto does."""
        index = arguments[_INDEX_NAME] if len(arguments) > _INDEX_NAME else None
        self._partition = (self._partition_key(index or named.get("index_name")), hash_key)
        try:
            return super().query(hash_key, *arguments, **named)
        finally:
            self._partition = None

    def all_items(self) -> list[Item]:
        """The items in order; while a query is answered, only those of its partition."""
        if self._partition is None:
            return super().all_items()
        attribute, key = self._partition
        partitions = (
            [self.items.get(key, {})] if attribute == self.hash_key_attr else self.items.values()
        )
        # Without a sort key, an item is what moto has in the place of a partition.
        items = (
            item
            for found in partitions
            for item in (found.values() if isinstance(found, dict) else (found,))
        )
        return sorted((item for item in items if _has(item, attribute, key)), key=_place)

    def _partition_key(self, index_name: str | None) -> str:
        """The attribute that names the partition; an index that is none is moto's to refuse."""
        for index in self.all_indexes():
            if index.name == index_name:
                return next(
                    key["AttributeName"] for key in index.schema if key["KeyType"] == "HASH"
                )
        return str(self.hash_key_attr)


def narrow(table: Table) -> None:
    """Have a table of moto's look only where the answer is."""
    table.__class__ = NarrowTable  # type: ignore[type-abstract]  # as moto's own table is


def _has(item: Item, attribute: str, key: DynamoType) -> bool:
    value = item.attrs.get(attribute)
    # Moto's values cannot be compared with None.
    return value is not None and bool(value == key)


def _place(item: Item) -> tuple[DynamoType, ...]:
    return (item.hash_key, item.range_key) if item.range_key else (item.hash_key,)
