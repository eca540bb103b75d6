"""The ledger in a DynamoDB global table with multi-Region strong consistency.

One item holds one job: its keys and index attributes in the open, the record itself as one
JSON document. DynamoDB prices a write by the whole item either way, and a whole document lets
the job protocol stay plain logic over values.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from bellpair_core.model.beat import Beat
from bellpair_core.model.breaker import Breaker
from bellpair_core.model.errors import LedgerConflict
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import (
    OPEN_SHARDS,
    QUEUE_SHARDS,
    TENANT_SHARDS,
    WAITING_COUNT_MAX,
)
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.quality import Quality
from bellpair_core.ports.ledger import (
    JobExists,
    JobPage,
    JobSummary,
    OpenJob,
    OpenPage,
    WaitingJob,
)

from .dynamodb_table import ConditionFailed, DynamoDbTable, item_key
from .ledger_table import BY_QUEUE, BY_TENANT, OPEN, Index

_T = TypeVar("_T")

_ABSENT = "attribute_not_exists(pk)"

_WITH = "@"
"""Between a device and the calibration with which it has no room for a job."""


class DynamoDbLedger:
    """`Ledger` over the ledger's table.

    Parameters
    ----------
    initial
        The pair record that stands while none is stored.
    """

    def __init__(self, table: DynamoDbTable, initial: PairRecord) -> None:
        self._table = table
        self._initial = initial

    def pair(self) -> PairRecord:
        """See `Ledger.pair`."""
        item = self._table.item("PAIR", "PAIR")
        return PairRecord.model_validate_json(item["doc"]["S"]) if item else self._initial

    def replace_pair(self, old: PairRecord, new: PairRecord) -> None:
        """See `Ledger.replace_pair`."""
        item = {
            **item_key("PAIR", "PAIR"),
            "epoch": {"N": str(new.epoch)},
            "version": {"N": str(new.version)},
            "doc": {"S": new.model_dump_json()},
        }
        values = {":epoch": {"N": str(old.epoch)}, ":version": {"N": str(old.version)}}
        condition = "epoch = :epoch AND version = :version" if old.version else _ABSENT
        self._swap(item, condition, values if old.version else {}, "the pair record")

    def beat(self, region: str) -> Beat | None:
        """See `Ledger.beat`."""
        item = self._table.item(f"BEAT#{region}", "BEAT")
        return Beat.model_validate_json(item["doc"]["S"]) if item else None

    def put_beat(self, beat: Beat) -> None:
        """See `Ledger.put_beat`."""
        item = {**item_key(f"BEAT#{beat.region}", "BEAT"), "doc": {"S": beat.model_dump_json()}}
        self._table.write("put_item", Item=item)

    def breaker(self, device: str) -> Breaker:
        """See `Ledger.breaker`."""
        item = self._table.item(f"BREAKER#{device}", "BREAKER")
        return Breaker.model_validate_json(item["doc"]["S"]) if item else Breaker(device=device)

    def replace_breaker(self, old: Breaker, new: Breaker) -> None:
        """See `Ledger.replace_breaker`."""
        item = {
            **item_key(f"BREAKER#{new.device}", "BREAKER"),
            "version": {"N": str(new.version)},
            "doc": {"S": new.model_dump_json()},
        }
        values = {":version": {"N": str(old.version)}}
        condition = "version = :version" if old.version else _ABSENT
        what = f"the breaker of {new.device}"
        self._swap(item, condition, values if old.version else {}, what)

    def quality(self, device: str) -> Quality:
        """See `Ledger.quality`."""
        item = self._table.item(f"QUALITY#{device}", "QUALITY")
        return Quality.model_validate_json(item["doc"]["S"]) if item else Quality(device=device)

    def replace_quality(self, old: Quality, new: Quality) -> None:
        """See `Ledger.replace_quality`."""
        item = {
            **item_key(f"QUALITY#{new.device}", "QUALITY"),
            "version": {"N": str(new.version)},
            "doc": {"S": new.model_dump_json()},
        }
        values = {":version": {"N": str(old.version)}}
        condition = "version = :version" if old.version else _ABSENT
        what = f"the quality of {new.device}"
        self._swap(item, condition, values if old.version else {}, what)

    def insert(self, job: Job) -> None:
        """See `Ledger.insert`."""
        try:
            self._put(_job_item(job), _ABSENT, {})
        except ConditionFailed as failed:
            existing = _job(failed.item) if failed.item else self.job(job.id)
            if existing is None:
                raise LedgerConflict(f"job {job.id} came and went") from failed
            raise JobExists(existing) from None

    def job(self, job_id: str) -> Job | None:
        """See `Ledger.job`."""
        item = self._table.item(f"JOB#{job_id}", "JOB")
        return _job(item) if item else None

    def replace(self, old: Job, new: Job) -> None:
        """See `Ledger.replace`."""
        values = {":epoch": {"N": str(old.epoch)}, ":version": {"N": str(old.version)}}
        condition = "epoch = :epoch AND version = :version"
        self._swap(_job_item(new), condition, values, f"job {old.id}")

    def waiting(self, queue: str, limit: int) -> Sequence[WaitingJob]:
        """See `Ledger.waiting`."""
        shards = self._each_shard(
            QUEUE_SHARDS,
            lambda shard: self._query(BY_QUEUE, f"QUEUE#{queue}#{shard}", limit),
        )
        merged = heapq.merge(*shards, key=lambda item: item["queue_sk"]["S"])
        return [
            WaitingJob(
                job_id=item["job_id"]["S"],
                tenant=item["tenant"]["S"],
                device=item["device"]["S"],
                shots=int(item["shots"]["N"]),
                num_qubits=int(item["num_qubits"]["N"]),
                accepted_at=item["accepted_at"]["S"],
                **_kept_from(item.get("avoid", {}).get("SS", ())),
            )
            for _, item in zip(range(limit), merged, strict=False)
        ]

    def waiting_before(self, job: Job) -> int:
        """See `Ledger.waiting_before`."""
        mine = _queue_sort_key(job)

        def count(shard: int) -> int:
            answer = self._table.query(
                IndexName=BY_QUEUE.name,
                Select="COUNT",
                Limit=WAITING_COUNT_MAX,
                KeyConditionExpression="queue_pk = :pk AND queue_sk < :sk",
                ExpressionAttributeValues={
                    ":pk": {"S": f"QUEUE#{job.queue}#{shard}"},
                    ":sk": {"S": mine},
                },
            )
            return int(answer["Count"])

        return sum(self._each_shard(QUEUE_SHARDS, count))

    def jobs_of(
        self,
        tenant: str,
        *,
        limit: int,
        position: Mapping[str, str] | None = None,
        status: JobStatus | None = None,
        device: str | None = None,
    ) -> JobPage:
        """See `Ledger.jobs_of`."""
        wanted = {"status": status.value if status else None, "device": device}
        filters = {name: value for name, value in wanted.items() if value is not None}
        before = dict(position or {})

        def read(shard: int) -> list[dict[str, Any]]:
            return self._query(
                BY_TENANT,
                f"TENANT#{tenant}#{shard}",
                limit + 1,
                newest_first=True,
                before=before.get(str(shard)),
                filters=filters,
            )

        shards = self._each_shard(TENANT_SHARDS, read)
        merged = heapq.merge(*shards, key=lambda item: item["tenant_sk"]["S"], reverse=True)
        taken = [item for _, item in zip(range(limit + 1), merged, strict=False)]
        more, taken = len(taken) > limit, taken[:limit]
        for item in taken:
            before[item["tenant_pk"]["S"].rsplit("#", 1)[1]] = item["tenant_sk"]["S"]
        return JobPage(jobs=tuple(map(_summary, taken)), position=before if more else None)

    def due(self, shard: int, before: datetime, limit: int) -> Sequence[str]:
        """See `Ledger.due`."""
        items = self._query(OPEN, f"OPEN#{shard}", limit, before=before.isoformat())
        return [item["job_id"]["S"] for item in items]

    def open_jobs(self, shard: int, limit: int, after: str | None = None) -> OpenPage:
        """See `Ledger.open_jobs`."""
        items = self._query(OPEN, f"OPEN#{shard}", limit + 1, after=after)
        more, items = len(items) > limit, items[:limit]
        return OpenPage(
            jobs=tuple(
                OpenJob(
                    job_id=item["job_id"]["S"],
                    status=JobStatus(item["status"]["S"]),
                    epoch=int(item["epoch"]["N"]),
                    region=item["region"]["S"],
                )
                for item in items
            ),
            position=items[-1]["open_sk"]["S"] if more else None,
        )

    def acquire_slot(self, device: str, job_id: str, limit: int) -> bool:
        """See `Ledger.acquire_slot`."""
        try:
            self._slots(
                "ADD jobs :job",
                device,
                job_id,
                ConditionExpression="attribute_not_exists(jobs) OR size(jobs) < :limit"
                " OR contains(jobs, :id)",
                more={":limit": {"N": str(limit)}, ":id": {"S": job_id}},
            )
        except ConditionFailed:
            return False
        return True

    def release_slot(self, device: str, job_id: str) -> frozenset[str]:
        """See `Ledger.release_slot`."""
        before = self._slots("DELETE jobs :job", device, job_id, ReturnValues="ALL_OLD")
        return frozenset(before.get("jobs", {}).get("SS", ()))

    def slots(self, device: str) -> frozenset[str]:
        """See `Ledger.slots`."""
        item = self._table.item(f"SLOTS#{device}", "SLOTS")
        return frozenset(item.get("jobs", {}).get("SS", ())) if item else frozenset()

    def _slots(
        self,
        update: str,
        device: str,
        job_id: str,
        more: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> dict[str, Any]:
        answer = self._table.write(
            "update_item",
            Key=item_key(f"SLOTS#{device}", "SLOTS"),
            UpdateExpression=update,
            ExpressionAttributeValues={":job": {"SS": [job_id]}, **(more or {})},
            **parameters,
        )
        attributes: dict[str, Any] = answer.get("Attributes", {})
        return attributes

    def _put(
        self,
        item: dict[str, Any],
        condition: str,
        values: Mapping[str, Any],
    ) -> None:
        parameters: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
        self._table.write(
            "put_item",
            Item=item,
            ConditionExpression=condition,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **parameters,
        )

    def _swap(
        self, item: dict[str, Any], condition: str, values: Mapping[str, Any], what: str
    ) -> None:
        """Write the item over the one that the condition describes."""
        try:
            self._put(item, condition, values)
        except ConditionFailed as failed:
            if failed.item.get("doc") == item["doc"]:
                # The client library repeated a write whose answer was lost: it is done.
                return
            raise LedgerConflict(f"{what} changed since it was read") from None

    def _query(
        self,
        index: Index,
        pk: str,
        limit: int,
        *,
        newest_first: bool = False,
        before: str | None = None,
        after: str | None = None,
        filters: Mapping[str, str] | None = None,
    ) -> list[dict[str, Any]]:
        names = {"#pk": index.partition_key}
        values: dict[str, Any] = {":pk": {"S": pk}}
        condition = "#pk = :pk"
        if before is not None:
            names["#sk"] = index.sort_key
            values[":before"] = {"S": before}
            condition += " AND #sk < :before"
        elif after is not None:
            names["#sk"] = index.sort_key
            values[":after"] = {"S": after}
            condition += " AND #sk > :after"
        parameters: dict[str, Any] = {}
        if filters:
            for name, value in filters.items():
                names[f"#f_{name}"] = name
                values[f":f_{name}"] = {"S": value}
            parameters["FilterExpression"] = " AND ".join(f"#f_{n} = :f_{n}" for n in filters)
        found: list[dict[str, Any]] = []
        # A filter is applied after DynamoDB's own limit, so pages are read until enough match.
        while True:
            answer = self._table.query(
                IndexName=index.name,
                KeyConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ScanIndexForward=not newest_first,
                Limit=limit,
                **parameters,
            )
            found.extend(answer["Items"])
            if len(found) >= limit or "LastEvaluatedKey" not in answer:
                return found[:limit]
            parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _each_shard(self, shards: int, read: Callable[[int], _T]) -> list[_T]:
        with ThreadPoolExecutor(max_workers=shards) as pool:
            return list(pool.map(read, range(shards)))


def shard_of(job_id: str, shards: int) -> int:
    """The shard that a job's index entries are in."""
    return zlib.crc32(job_id.encode()) % shards


def _job(item: Mapping[str, Any]) -> Job:
    return Job.model_validate_json(item["doc"]["S"])


def _queue_sort_key(job: Job) -> str:
    return f"{job.accepted_at.isoformat()}#{job.id}"


def _job_item(job: Job) -> dict[str, Any]:
    accepted = job.accepted_at.isoformat()
    item: dict[str, Any] = {
        **item_key(f"JOB#{job.id}", "JOB"),
        "epoch": {"N": str(job.epoch)},
        "version": {"N": str(job.version)},
        "status": {"S": job.status.value},
        "doc": {"S": job.model_dump_json(exclude_defaults=True)},
        "job_id": {"S": job.id},
        "tenant": {"S": job.tenant},
        "device": {"S": job.device},
        "shots": {"N": str(job.shots)},
        "num_qubits": {"N": str(job.num_qubits)},
        "accepted_at": {"S": accepted},
        "region": {"S": job.region},
        "tenant_pk": {"S": f"TENANT#{job.tenant}#{shard_of(job.id, TENANT_SHARDS)}"},
        "tenant_sk": {"S": f"{accepted}#{job.id}"},
    }
    if job.name:
        item["name"] = {"S": job.name}
    if job.tags:
        item["tags"] = {"M": {key: {"S": value} for key, value in job.tags.items()}}
    if job.avoid or job.no_room:
        # One attribute for both: what an index shows cannot be changed while it is in use.
        full = [f"{device}{_WITH}{calibration}" for device, calibration in job.no_room.items()]
        item["avoid"] = {"SS": [*job.avoid, *full]}
    if job.finished_at:
        item["finished_at"] = {"S": job.finished_at.isoformat()}
    if job.error:
        item["error_code"] = {"S": job.error.code.value}
    # Sparse indexes: an item is in one only while it has the index's key.
    if job.status is JobStatus.QUEUED:
        item["queue_pk"] = {"S": f"QUEUE#{job.queue}#{shard_of(job.id, QUEUE_SHARDS)}"}
        item["queue_sk"] = {"S": _queue_sort_key(job)}
    if not job.status.terminal:
        item["open_pk"] = {"S": f"OPEN#{shard_of(job.id, OPEN_SHARDS)}"}
        item["open_sk"] = {"S": f"{job.check_at.isoformat()}#{job.id}"}
    return item


def _kept_from(entries: Iterable[str]) -> dict[str, Any]:
    """The devices that a waiting job is not to be given to: at all, and with which calibration."""
    parts = [entry.partition(_WITH) for entry in sorted(entries)]
    return {
        "avoid": tuple(device for device, sign, _ in parts if not sign),
        "no_room": {device: calibration for device, sign, calibration in parts if sign},
    }


def _summary(item: Mapping[str, Any]) -> JobSummary:
    return JobSummary.model_validate(
        {
            "job_id": item["job_id"]["S"],
            "status": item["status"]["S"],
            "device": item["device"]["S"],
            "shots": int(item["shots"]["N"]),
            "accepted_at": item["accepted_at"]["S"],
            "finished_at": item.get("finished_at", {}).get("S"),
            "name": item.get("name", {}).get("S"),
            "tags": {key: value["S"] for key, value in item.get("tags", {}).get("M", {}).items()},
            "error_code": item.get("error_code", {}).get("S"),
        }
    )
