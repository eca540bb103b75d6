"""Whole requests and answers over ASGI."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from bellpair_local.edge.forwarding import Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def raw_target(scope: Scope) -> bytes:
    """Path and query of a request as they came on the wire."""
    target: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return target + b"?" + query if query else target


async def whole_body(receive: Receive) -> bytes:
    """Read the whole body; empty if the caller has gone."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def answer_with(send: Send, response: Response) -> None:
    """Send a whole answer."""
    headers = response.headers
    if not any(name.lower() == b"content-length" for name, _ in headers):
        headers = [*headers, (b"content-length", str(len(response.body)).encode())]
    # The caller may have gone in the meantime; nobody is left to be told.
    with contextlib.suppress(OSError):
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": headers,
            }
        )
        await send({"type": "http.response.body", "body": response.body})
