"""Functions' journals in the ledger's DynamoDB table.

A line is one item of its job's partition, its number the sort key. The numbers of a call's tasks
that are over are a set in an item beside them. What a tenant spends in a month is one counter.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from bellpair_core.model.errors import LedgerConflict
from bellpair_core.model.journal import Line

from .aws import client, error_code, table_faults
from .meter import Meter

_CONDITION_FAILED = "ConditionalCheckFailedException"
_FIRST, _LAST = "0", "9"
"""All numbers sort between them, and the sets of tasks that are over sort behind."""

_PACKED_FROM = 1024
"""A write is paid for by the KiB; below this there is nothing to be saved by packing a line."""


class DynamoDbJournal:
    """`Journal` over one table.

    Parameters
    ----------
    table
        The ledger's name; the same in every region.
    region
        The region whose replica is used.
    meter
        Counts consumed units.
    """

    def __init__(self, table: str, region: str, meter: Meter) -> None:
        self._table = table
        self._meter = meter
        self._dynamodb = client("dynamodb", region)

    def last(self, job_id: str) -> Line | None:
        """See `Journal.last`."""
        found = self._query(job_id, _FIRST, 1, newest_first=True)
        return found[0] if found else None

    def append(self, job_id: str, line: Line) -> None:
        """See `Journal.append`."""
        text = line.model_dump_json(exclude_defaults=True)
        item = {**_key(_journal(job_id), _number(line.number)), "doc": _packed(text)}
        with table_faults("writing the ledger"):
            try:
                answer = self._dynamodb.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    ReturnConsumedCapacity="TOTAL",
                )
            except ClientError as error:
                if error_code(error) != _CONDITION_FAILED:
                    raise
                stored: Any = error.response.get("Item") or {}
                if "doc" in stored and _text(stored["doc"]) == text:
                    # The client library repeated a write whose answer was lost: it is done.
                    return
                what = f"line {line.number} of the journal of {job_id}"
                raise LedgerConflict(f"{what} is taken") from None
        self._meter.write(answer)

    def lines(self, job_id: str, after: int = 0, limit: int = 1000) -> Sequence[Line]:
        """See `Journal.lines`."""
        return self._query(job_id, _number(after + 1), limit)

    def line(self, job_id: str, number: int) -> Line | None:
        """See `Journal.line`."""
        answer = self._call(
            "get_item", Key=_key(_journal(job_id), _number(number)), ConsistentRead=True
        )
        item = answer.get("Item")
        return _line(item) if item else None

    def note_over(self, job_id: str, call: int, place: int) -> int:
        """See `Journal.note_over`."""
        with table_faults("writing the ledger"):
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=_key(_journal(job_id), f"OVER#{_number(call)}"),
                UpdateExpression="ADD places :place",
                ExpressionAttributeValues={":place": {"NS": [str(place)]}},
                ReturnValues="ALL_NEW",
                ReturnConsumedCapacity="TOTAL",
            )
        self._meter.write(answer)
        return len(answer["Attributes"]["places"]["NS"])

    def reserve(self, tenant: str, month: str, usd: float, cap: float | None) -> bool:
        """See `Journal.reserve`."""
        values: dict[str, Any] = {":usd": {"N": _usd(usd)}}
        parameters: dict[str, Any] = {}
        if cap is not None and usd >= 0:
            if usd > cap:
                return False
            values[":room"] = {"N": _usd(cap - usd)}
            parameters["ConditionExpression"] = "attribute_not_exists(usd) OR usd <= :room"
        with table_faults("writing the ledger"):
            try:
                answer = self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_key(_spend(tenant), month),
                    UpdateExpression="ADD usd :usd",
                    ExpressionAttributeValues=values,
                    ReturnConsumedCapacity="TOTAL",
                    **parameters,
                )
            except ClientError as error:
                if error_code(error) != _CONDITION_FAILED:
                    raise
                return False
        self._meter.write(answer)
        return True

    def spent(self, tenant: str, month: str) -> float:
        """See `Journal.spent`."""
        answer = self._call("get_item", Key=_key(_spend(tenant), month), ConsistentRead=True)
        return float(answer.get("Item", {}).get("usd", {}).get("N", 0))

    def _query(
        self, job_id: str, first: str, limit: int, *, newest_first: bool = False
    ) -> list[Line]:
        found: list[Line] = []
        parameters: dict[str, Any] = {}
        while True:
            answer = self._call(
                "query",
                ConsistentRead=True,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues={
                    ":pk": {"S": _journal(job_id)},
                    ":first": {"S": first},
                    ":last": {"S": _LAST},
                },
                ScanIndexForward=not newest_first,
                Limit=limit - len(found),
                **parameters,
            )
            found.extend(map(_line, answer["Items"]))
            if len(found) >= limit or "LastEvaluatedKey" not in answer:
                return found
            parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        with table_faults("reading the ledger"):
            answer: dict[str, Any] = getattr(self._dynamodb, operation)(
                TableName=self._table, ReturnConsumedCapacity="TOTAL", **parameters
            )
        self._meter.read(answer)
        return answer


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _journal(job_id: str) -> str:
    return f"JOURNAL#{job_id}"


def _spend(tenant: str) -> str:
    return f"SPEND#{tenant}"


def _number(number: int) -> str:
    return f"{number:08d}"


def _usd(usd: float) -> str:
    # A millionth of a dollar is fine enough, and DynamoDB takes 38 digits at most.
    return f"{usd:.6f}"


def _packed(text: str) -> dict[str, Any]:
    if len(text) < _PACKED_FROM:
        return {"S": text}
    return {"B": zlib.compress(text.encode())}


def _text(doc: Mapping[str, Any]) -> str:
    if "S" in doc:
        return str(doc["S"])
    return zlib.decompress(doc["B"]).decode()


def _line(item: Mapping[str, Any]) -> Line:
    return Line.model_validate_json(_text(item["doc"]))
