"""Items of the catalogue's table, strongly read in this region and written on conditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .dynamodb_table import ConditionFailed, DynamoDbTable, Item, absent


class CatalogueItems:
    """What the adapters of the catalogue that need more than single documents do it with."""

    def __init__(self, table: DynamoDbTable) -> None:
        self._table = table

    def item(self, pk: str, sk: str) -> Item | None:
        """One item."""
        return self._table.item(pk, sk)

    def items(
        self,
        pk: str,
        *,
        between: tuple[str, str] | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[Item]:
        """The items of a partition in the order of their sort keys.

        Parameters
        ----------
        between
            First and last sort key that count.
        limit
            How many at most; ``None`` is all.
        """
        condition, values = "pk = :pk", {":pk": {"S": pk}}
        if between is not None:
            condition += " AND sk BETWEEN :first AND :last"
            values |= {":first": {"S": between[0]}, ":last": {"S": between[1]}}
        more: dict[str, Any] = {} if limit is None else {"Limit": limit}
        given = 0
        while True:
            answer = self._table.query(
                KeyConditionExpression=condition,
                ExpressionAttributeValues=values,
                ScanIndexForward=not newest_first,
                ConsistentRead=True,
                **more,
            )
            for item in answer.get("Items", ()):
                if limit is not None and given >= limit:
                    return
                given += 1
                yield item
            last = answer.get("LastEvaluatedKey")
            if not last or (limit is not None and given >= limit):
                return
            more["ExclusiveStartKey"] = last

    def put(self, key: Item, item: Item, **condition: Any) -> bool:
        """Store an item; False, and nothing stored, where the condition does not hold."""
        try:
            self._table.write("put_item", Item={**key, **item}, **condition)
        except ConditionFailed:
            return False
        return True

    def delete(self, key: Item) -> bool:
        """Delete an item; whether there was one."""
        answer = self._table.write("delete_item", Key=key, ReturnValues="ALL_OLD")
        return bool(answer.get("Attributes"))


def still(attribute: str, value: Item) -> dict[str, Any]:
    """The condition that the item's attribute has the value that was read."""
    return {
        "ConditionExpression": f"{attribute} = :old",
        "ExpressionAttributeValues": {":old": value},
    }


def unless_changed(revision: int | None) -> dict[str, Any]:
    """The condition that the item has the revision that was read, or is `absent` as it was."""
    return absent() if revision is None else still("revision", {"N": str(revision)})
