"""Functions, workers and callbacks in dictionaries."""

from __future__ import annotations

from collections.abc import Sequence

from bellpair_core.model.callback import Callback
from bellpair_core.model.errors import LedgerConflict, TransientFault
from bellpair_core.model.function import FunctionRecord, FunctionVersion, Worker


class MemoryFunctions:
    """What was deployed, without a lag; also the book of callbacks.

    Attributes
    ----------
    writes
        How many writes succeeded.
    fail_after
        So many writes more succeed, and then each is a `TransientFault`; ``None`` is no end.
    """

    def __init__(self) -> None:
        self.writes = 0
        self.fail_after: int | None = None
        self._records: dict[tuple[str, str], FunctionRecord] = {}
        self._versions: dict[tuple[str, str, int], FunctionVersion] = {}
        self._numbers: dict[tuple[str, str, str], int] = {}
        self._workers: dict[str, Worker] = {}
        self._callbacks: dict[tuple[str, str], Callback] = {}

    def record(self, tenant: str, name: str) -> FunctionRecord | None:
        """The function's names and aliases."""
        return self._records.get((tenant, name))

    def replace_record(self, old: FunctionRecord | None, new: FunctionRecord) -> None:
        """Store ``new`` over ``old``, or raise `LedgerConflict`."""
        stored = self._records.get((new.tenant, new.name))
        if stored == new:
            return
        if (stored and stored.revision) != (old and old.revision):
            raise LedgerConflict(f"function {new.name} changed since it was read")
        self._write()
        self._records[new.tenant, new.name] = new

    def records(self, tenant: str) -> Sequence[FunctionRecord]:
        """All functions of a tenant, by name."""
        return [record for key, record in sorted(self._records.items()) if key[0] == tenant]

    def version(self, tenant: str, name: str, version: int) -> FunctionVersion | None:
        """One version."""
        return self._versions.get((tenant, name, version))

    def put_version(self, version: FunctionVersion) -> bool:
        """Store a version; False where its number is taken."""
        key = (version.tenant, version.name, version.version)
        stored = self._versions.get(key)
        if stored == version:
            return True
        marks = version.deleted_at is not None
        if (stored is None) is marks or (stored is not None and stored.digest != version.digest):
            return False
        self._write()
        self._versions[key] = version
        return True

    def versions(
        self, tenant: str, name: str, *, limit: int, before: int | None = None
    ) -> Sequence[FunctionVersion]:
        """Versions, newest first."""
        found = [
            version
            for key, version in sorted(self._versions.items(), reverse=True)
            if key[:2] == (tenant, name) and (before is None or key[2] < before)
        ]
        return found[:limit]

    def number_of(self, tenant: str, name: str, digest: str) -> int | None:
        """The number that stands for a version of this digest."""
        return self._numbers.get((tenant, name, digest))

    def claim_number(
        self, tenant: str, name: str, digest: str, number: int, instead_of: int | None = None
    ) -> int:
        """Let a number stand for a digest, if ``instead_of`` does so now."""
        key = (tenant, name, digest)
        if self._numbers.get(key) == instead_of:
            self._write()
            self._numbers[key] = number
        return self._numbers.get(key, number)

    def workers(self) -> Sequence[Worker]:
        """The workers, by name."""
        return [worker for _, worker in sorted(self._workers.items())]

    def put_worker(self, worker: Worker) -> None:
        """Store what a worker says of itself."""
        self._write()
        self._workers[worker.name] = worker

    def callback(self, tenant: str, callback_id: str) -> Callback | None:
        """One callback of the tenant."""
        return self._callbacks.get((tenant, callback_id))

    def callbacks(self, tenant: str) -> Sequence[Callback]:
        """All callbacks of the tenant, by id."""
        return [found for key, found in sorted(self._callbacks.items()) if key[0] == tenant]

    def put_callback(self, callback: Callback) -> None:
        """Store a callback."""
        self._write()
        self._callbacks[callback.tenant, callback.id] = callback

    def delete_callback(self, tenant: str, callback_id: str) -> bool:
        """Delete a callback; False where there is none."""
        self._write()
        return self._callbacks.pop((tenant, callback_id), None) is not None

    def _write(self) -> None:
        if self.fail_after is not None:
            if self.fail_after == 0:
                raise TransientFault("the catalogue cannot be reached")
            self.fail_after -= 1
        self.writes += 1
