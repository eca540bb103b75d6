"""Functions, their versions and workers: in the eventually consistent table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bellpair_core.model.function import FunctionRecord, FunctionVersion, Worker


class Functions(Protocol):
    """What users deployed, and what it may run on. Only the active region writes it."""

    def record(self, tenant: str, name: str) -> FunctionRecord | None:
        """The function's names and aliases, strongly read in this region."""
        ...

    def replace_record(self, old: FunctionRecord | None, new: FunctionRecord) -> None:
        """Store ``new`` if the stored record still has the revision of ``old``.

        Raises
        ------
        LedgerConflict
            When it has not, or there is one where ``old`` is ``None``; nothing is written.
        """
        ...

    def records(self, tenant: str) -> Sequence[FunctionRecord]:
        """All functions of a tenant, by name; deleted ones too."""
        ...

    def version(self, tenant: str, name: str, version: int) -> FunctionVersion | None:
        """One version."""
        ...

    def put_version(self, version: FunctionVersion) -> bool:
        """Store a version; False, and nothing stored, where its number is taken.

        Storing a version again only to mark it as deleted is allowed.
        """
        ...

    def versions(
        self, tenant: str, name: str, *, limit: int, before: int | None = None
    ) -> Sequence[FunctionVersion]:
        """Up to ``limit`` versions below the number ``before``, newest first; deleted ones too.

        Fewer than ``limit``, even none, only where there are no more.
        """
        ...

    def number_of(self, tenant: str, name: str, digest: str) -> int | None:
        """The number that stands for a version of this digest, strongly read in this region.

        There may be no version of that number, where a deployment was broken off.
        """
        ...

    def claim_number(
        self, tenant: str, name: str, digest: str, number: int, instead_of: int | None = None
    ) -> int:
        """Let a number stand for a digest, if ``instead_of`` does so now; the one that does then.

        Parameters
        ----------
        instead_of
            ``None`` where there is none.
        """
        ...

    def workers(self) -> Sequence[Worker]:
        """The workers that have described themselves, by name."""
        ...

    def put_worker(self, worker: Worker) -> None:
        """Store what a worker says of itself."""
        ...
