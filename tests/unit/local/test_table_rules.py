"""What global tables refuse, and what they say of themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bellpair_local.edge.forwarding import Response
from bellpair_local.edge.table_rules import described_in, refused
from bellpair_local.global_tables import Consistency, GlobalTable
from bellpair_local.ministack_seams.global_tables import page_of


def table(name: str, consistency: Consistency) -> GlobalTable:
    return GlobalTable(
        name=name, consistency=consistency, replicas=("us-east-1", "us-west-2"), definition={}
    )


TABLES = {
    "the-ledger": table("the-ledger", Consistency.STRONG),
    "catalogue": table("catalogue", Consistency.EVENTUAL),
}


def answer(operation: str, request: Any) -> Response | None:
    return refused(operation, json.dumps(request).encode(), TABLES)


def transaction(name: str) -> dict[str, Any]:
    return {"TransactItems": [{"Put": {"TableName": "other"}}, {"Put": {"TableName": name}}]}


@pytest.mark.parametrize(
    ("operation", "request_", "why"),
    [
        ("TransactWriteItems", transaction("the-ledger"), "no transactions"),
        ("TransactGetItems", transaction("arn:aws:dynamodb:a:1:table/the-ledger"), "no trans"),
        ("UpdateTimeToLive", {"TableName": "the-ledger"}, "Time to Live"),
        ("ExecuteStatement", {"Statement": 'INSERT INTO "catalogue" value {}'}, "PartiQL"),
        ("ExecuteStatement", {"Statement": 'select * from "the-ledger"."open"'}, "PartiQL"),
        ("BatchExecuteStatement", {"Statements": [{"Statement": "update catalogue"}]}, "PartiQL"),
        (
            "ExecuteTransaction",
            {"TransactStatements": [{"Statement": 'DELETE FROM "catalogue"'}]},
            "PartiQL",
        ),
    ],
)
def test_what_a_global_table_does_not_take_is_refused(
    operation: str, request_: dict[str, Any], why: str
) -> None:
    refusal = answer(operation, request_)
    assert refusal is not None and refusal.status == 400
    content = json.loads(refusal.body)
    assert content["__type"].endswith("#ValidationException")
    assert why in content["message"]


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("PutItem", {"TableName": "the-ledger"}),
        ("TransactWriteItems", transaction("catalogue")),
        ("UpdateTimeToLive", {"TableName": "catalogue"}),
        ("ExecuteStatement", {"Statement": "SELECT * FROM \"other\" WHERE a = 'catalogue'"}),
        ("ExecuteStatement", {"Statement": 3}),
        ("TransactWriteItems", {"TransactItems": [1]}),
        ("TransactWriteItems", []),
    ],
)
def test_everything_else_goes_its_way(operation: str, request_: Any) -> None:
    assert answer(operation, request_) is None


def test_a_strong_table_describes_itself_as_its_replica_does() -> None:
    index = "arn:aws:dynamodb:us-east-2:1:table/the-ledger/index/i"
    body = {
        "Table": {
            "TableName": "the-ledger",
            "TableArn": "arn:aws:dynamodb:us-east-2:1:table/the-ledger",
            "GlobalSecondaryIndexes": [{"IndexArn": index}],
        }
    }
    given = Response(200, [(b"X-Amz-Crc32", b"1"), (b"a", b"b")], json.dumps(body).encode())
    told = described_in("us-west-2", "us-east-2", TABLES["the-ledger"], given)
    assert told.headers == [(b"a", b"b")]
    described = json.loads(told.body)["Table"]
    assert described["TableArn"] == "arn:aws:dynamodb:us-west-2:1:table/the-ledger"
    assert ":us-west-2:" in described["GlobalSecondaryIndexes"][0]["IndexArn"]
    assert described["MultiRegionConsistency"] == "STRONG"
    assert [r["RegionName"] for r in described["Replicas"]] == ["us-east-1", "us-west-2"]
    assert [w["RegionName"] for w in described["GlobalTableWitnesses"]] == ["us-east-2"]


def test_a_refused_description_stays_as_it_is() -> None:
    refusal = Response(400, [], b"no JSON")
    assert described_in("us-west-2", "us-east-2", TABLES["the-ledger"], refusal) is refusal


def test_tables_are_listed_in_pages() -> None:
    names, seen = ["a", "b", "c"], []
    request: dict[str, Any] = {"Limit": 2}
    while page := page_of(names, request):
        seen.append(page["TableNames"])
        if "LastEvaluatedTableName" not in page:
            break
        request["ExclusiveStartTableName"] = page["LastEvaluatedTableName"]
    assert seen == [["a", "b"], ["c"]]
