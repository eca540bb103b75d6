"""The doubles keep the contracts that the AWS adapters keep."""

from __future__ import annotations

import pytest

from bellpair_core.ports import Blobs, Catalogue, CompiledForms, Journal, Ledger, Triggers
from tests.contract.blob_copies_contract import HOME, PEER, BlobCopiesContract
from tests.contract.blobs_contract import BlobsContract
from tests.contract.catalogue_contract import SNAPSHOTS_KEPT, CatalogueContract
from tests.contract.forms_contract import FormsContract
from tests.contract.functions_contract import FunctionsContract, FunctionStore
from tests.contract.journal_contract import JournalContract
from tests.contract.ledger_contract import LedgerContract
from tests.contract.triggers_contract import TriggersContract
from tests.fakes import (
    FakeClock,
    MemoryBlobs,
    MemoryCatalogue,
    MemoryForms,
    MemoryJournal,
    MemoryLedger,
)
from tests.fakes.memory_buckets import MemoryBuckets
from tests.fakes.memory_functions import MemoryFunctions
from tests.fakes.memory_triggers import MemoryTriggers


class TestMemoryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self) -> Ledger:
        return MemoryLedger()


class TestMemoryForms(FormsContract):
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def forms(self, clock: FakeClock) -> CompiledForms:
        return MemoryForms(clock)


class TestMemoryJournal(JournalContract):
    @pytest.fixture
    def journal(self) -> Journal:
        return MemoryJournal()


class TestMemoryCatalogue(CatalogueContract):
    @pytest.fixture
    def catalogue(self) -> Catalogue:
        return MemoryCatalogue(kept=SNAPSHOTS_KEPT)


class TestMemoryFunctions(FunctionsContract):
    @pytest.fixture
    def functions(self) -> FunctionStore:
        return MemoryFunctions()


class TestMemoryBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self) -> Blobs:
        return MemoryBlobs()


class FakeBuckets:
    """Buckets in memory, and what may happen to them."""

    def __init__(self) -> None:
        self.blobs = MemoryBuckets(HOME, PEER)

    def lose(self, region: str) -> None:
        self.blobs.away.add(region)

    def find(self, region: str) -> None:
        self.blobs.away.remove(region)

    def drop(self, region: str, digest: str) -> None:
        del self.blobs.stored[region][digest]

    def damage(self, region: str, digest: str) -> None:
        self.blobs.stored[region][digest] = b"damaged"


class TestMemoryBuckets(BlobCopiesContract):
    @pytest.fixture
    def buckets(self) -> FakeBuckets:
        return FakeBuckets()


class TestMemoryTriggers(TriggersContract):
    @pytest.fixture
    def triggers(self) -> Triggers:
        return MemoryTriggers()
