"""Whom an edge answers when its process is parted from others, or not back yet."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from bellpair_local.edge.app import Edge
from bellpair_local.edge.faults import Faults, FaultSwitches
from bellpair_local.edge.forwarding import Forwarder
from bellpair_local.edge.server import TRANSPORT
from bellpair_local.global_tables import GlobalTableRegistry
from bellpair_local.topology import Topology

SIGNED = (
    b"authorization",
    b"AWS4-HMAC-SHA256 Credential=1/20260101/us-east-1/s3/aws4_request, Signature=0",
)
FROM_PEER = (b"x-bellpair-from", b"us-west-2")
API = "/restapis/abc/api/_user_request_/v1/health"
ANSWERED, REFUSED, CUT = 200, 503, None


class Transport:
    """A connection that can be cut."""

    def __init__(self) -> None:
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


async def services(scope: Any, receive: Any, send: Any) -> None:
    """A region's services: all is well."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def ask(
    directory: Path, *headers: tuple[bytes, bytes], path: str = API, method: str = "GET", **how: Any
) -> int | None:
    """The status of the answer to one request; None where the connection is cut."""
    topology = Topology.plan("t", directory, directory)
    switches = FaultSwitches()
    switches.set(how.pop("faults", Faults()))
    edge = Edge(
        services,
        topology,
        topology.regions[0],
        GlobalTableRegistry(directory / "tables.json"),
        Forwarder(),
        switches,
        **how,
    )
    transport = Transport()
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        if transport.aborted:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": list(headers),
        TRANSPORT: transport,
    }
    asyncio.run(edge(scope, receive, send))
    assert bool(sent) != transport.aborted
    return sent[0]["status"] if sent else None


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ([], ANSWERED),
        ([SIGNED], ANSWERED),
        ([FROM_PEER], CUT),
        ([SIGNED, FROM_PEER], REFUSED),
        ([(b"x-bellpair-from", b"witness")], ANSWERED),
    ],
)
def test_a_partition_holds_for_the_one_it_names(
    tmp_path: Path, headers: list[tuple[bytes, bytes]], outcome: int | None
) -> None:
    parted = Faults(partitions=frozenset({"us-west-2"}))
    assert ask(tmp_path, *headers, faults=parted) == outcome


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [([], CUT), ([FROM_PEER], CUT), ([SIGNED], ANSWERED), ([SIGNED, FROM_PEER], REFUSED)],
)
def test_a_region_that_is_not_back_answers_those_alone_who_bring_it_back(
    tmp_path: Path, headers: list[tuple[bytes, bytes]], outcome: int | None
) -> None:
    assert ask(tmp_path, *headers, closed=True) == outcome


def test_a_region_that_is_not_back_still_takes_control_calls(tmp_path: Path) -> None:
    for path, method in (("/_faults", "GET"), ("/_local/open", "PUT")):
        assert ask(tmp_path, path=path, method=method, closed=True) == ANSWERED


def test_a_dropped_request_meets_a_cut_connection(tmp_path: Path) -> None:
    assert ask(tmp_path, SIGNED, faults=Faults(drop_rate=1)) == CUT
