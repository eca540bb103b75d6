"""The ASGI application before each region's services: faults, routing, control."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from bellpair_local.edge.events import TARGET as PUT_EVENTS
from bellpair_local.edge.events import EventFaults, deliver_to
from bellpair_local.edge.faults import Faults, FaultSwitches, Outcome
from bellpair_local.edge.forwarding import Forwarder, PeerUnavailable, Response
from bellpair_local.edge.messages import (
    Application,
    Receive,
    Scope,
    Send,
    answer_with,
    raw_target,
    whole_body,
)
from bellpair_local.edge.refusal import unavailable
from bellpair_local.edge.routing import (
    Destination,
    destination,
    holder_of_tables,
    table_names,
)
from bellpair_local.edge.scope import (
    CredentialScope,
    Headers,
    credential_scope,
    header,
    with_region,
)
from bellpair_local.edge.server import TRANSPORT
from bellpair_local.edge.table_rules import described_in, refused
from bellpair_local.global_tables import GlobalTableRegistry
from bellpair_local.topology import Member, Topology

ControlCall = Callable[[str, bytes], Awaitable[tuple[int, dict[str, Any]]]]

SENDER = b"x-bellpair-from"
"""Names the process that a request comes from, so that a partition cuts both directions."""

_TABLE_OPERATIONS = b"DynamoDB_"


class Edge:
    """Answers, forwards or refuses each request that reaches a region.

    Parameters
    ----------
    services
        The ASGI application that answers what belongs to this process.
    topology, here
        The cloud, and the process in which this edge runs.
    registry
        The cloud's global tables.
    forwarder
        Reaches the other processes.
    faults
        The switches that ``/_faults`` sets.
    controls
        Further control calls by path, such as ``/_local/health``; each takes method and body and
        returns status and JSON.
    closed
        Whether to answer only those who bring the region back, until ``PUT /_local/open``: the
        signed requests that come here directly, and control calls. To the rest the region is
        still away, so that nobody takes its emptiness for the loss of what will be there again.
    """

    def __init__(
        self,
        services: Application,
        topology: Topology,
        here: Member,
        registry: GlobalTableRegistry,
        forwarder: Forwarder,
        faults: FaultSwitches,
        controls: dict[str, ControlCall] | None = None,
        *,
        closed: bool = False,
    ) -> None:
        self._services = services
        self._topology = topology
        self._here = here
        self._registry = registry
        self._forwarder = forwarder
        self._faults = faults
        self._events = EventFaults(faults)
        self.closed = closed
        self._controls = {
            "/_faults": self._set_faults,
            "/_local/open": self._open,
            **(controls or {}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._services(scope, receive, send)
            return
        sender = header(scope["headers"], SENDER).decode("latin-1")
        if control := self._controls.get(scope["path"]):
            await self._control(control, sender, scope, receive, send)
            return
        signed_for = credential_scope(scope["headers"], scope["query_string"])
        service = signed_for.service if signed_for else "execute-api"

        if away := self._away_for(sender, signed=signed_for is not None):
            if signed_for is None:
                # Who calls the HTTP API meets the network; another edge would tell its caller.
                await cut(scope, receive)
            else:
                await answer_with(send, unavailable(service, away))
        elif not self._faults.harms_requests or await self._survives(service, scope, receive, send):
            await self._route(signed_for, service, scope, receive, send)

    def _away_for(self, sender: str, *, signed: bool) -> str:
        """Why this process is away for the one who asks; empty if it is not."""
        if sender and self._faults.parted_from(sender):
            return f"{self._here.name} is parted from {sender}"
        if self.closed and (sender or not signed):
            return f"{self._here.name} is not back yet"
        return ""

    async def _survives(self, service: str, scope: Scope, receive: Receive, send: Send) -> bool:
        """Let the faults in force work on a request; return whether it is to be answered still."""
        delay, outcome = self._faults.draw(service)
        await asyncio.sleep(delay)
        if outcome is Outcome.DROP:
            await cut(scope, receive)
        elif outcome is Outcome.ERROR:
            await answer_with(send, unavailable(service, "an error was switched on under /_faults"))
        return outcome is Outcome.PASS

    async def _route(
        self,
        signed_for: CredentialScope | None,
        service: str,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        member = destination(self._topology, self._here, signed_for)
        target = header(scope["headers"], b"x-amz-target")
        if member is not None:
            body = await whole_body(receive)
            await answer_with(send, await self._forward(Destination(member), service, scope, body))
            return
        if target == PUT_EVENTS and self._faults.harms_events:
            body = await whole_body(receive)
            taken = await self._events.take(body, deliver_to(self._services, scope))
            if taken is not None:
                await answer_with(send, taken)
                return
            receive = _replay(body, receive)
        elif target.startswith(_TABLE_OPERATIONS):
            body = await whole_body(receive)
            operation = target.rpartition(b".")[2].decode("latin-1")
            answer = refused(operation, body, self._registry.tables())
            holder = holder_of_tables(self._topology, self._here, body, self._registry.strong())
            if answer is None and holder is not None:
                answer = await self._forward(holder, service, scope, body)
                if operation == "DescribeTable":
                    answer = self._described(body, answer)
            if answer is not None:
                await answer_with(send, answer)
                return
            receive = _replay(body, receive)
        await self._services(scope, receive, send)

    def _described(self, body: bytes, answer: Response) -> Response:
        (name,) = table_names(json.loads(body))
        table = self._registry.get(name)
        if table is None:
            return answer
        return described_in(self._here.region, self._topology.witness.region, table, answer)

    async def _forward(self, to: Destination, service: str, scope: Scope, body: bytes) -> Response:
        if self._faults.parted_from(to.member.name):
            return unavailable(service, f"{self._here.name} is parted from {to.member.name}")
        headers: Headers = scope["headers"]
        if to.scope_region is not None:
            headers = with_region(headers, to.scope_region)
        sender = (SENDER, self._here.name.encode())
        try:
            return await self._forwarder.send(
                to.member.endpoint, scope["method"], raw_target(scope), [*headers, sender], body
            )
        except PeerUnavailable as error:
            return unavailable(service, str(error))

    async def _control(
        self, call: ControlCall, sender: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if sender and self._faults.parted_from(sender):
            status, answer = (
                503,
                {"error": f"{self._here.name} is parted from {sender}"},
            )
        else:
            try:
                status, answer = await call(scope["method"], await whole_body(receive))
            except ValueError as error:
                status, answer = 400, {"error": str(error)}
        content = json.dumps(answer).encode()
        await answer_with(send, Response(status, [(b"content-type", b"application/json")], content))

    async def _open(self, method: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if method != "PUT":
            return 405, {"error": "use PUT"}
        self.closed = False
        return 200, {"closed": False}

    async def _set_faults(self, method: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if method == "PUT":
            faults = Faults.model_validate_json(body)
            known = {m.name for m in self._topology.members} - {self._here.name}
            if unknown := faults.partitions - known:
                raise ValueError(f"cannot part from {sorted(unknown)}; known: {sorted(known)}")
            self._faults.set(faults)
        elif method == "DELETE":
            self._faults.set(Faults())
        elif method != "GET":
            return 405, {"error": "use GET, PUT or DELETE"}
        return 200, self._faults.current.model_dump(mode="json")


async def cut(scope: Scope, receive: Receive) -> None:
    """Close the request's connection without an answer."""
    scope[TRANSPORT].abort()
    # The server, too, must have seen the end: it would answer for a silent application.
    while (await receive())["type"] != "http.disconnect":
        continue


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives `body` once more, then what really comes."""
    message: MutableMapping[str, Any] | None = {
        "type": "http.request",
        "body": body,
        "more_body": False,
    }

    async def replayed() -> MutableMapping[str, Any]:
        nonlocal message
        if message is not None:
            first, message = message, None
            return first
        return await receive()

    return replayed
