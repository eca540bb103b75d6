"""Items of the catalogue's table, strongly read in this region and written on conditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from .aws import client, error_code, table_faults
from .meter import Meter

Item = dict[str, Any]
"""An item, or a part of one, as DynamoDB words it."""


class CatalogueItems:
    """What the adapters of the catalogue that need more than single documents do it with.

    Parameters
    ----------
    table
        The table's name; the same in both regions.
    region
        The region whose replica is used.
    meter
        Counts consumed units.
    """

    def __init__(self, table: str, region: str, meter: Meter) -> None:
        self._table = table
        self._meter = meter
        self._dynamodb = client("dynamodb", region)

    def item(self, pk: str, sk: str) -> Item | None:
        """One item."""
        with table_faults("reading the catalogue"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=item_key(pk, sk),
                ConsistentRead=True,
                ReturnConsumedCapacity="TOTAL",
            )
        self._meter.read(answer)
        found: Item | None = answer.get("Item")
        return found

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
            with table_faults("reading the catalogue"):
                answer = self._dynamodb.query(
                    TableName=self._table,
                    KeyConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    ScanIndexForward=not newest_first,
                    ConsistentRead=True,
                    ReturnConsumedCapacity="TOTAL",
                    **more,
                )
            self._meter.read(answer)
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
            with table_faults("writing the catalogue"):
                answer = self._dynamodb.put_item(
                    TableName=self._table,
                    Item={**key, **item},
                    ReturnConsumedCapacity="TOTAL",
                    **condition,
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False
        self._meter.write(answer)
        return True

    def delete(self, key: Item) -> bool:
        """Delete an item; whether there was one."""
        with table_faults("writing the catalogue"):
            answer = self._dynamodb.delete_item(
                TableName=self._table,
                Key=key,
                ReturnValues="ALL_OLD",
                ReturnConsumedCapacity="TOTAL",
            )
        self._meter.write(answer)
        return bool(answer.get("Attributes"))


def item_key(pk: str, sk: str) -> Item:
    """An item's key."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def absent() -> dict[str, Any]:
    """The condition that there is no such item."""
    return {"ConditionExpression": "attribute_not_exists(pk)"}


def still(attribute: str, value: Item) -> dict[str, Any]:
    """The condition that the item's attribute has the value that was read."""
    return {
        "ConditionExpression": f"{attribute} = :old",
        "ExpressionAttributeValues": {":old": value},
    }


def unless_changed(revision: int | None) -> dict[str, Any]:
    """The condition that the item has the revision that was read, or is `absent` as it was."""
    return absent() if revision is None else still("revision", {"N": str(revision)})
