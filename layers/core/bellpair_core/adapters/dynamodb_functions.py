"""Functions, their versions, workers and callbacks in the catalogue's table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from bellpair_core.model.callback import Callback
from bellpair_core.model.errors import LedgerConflict
from bellpair_core.model.function import FunctionRecord, FunctionVersion, Worker

from .aws import client, error_code, table_faults
from .meter import Meter

_ABSENT = "attribute_not_exists(pk)"
_WORKERS = "WORKERS"


class DynamoDbFunctions:
    """`Functions` and `CallbackBook` over one table.

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

    def record(self, tenant: str, name: str) -> FunctionRecord | None:
        """See `Functions.record`."""
        doc = self._doc(_functions(tenant), name)
        return FunctionRecord.model_validate_json(doc) if doc else None

    def replace_record(self, old: FunctionRecord | None, new: FunctionRecord) -> None:
        """See `Functions.replace_record`."""
        item = {"revision": {"N": str(new.revision)}, "doc": {"S": new.model_dump_json()}}
        condition, values = _ABSENT, None
        if old is not None:
            condition, values = "revision = :old", {":old": {"N": str(old.revision)}}
        if not self._put_if(_functions(new.tenant), new.name, item, condition, values):
            raise LedgerConflict(f"function {new.name} changed since it was read")

    def records(self, tenant: str) -> Sequence[FunctionRecord]:
        """See `Functions.records`."""
        docs = self._docs(_functions(tenant))
        return [FunctionRecord.model_validate_json(doc) for doc in docs]

    def version(self, tenant: str, name: str, version: int) -> FunctionVersion | None:
        """See `Functions.version`."""
        doc = self._doc(_function(tenant, name), _version(version))
        return FunctionVersion.model_validate_json(doc) if doc else None

    def put_version(self, version: FunctionVersion) -> bool:
        """See `Functions.put_version`."""
        item = {"doc": {"S": version.model_dump_json()}, "digest": {"S": version.digest}}
        condition, values = _ABSENT, None
        if version.deleted_at is not None:
            condition, values = "digest = :digest", {":digest": {"S": version.digest}}
        pk, sk = _function(version.tenant, version.name), _version(version.version)
        return self._put_if(pk, sk, item, condition, values)

    def versions(
        self, tenant: str, name: str, *, limit: int, before: int | None = None
    ) -> Sequence[FunctionVersion]:
        """See `Functions.versions`."""
        last = _version(before - 1) if before is not None else "VERSION#~"
        docs = self._docs(
            _function(tenant, name), between=("VERSION#", last), newest_first=True, limit=limit
        )
        return [FunctionVersion.model_validate_json(doc) for doc in docs]

    def number_of(self, tenant: str, name: str, digest: str) -> int | None:
        """See `Functions.number_of`."""
        doc = self._doc(_function(tenant, name), f"DIGEST#{digest}")
        return int(doc) if doc else None

    def claim_number(
        self, tenant: str, name: str, digest: str, number: int, instead_of: int | None = None
    ) -> int:
        """See `Functions.claim_number`."""
        condition, values = _ABSENT, None
        if instead_of is not None:
            condition, values = "doc = :old", {":old": {"S": str(instead_of)}}
        item = {"doc": {"S": str(number)}}
        sk = f"DIGEST#{digest}"
        if self._put_if(_function(tenant, name), sk, item, condition, values):
            return number
        stands = self.number_of(tenant, name, digest)
        return number if stands is None else stands

    def workers(self) -> Sequence[Worker]:
        """See `Functions.workers`."""
        return [Worker.model_validate_json(doc) for doc in self._docs(_WORKERS)]

    def put_worker(self, worker: Worker) -> None:
        """See `Functions.put_worker`."""
        self._put(_WORKERS, worker.name, {"doc": {"S": worker.model_dump_json()}})

    def callback(self, tenant: str, callback_id: str) -> Callback | None:
        """See `CallbackBook.callback`."""
        doc = self._doc(_callbacks(tenant), callback_id)
        return Callback.model_validate_json(doc) if doc else None

    def callbacks(self, tenant: str) -> Sequence[Callback]:
        """See `CallbackBook.callbacks`."""
        return [Callback.model_validate_json(doc) for doc in self._docs(_callbacks(tenant))]

    def put_callback(self, callback: Callback) -> None:
        """See `CallbackBook.put_callback`."""
        item = {"doc": {"S": callback.model_dump_json()}}
        self._put(_callbacks(callback.tenant), callback.id, item)

    def delete_callback(self, tenant: str, callback_id: str) -> bool:
        """See `CallbackBook.delete_callback`."""
        with table_faults("writing the catalogue"):
            answer = self._dynamodb.delete_item(
                TableName=self._table,
                Key=_key(_callbacks(tenant), callback_id),
                ReturnValues="ALL_OLD",
                ReturnConsumedCapacity="TOTAL",
            )
        self._meter.write(answer)
        return bool(answer.get("Attributes"))

    def _doc(self, pk: str, sk: str) -> str | None:
        with table_faults("reading the catalogue"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=_key(pk, sk),
                ConsistentRead=True,
                ReturnConsumedCapacity="TOTAL",
            )
        self._meter.read(answer)
        item = answer.get("Item")
        return item["doc"]["S"] if item else None

    def _docs(
        self,
        pk: str,
        *,
        between: tuple[str, str] | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[str]:
        condition, values = "pk = :pk", {":pk": {"S": pk}}
        if between is not None:
            condition += " AND sk BETWEEN :first AND :last"
            values |= {":first": {"S": between[0]}, ":last": {"S": between[1]}}
        found: list[str] = []
        for answer in self._pages(condition, values, newest_first, limit):
            found += [item["doc"]["S"] for item in answer.get("Items", ())]
            if limit is not None and len(found) >= limit:
                return found[:limit]
        return found

    def _pages(
        self, condition: str, values: dict[str, Any], newest_first: bool, limit: int | None
    ) -> Iterator[dict[str, Any]]:
        more: dict[str, Any] = {"Limit": limit} if limit is not None else {}
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
            yield answer
            if not (last := answer.get("LastEvaluatedKey")):
                return
            more["ExclusiveStartKey"] = last

    def _put_if(
        self,
        pk: str,
        sk: str,
        item: dict[str, Any],
        condition: str,
        values: dict[str, Any] | None,
    ) -> bool:
        more = {"ExpressionAttributeValues": values} if values else {}
        try:
            self._put(pk, sk, item, ConditionExpression=condition, **more)
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            # A repeated request may meet what its first attempt wrote.
            return bool(self._doc(pk, sk) == item["doc"]["S"])
        return True

    def _put(self, pk: str, sk: str, item: dict[str, Any], **parameters: Any) -> None:
        with table_faults("writing the catalogue"):
            answer = self._dynamodb.put_item(
                TableName=self._table,
                Item={**_key(pk, sk), **item},
                ReturnConsumedCapacity="TOTAL",
                **parameters,
            )
        self._meter.write(answer)


def _functions(tenant: str) -> str:
    return f"FUNCTIONS#{tenant}"


def _function(tenant: str, name: str) -> str:
    return f"FUNCTION#{tenant}#{name}"


def _version(number: int) -> str:
    return f"VERSION#{number:06d}"


def _callbacks(tenant: str) -> str:
    return f"CALLBACKS#{tenant}"


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}
