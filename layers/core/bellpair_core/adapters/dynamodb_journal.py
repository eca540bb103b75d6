"""Functions' journals in the ledger's DynamoDB table.

A line is one item of its job's partition, its number the sort key. The numbers of a call's tasks
that are over are a set in an item beside them. What a tenant spends in a month is one counter.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from bellpair_core.model.errors import LedgerConflict
from bellpair_core.model.journal import Line

from .dynamodb_table import ConditionFailed, DynamoDbTable, absent, item_key

_FIRST, _LAST = "0", "9"
"""All numbers sort between them, and the sets of tasks that are over sort behind."""

_PACKED_FROM = 1024
"""A write is paid for by the KiB; below this there is nothing to be saved by packing a line."""


class DynamoDbJournal:
    """`Journal` over the ledger's table."""

    def __init__(self, table: DynamoDbTable) -> None:
        self._table = table

    def last(self, job_id: str) -> Line | None:
        """See `Journal.last`."""
        found = self._query(job_id, _FIRST, 1, newest_first=True)
        return found[0] if found else None

    def append(self, job_id: str, line: Line) -> None:
        """See `Journal.append`."""
        text = line.model_dump_json(exclude_defaults=True)
        item = {**item_key(_journal(job_id), _number(line.number)), "doc": _packed(text)}
        try:
            self._table.write(
                "put_item", Item=item, ReturnValuesOnConditionCheckFailure="ALL_OLD", **absent()
            )
        except ConditionFailed as failed:
            if "doc" in failed.item and _text(failed.item["doc"]) == text:
                # The client library repeated a write whose answer was lost: it is done.
                return
            what = f"line {line.number} of the journal of {job_id}"
            raise LedgerConflict(f"{what} is taken") from None

    def lines(self, job_id: str, after: int = 0, limit: int = 1000) -> Sequence[Line]:
        """See `Journal.lines`."""
        return self._query(job_id, _number(after + 1), limit)

    def line(self, job_id: str, number: int) -> Line | None:
        """See `Journal.line`."""
        item = self._table.item(_journal(job_id), _number(number))
        return _line(item) if item else None

    def note_over(self, job_id: str, call: int, place: int) -> int:
        """See `Journal.note_over`."""
        answer = self._table.write(
            "update_item",
            Key=item_key(_journal(job_id), f"OVER#{_number(call)}"),
            UpdateExpression="ADD places :place",
            ExpressionAttributeValues={":place": {"NS": [str(place)]}},
            ReturnValues="ALL_NEW",
        )
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
        try:
            self._table.write(
                "update_item",
                Key=item_key(_spend(tenant), month),
                UpdateExpression="ADD usd :usd",
                ExpressionAttributeValues=values,
                **parameters,
            )
        except ConditionFailed:
            return False
        return True

    def spent(self, tenant: str, month: str) -> float:
        """See `Journal.spent`."""
        item = self._table.item(_spend(tenant), month) or {}
        return float(item.get("usd", {}).get("N", 0))

    def _query(
        self, job_id: str, first: str, limit: int, *, newest_first: bool = False
    ) -> list[Line]:
        found: list[Line] = []
        parameters: dict[str, Any] = {}
        while True:
            answer = self._table.query(
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
