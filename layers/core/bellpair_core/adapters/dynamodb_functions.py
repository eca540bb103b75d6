"""Functions, their versions, workers and callbacks in the catalogue's table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bellpair_core.model.callback import Callback
from bellpair_core.model.errors import LedgerConflict
from bellpair_core.model.function import FunctionRecord, FunctionVersion, Worker

from .catalogue_items import CatalogueItems, still, unless_changed
from .dynamodb_table import DynamoDbTable, absent, item_key

_WORKERS = "WORKERS"


class DynamoDbFunctions:
    """`Functions` and `CallbackBook` over the catalogue's table."""

    def __init__(self, table: DynamoDbTable) -> None:
        self._catalogue = CatalogueItems(table)

    def record(self, tenant: str, name: str) -> FunctionRecord | None:
        """See `Functions.record`."""
        doc = self._doc(_functions(tenant), name)
        return FunctionRecord.model_validate_json(doc) if doc else None

    def replace_record(self, old: FunctionRecord | None, new: FunctionRecord) -> None:
        """See `Functions.replace_record`."""
        item = {"revision": {"N": str(new.revision)}, "doc": {"S": new.model_dump_json()}}
        known = unless_changed(old.revision if old else None)
        if not self._put_if(_functions(new.tenant), new.name, item, **known):
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
        known = still("digest", item["digest"]) if version.deleted_at else absent()
        pk, sk = _function(version.tenant, version.name), _version(version.version)
        return self._put_if(pk, sk, item, **known)

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
        known = absent() if instead_of is None else still("doc", {"S": str(instead_of)})
        item = {"doc": {"S": str(number)}}
        sk = f"DIGEST#{digest}"
        if self._put_if(_function(tenant, name), sk, item, **known):
            return number
        stands = self.number_of(tenant, name, digest)
        return number if stands is None else stands

    def workers(self) -> Sequence[Worker]:
        """See `Functions.workers`."""
        return [Worker.model_validate_json(doc) for doc in self._docs(_WORKERS)]

    def put_worker(self, worker: Worker) -> None:
        """See `Functions.put_worker`."""
        self._catalogue.put(
            item_key(_WORKERS, worker.name), {"doc": {"S": worker.model_dump_json()}}
        )

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
        self._catalogue.put(item_key(_callbacks(callback.tenant), callback.id), item)

    def delete_callback(self, tenant: str, callback_id: str) -> bool:
        """See `CallbackBook.delete_callback`."""
        return self._catalogue.delete(item_key(_callbacks(tenant), callback_id))

    def _doc(self, pk: str, sk: str) -> str | None:
        item = self._catalogue.item(pk, sk)
        return item["doc"]["S"] if item else None

    def _docs(self, pk: str, **which: Any) -> list[str]:
        return [item["doc"]["S"] for item in self._catalogue.items(pk, **which)]

    def _put_if(self, pk: str, sk: str, item: dict[str, Any], **condition: Any) -> bool:
        if self._catalogue.put(item_key(pk, sk), item, **condition):
            return True
        # A repeated request may meet what its first attempt wrote.
        return bool(self._doc(pk, sk) == item["doc"]["S"])


def _functions(tenant: str) -> str:
    return f"FUNCTIONS#{tenant}"


def _function(tenant: str, name: str) -> str:
    return f"FUNCTION#{tenant}#{name}"


def _version(number: int) -> str:
    return f"VERSION#{number:06d}"


def _callbacks(tenant: str) -> str:
    return f"CALLBACKS#{tenant}"
