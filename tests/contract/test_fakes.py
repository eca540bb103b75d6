"""The doubles keep the contracts that the AWS adapters keep."""

from __future__ import annotations

import pytest

from bellpair_core.ports import Blobs, Catalogue, Ledger
from tests.contract.blobs_contract import BlobsContract
from tests.contract.catalogue_contract import CatalogueContract
from tests.contract.ledger_contract import LedgerContract
from tests.fakes import MemoryBlobs, MemoryCatalogue, MemoryLedger


class TestMemoryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self) -> Ledger:
        return MemoryLedger()


class TestMemoryCatalogue(CatalogueContract):
    @pytest.fixture
    def catalogue(self) -> Catalogue:
        return MemoryCatalogue()


class TestMemoryBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self) -> Blobs:
        return MemoryBlobs()
