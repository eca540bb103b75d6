"""Decides which process answers a request. Pure: a request's words in, a destination out."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from bellpair_local.edge.scope import CredentialScope
from bellpair_local.topology import Member, Role, Topology

# IAM and its like are signed for us-east-1 wherever the caller is; each edge answers for itself.
_GLOBAL_SERVICES = frozenset({"iam", "sts", "organizations", "route53", "cloudfront"})


class Destination(NamedTuple):
    """Another process, and the region that the forwarded request must name (None: leave it)."""

    member: Member
    scope_region: str | None = None


def destination(topology: Topology, here: Member, scope: CredentialScope | None) -> Member | None:
    """Return the process that a request signed for `scope` belongs to, or None for this one.

    Unsigned requests (the deployed HTTP API, health checks) and regions that the cloud does not
    have are answered here.
    """
    if scope is None:
        return None
    if scope.service == "braket":
        return next((m for m in topology.braket if m.region == scope.region), None)
    if scope.region == here.region or scope.service in _GLOBAL_SERVICES:
        return None
    return topology.edge(scope.region)


def holder_of_tables(
    topology: Topology, here: Member, body: bytes, strong_tables: Collection[str]
) -> Destination | None:
    """Return the witness if a DynamoDB request names a strongly consistent table, else None.

    `body` is the request's JSON. A request that mixes strong tables with others goes to the
    witness, where the others are unknown: on AWS too, no transaction or batch may rely on that.
    """
    if here.role is Role.WITNESS or not strong_tables:
        return None
    # Nearly every request names one table; a byte search spares the others the JSON parser.
    if not any(name.encode() in body for name in strong_tables):
        return None
    try:
        request = json.loads(body)
    except ValueError:
        return None
    if any(name in strong_tables for name in table_names(request)):
        return Destination(topology.witness, topology.witness.region)
    return None


def table_names(request: dict[str, Any]) -> Iterable[str]:
    """Yield the tables that a DynamoDB request names, by name or ARN, batches included."""
    if table := request.get("TableName"):
        yield table_name(table)
    items = request.get("RequestItems")
    if isinstance(items, dict):
        yield from map(table_name, items)
    for action in request.get("TransactItems") or ():
        for operation in action.values():
            if table := operation.get("TableName"):
                yield table_name(table)


def table_name(table: str) -> str:
    """The name in a table's name or ARN."""
    return table.split(":table/", 1)[1].split("/", 1)[0] if ":table/" in table else table
