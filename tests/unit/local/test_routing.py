"""Where the edge sends a request, as its credential scope and its table names say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bellpair_local.edge.routing import destination, holder_of_tables
from bellpair_local.edge.scope import CredentialScope, credential_scope, with_region
from bellpair_local.topology import Topology

TOPOLOGY = Topology.plan("t", Path("/nowhere"), Path("/nowhere"), 5000)
EAST = TOPOLOGY.member("us-east-1")
STRONG = frozenset({"ledger"})


def signed(region: str, service: str) -> list[tuple[bytes, bytes]]:
    credential = f"Credential=123/20260101/{region}/{service}/aws4_request"
    value = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=ab"
    return [(b"host", b"x"), (b"authorization", value.encode())]


def test_the_scope_is_read_from_the_authorization_header() -> None:
    assert credential_scope(signed("eu-west-1", "s3")) == ("eu-west-1", "s3")


@pytest.mark.parametrize("slash", ["/", "%2F", "%2f"])
def test_the_scope_of_a_presigned_url_is_read_from_its_query(slash: str) -> None:
    query = f"a=1&X-Amz-Credential=123{slash}20260101{slash}us-west-2{slash}s3{slash}aws4_request"
    assert credential_scope([], query.encode()) == ("us-west-2", "s3")


@pytest.mark.parametrize("value", [b"Bearer bp_a_b", b"", b"AWS4-HMAC-SHA256 Credential=broken"])
def test_a_request_that_is_not_signed_has_no_scope(value: bytes) -> None:
    assert credential_scope([(b"authorization", value)]) is None


def test_a_rewritten_scope_differs_in_the_region_alone() -> None:
    assert with_region(signed("us-east-1", "dynamodb"), "us-east-2") == signed(
        "us-east-2", "dynamodb"
    )


@pytest.mark.parametrize(
    ("region", "service", "goes_to"),
    [
        ("us-east-1", "dynamodb", None),
        ("us-west-2", "dynamodb", "us-west-2"),
        ("us-east-2", "dynamodb", "witness"),
        ("us-east-1", "braket", "braket-us-east-1"),
        ("us-west-2", "braket", "braket-us-west-2"),
        ("us-west-2", "iam", None),
        ("ap-south-1", "s3", None),
    ],
)
def test_a_signed_request_goes_to_the_process_of_its_region_and_service(
    region: str, service: str, goes_to: str | None
) -> None:
    member = destination(TOPOLOGY, EAST, CredentialScope(region, service))
    assert (member.name if member else None) == goes_to


def test_an_unsigned_request_is_answered_where_it_arrives() -> None:
    assert destination(TOPOLOGY, EAST, None) is None


@pytest.mark.parametrize(
    "request_",
    [
        {"TableName": "ledger", "Key": {}},
        {"TableName": "arn:aws:dynamodb:us-east-1:1:table/ledger"},
        {"TableName": "arn:aws:dynamodb:us-east-1:1:table/ledger/index/open"},
        {"RequestItems": {"other": [], "ledger": []}},
        {"TransactItems": [{"Put": {"TableName": "other"}}, {"Put": {"TableName": "ledger"}}]},
    ],
)
def test_a_request_that_names_a_strong_table_goes_to_the_witness(request_: dict[str, Any]) -> None:
    holder = holder_of_tables(TOPOLOGY, EAST, json.dumps(request_).encode(), STRONG)
    assert holder == (TOPOLOGY.witness, "us-east-2")


@pytest.mark.parametrize(
    "body",
    [
        b'{"TableName": "catalogue", "Item": {"note": {"S": "ledger"}}}',
        b'{"TableName": "ledger-2"}',
        b"{}",
        b"ledger, but no JSON",
    ],
)
def test_a_table_s_name_elsewhere_in_the_request_means_nothing(body: bytes) -> None:
    assert holder_of_tables(TOPOLOGY, EAST, body, STRONG) is None


def test_the_witness_answers_for_its_tables_itself() -> None:
    body = b'{"TableName": "ledger"}'
    assert holder_of_tables(TOPOLOGY, TOPOLOGY.witness, body, STRONG) is None
