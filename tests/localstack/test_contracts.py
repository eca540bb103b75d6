"""The AWS adapters keep the ports' contracts on LocalStack as they do elsewhere."""

from __future__ import annotations

import pytest

from tests.contract.test_aws_adapters import (
    TestDynamoDbCatalogue,
    TestDynamoDbFunctions,
    TestDynamoDbJournal,
    TestDynamoDbLedger,
    TestS3Blobs,
    test_a_table_that_is_being_restored_is_asked_again,
)

__all__ = [
    "TestDynamoDbCatalogue",
    "TestDynamoDbFunctions",
    "TestDynamoDbJournal",
    "TestDynamoDbLedger",
    "TestS3Blobs",
    "test_a_table_that_is_being_restored_is_asked_again",
]

pytestmark = pytest.mark.localstack
