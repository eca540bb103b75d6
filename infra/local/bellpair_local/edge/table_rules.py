"""What a global table refuses, and how a strongly consistent one describes itself. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bellpair_local.edge.forwarding import Response
from bellpair_local.edge.routing import table_name, table_names
from bellpair_local.global_tables import Consistency, GlobalTable

_TRANSACTIONS = frozenset({"TransactWriteItems", "TransactGetItems"})
_PARTIQL = frozenset({"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"})
_MENTION = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+(?:"([^"]+)"|([^\s".]+))', re.IGNORECASE)


def refused(operation: str, body: bytes, tables: Mapping[str, GlobalTable]) -> Response | None:
    """Return the refusal of a DynamoDB request that global tables do not take, or None.

    Parameters
    ----------
    operation
        As ``TransactWriteItems``.
    body
        The request's JSON; what is no request is nobody's concern here.
    tables
        The global tables by name.
    """
    if operation not in _TRANSACTIONS | _PARTIQL | {"UpdateTimeToLive"}:
        return None
    try:
        request = json.loads(body)
        named = set(statement_tables(request) if operation in _PARTIQL else table_names(request))
    except (ValueError, TypeError, AttributeError):
        return None
    concerned = [tables[name] for name in sorted(named & set(tables))]
    strong = [table.name for table in concerned if table.consistency is Consistency.STRONG]
    if operation in _PARTIQL and concerned:
        return _validation_error(
            f"{concerned[0].name} is a global table, and the local cloud does not replicate what "
            "PartiQL writes: use PutItem, UpdateItem, DeleteItem, GetItem or Query"
        )
    if operation in _TRANSACTIONS and strong:
        return _validation_error(
            f"{operation} is not supported on {strong[0]}: a global table with strong consistency "
            "has no transactions"
        )
    if operation == "UpdateTimeToLive" and strong:
        return _validation_error(
            f"Time to Live is not supported on {strong[0]}: a global table with strong consistency "
            "has none"
        )
    return None


def statement_tables(request: Mapping[str, Any]) -> Iterator[str]:
    """Yield the tables that the PartiQL statements of a request name, by name or ARN."""
    listed: Iterable[Any] = [
        request,
        *(request.get("Statements") or ()),
        *(request.get("TransactStatements") or ()),
    ]
    for entry in listed:
        for quoted, bare in _MENTION.findall(entry.get("Statement") or ""):
            yield table_name(quoted or bare)


def described_in(region: str, witness: str, table: GlobalTable, answer: Response) -> Response:
    """Return the witness's DescribeTable answer as the replica in `region` gives it on AWS.

    Parameters
    ----------
    witness
        Region of the witness.
    """
    if answer.status != 200:
        return answer
    content = json.loads(answer.body.replace(f":{witness}:".encode(), f":{region}:".encode()))
    content["Table"] |= {
        "GlobalTableVersion": "2019.11.21",
        "MultiRegionConsistency": table.consistency.value,
        "Replicas": [
            {"RegionName": replica, "ReplicaStatus": "ACTIVE"} for replica in table.replicas
        ],
        "GlobalTableWitnesses": [{"RegionName": witness, "WitnessStatus": "ACTIVE"}],
    }
    # The checksum was that of the other body, and SDKs look at it.
    headers = [(name, value) for name, value in answer.headers if name.lower() != b"x-amz-crc32"]
    return Response(answer.status, headers, json.dumps(content).encode())


def _validation_error(why: str) -> Response:
    body = {"__type": "com.amazon.coral.validate#ValidationException", "message": why}
    headers = [
        (b"content-type", b"application/x-amz-json-1.0"),
        (b"x-amzn-errortype", b"ValidationException"),
    ]
    return Response(400, headers, json.dumps(body).encode())
