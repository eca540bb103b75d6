"""What every store of functions and callbacks does; a test class inherits it and gives a fresh
``functions``."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

import pytest

from bellpair_core.model.callback import Callback
from bellpair_core.model.errors import LedgerConflict
from bellpair_core.model.function import FunctionRecord, Worker
from bellpair_core.ports import CallbackBook, Functions
from tests.examples import ACME, NOON, version_example


class FunctionStore(Functions, CallbackBook, Protocol):
    """Both ports in one."""


def record(name: str = "vqe-h2", **changes: object) -> FunctionRecord:
    made = FunctionRecord(
        tenant=ACME, name=name, latest=1, aliases={"latest": {1: 100}}, created_at=NOON,
        changed_at=NOON,
    )  # fmt: skip
    return made.model_copy(update=changes)


class FunctionsContract:
    """Records, versions, numbers, workers and callbacks."""

    def test_a_record_is_stored_once(self, functions: FunctionStore) -> None:
        assert functions.record(ACME, "vqe-h2") is None

        functions.replace_record(None, record())
        functions.replace_record(None, record())
        with pytest.raises(LedgerConflict):
            functions.replace_record(None, record(latest=2))

        assert functions.record(ACME, "vqe-h2") == record()

    def test_a_record_is_replaced_only_as_it_was_read(self, functions: FunctionStore) -> None:
        functions.replace_record(None, record())
        newer = record(latest=2, aliases={"latest": {1: 90, 2: 10}}, revision=2)
        functions.replace_record(record(), newer)

        with pytest.raises(LedgerConflict):
            functions.replace_record(record(), record(latest=9, revision=2))

        assert functions.record(ACME, "vqe-h2") == newer

    def test_a_tenants_functions_come_by_name_and_no_others(self, functions: FunctionStore) -> None:
        for made in (record("b"), record("a"), record("c", tenant="blue")):
            functions.replace_record(None, made)

        assert [found.name for found in functions.records(ACME)] == ["a", "b"]
        assert functions.record("blue", "a") is None

    def test_a_versions_number_is_taken_once(self, functions: FunctionStore) -> None:
        version = version_example()

        assert functions.version(ACME, "vqe-h2", 1) is None
        assert functions.put_version(version)
        assert functions.put_version(version)
        assert not functions.put_version(version_example(digest="b" * 64))
        assert functions.version(ACME, "vqe-h2", 1) == version

    def test_a_version_changes_only_to_be_marked_as_deleted(self, functions: FunctionStore) -> None:
        functions.put_version(version_example())
        deleted = version_example(deleted_at=NOON)

        assert functions.put_version(deleted)
        assert not functions.put_version(version_example(version=2, deleted_at=NOON))
        assert not functions.put_version(version_example())
        assert functions.version(ACME, "vqe-h2", 1) == deleted

    def test_versions_come_newest_first_in_pages(self, functions: FunctionStore) -> None:
        for number in (1, 2, 10):
            functions.put_version(version_example(version=number))
        functions.put_version(version_example(name="vqe-h2x", version=3))
        functions.claim_number(ACME, "vqe-h2", "a" * 64, 1)

        def numbers(limit: int, before: int | None = None) -> list[int]:
            found = functions.versions(ACME, "vqe-h2", limit=limit, before=before)
            return [version.version for version in found]

        assert numbers(5) == [10, 2, 1]
        assert numbers(2) == [10, 2]
        assert numbers(2, before=2) == [1]
        assert numbers(2, before=1) == []

    def test_a_digest_has_the_number_that_was_claimed_first(self, functions: FunctionStore) -> None:
        assert functions.number_of(ACME, "vqe-h2", "a" * 64) is None
        assert functions.claim_number(ACME, "vqe-h2", "a" * 64, 1) == 1
        assert functions.claim_number(ACME, "vqe-h2", "a" * 64, 2) == 1
        assert functions.number_of(ACME, "vqe-h2", "a" * 64) == 1

    def test_a_digests_number_may_follow_the_one_that_stood(self, functions: FunctionStore) -> None:
        functions.claim_number(ACME, "vqe-h2", "a" * 64, 1)

        assert functions.claim_number(ACME, "vqe-h2", "a" * 64, 3, instead_of=1) == 3
        assert functions.claim_number(ACME, "vqe-h2", "a" * 64, 4, instead_of=1) == 3

    def test_a_worker_is_known_as_it_last_said(self, functions: FunctionStore) -> None:
        first = Worker(name="qiskit", python="3.11.9", memory_mb=2048, seconds=900, seen_at=NOON)
        again = first.model_copy(update={"packages": {"qiskit": "2.6.2"}})
        other = first.model_copy(update={"name": "python"})

        for worker in (first, again, other):
            functions.put_worker(worker)

        assert list(functions.workers()) == [other, again]

    def test_a_callback_is_its_tenants_until_it_is_deleted(self, functions: FunctionStore) -> None:
        made = Callback(
            id="cb-1", tenant=ACME, url="https://a.example/", secret="s", created_at=NOON
        )
        later = made.model_copy(update={"id": "cb-2", "created_at": NOON + timedelta(seconds=1)})
        for callback in (later, made):
            functions.put_callback(callback)

        assert functions.callback(ACME, "cb-1") == made
        assert functions.callback("blue", "cb-1") is None
        assert list(functions.callbacks(ACME)) == [made, later]
        assert functions.delete_callback(ACME, "cb-1")
        assert not functions.delete_callback(ACME, "cb-1")
        assert list(functions.callbacks(ACME)) == [later]
