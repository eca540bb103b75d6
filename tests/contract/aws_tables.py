"""The tables as the templates declare them, made where a test wants them."""

from __future__ import annotations

from typing import Any

from bellpair_core.adapters.ledger_table import INDEXES, PARTITION_KEY, SORT_KEY


def create_ledger_table(dynamodb: Any, name: str) -> None:
    """Create the ledger's table with its indexes."""
    strings = {PARTITION_KEY, SORT_KEY}
    strings |= {key for index in INDEXES for key in (index.partition_key, index.sort_key)}
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys(PARTITION_KEY, SORT_KEY),
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": "S"} for key in sorted(strings)
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index.name,
                "KeySchema": _keys(index.partition_key, index.sort_key),
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": list(index.attributes),
                },
            }
            for index in INDEXES
        ],
    )


def create_catalogue_table(dynamodb: Any, name: str) -> None:
    """Create the catalogue's table."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys(PARTITION_KEY, SORT_KEY),
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": "S"} for key in (PARTITION_KEY, SORT_KEY)
        ],
    )


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]
