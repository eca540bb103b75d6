"""One of the stage's DynamoDB tables in one region, whose every request is metered."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from .aws import client, error_code, table_faults
from .meter import Meter

Item = dict[str, Any]
"""An item, or a part of one, as DynamoDB words it."""


class ConditionFailed(Exception):
    """A write's condition does not hold; nothing was written.

    Attributes
    ----------
    item
        What is there, where the write asked for it.
    """

    def __init__(self, item: Item) -> None:
        super().__init__("the condition does not hold")
        self.item = item


class DynamoDbTable:
    """Reads and writes of one table, whose faults are told from what the table answers.

    Parameters
    ----------
    called
        ``ledger`` or ``catalogue``, for what is said of faults.
    name
        The table's name; the same in every region.
    region
        The region whose replica is used.
    meter
        Counts consumed units.
    hasty
        Whether to give up after less than 2 s, as one does who asks again soon anyway.
    """

    def __init__(
        self, called: str, name: str, region: str, meter: Meter, *, hasty: bool = False
    ) -> None:
        self.name = name
        self._called = called
        self._meter = meter
        self._dynamodb = client("dynamodb", region, hasty=hasty)

    def item(self, pk: str, sk: str, *, consistent: bool = True) -> Item | None:
        """One item.

        Raises
        ------
        TransientFault
            For a fault that a repetition may cure.
        """
        answer = self.read(
            "get_item", TableName=self.name, Key=item_key(pk, sk), ConsistentRead=consistent
        )
        found: Item | None = answer.get("Item")
        return found

    def query(self, **parameters: Any) -> dict[str, Any]:
        """One page of a query.

        Raises
        ------
        TransientFault
            For a fault that a repetition may cure.
        """
        return self.read("query", TableName=self.name, **parameters)

    def read(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """What a reading operation answers.

        Raises
        ------
        TransientFault
            For a fault that a repetition may cure.
        """
        with table_faults(f"reading the {self._called}"):
            answer: dict[str, Any] = getattr(self._dynamodb, operation)(
                ReturnConsumedCapacity="TOTAL", **parameters
            )
        self._meter.read(answer)
        return answer

    def write(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """What a writing operation on the table answers.

        Raises
        ------
        ConditionFailed
            If it has a condition, which does not hold.
        TransientFault
            For a fault that a repetition may cure.
        """
        with table_faults(f"writing the {self._called}"):
            try:
                answer: dict[str, Any] = getattr(self._dynamodb, operation)(
                    TableName=self.name, ReturnConsumedCapacity="TOTAL", **parameters
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                there: Any = error.response.get("Item") or {}
                raise ConditionFailed(there) from None
        self._meter.write(answer)
        return answer


def item_key(pk: str, sk: str) -> Item:
    """An item's key."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def absent() -> dict[str, Any]:
    """The condition that there is no such item."""
    return {"ConditionExpression": "attribute_not_exists(pk)"}
