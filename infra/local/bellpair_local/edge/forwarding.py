"""A small HTTP/1.1 client with a pool of kept connections, for one edge to ask another.

A general client costs a millisecond of CPU for each request; this path is walked by every write of
the ledger.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import httptools

_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"transfer-encoding",
        b"content-length",
        b"expect",
        b"te",
    }
)
# Shorter than the edge's own keep-alive, so that a pooled connection is not closed under us.
_IDLE_SECONDS = 30.0


class PeerUnavailable(Exception):
    """The other process cannot be reached, or went away before it answered."""


class Response(NamedTuple):
    """A whole answer; `headers` without those that belong to one connection only."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Forwarder:
    """Sends requests to other processes of the cloud over kept connections.

    Parameters
    ----------
    timeout
        Seconds to wait for an answer.
    """

    def __init__(self, timeout: float = 60.0) -> None:
        self._timeout = timeout
        self._idle: dict[str, list[_Connection]] = defaultdict(list)

    async def send(
        self,
        endpoint: str,
        method: str,
        target: bytes,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
    ) -> Response:
        """Send one request to `endpoint` and return the answer.

        Parameters
        ----------
        endpoint
            Base URL such as ``http://127.0.0.1:4568``.
        target
            Path and query as they go on the wire.

        Raises
        ------
        PeerUnavailable
            If the connection is refused, breaks, or no answer comes in time. The request may
            have been carried out.
        """
        connection = await self._connection(endpoint)
        try:
            async with asyncio.timeout(self._timeout):
                response = await connection.exchange(method, target, headers, body)
        except (OSError, TimeoutError, httptools.HttpParserError) as error:
            connection.close()
            raise PeerUnavailable(f"{endpoint} did not answer: {error!r}") from error
        except BaseException:
            connection.close()
            raise
        if connection.reusable:
            connection.idle_since = time.monotonic()
            self._idle[endpoint].append(connection)
        return response

    async def _connection(self, endpoint: str) -> _Connection:
        idle = self._idle[endpoint]
        while idle:
            connection = idle.pop()
            if connection.reusable and time.monotonic() - connection.idle_since < _IDLE_SECONDS:
                return connection
            connection.close()
        parts = urlsplit(endpoint)
        try:
            _, opened = await asyncio.get_running_loop().create_connection(
                lambda: _Connection(parts.netloc.encode()), parts.hostname or "", parts.port or 80
            )
        except OSError as error:
            raise PeerUnavailable(f"{endpoint} refuses connections: {error}") from error
        return opened

    def idle(self, endpoint: str) -> int:
        """How many connections to `endpoint` could be used again now."""
        return sum(connection.reusable for connection in self._idle[endpoint])

    def close(self) -> None:
        """Close the idle connections."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()


class _Connection(asyncio.Protocol):
    """One connection; carries one exchange at a time."""

    def __init__(self, host: bytes) -> None:
        self._host = host
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Response] | None = None
        self.reusable = False
        self.idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not derive from asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self.reusable = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        self._fail(ConnectionResetError("the connection was closed"))

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.reusable = False
            self._fail(error)

    def exchange(
        self,
        method: str,
        target: bytes,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
    ) -> asyncio.Future[Response]:
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the connection was closed")
        self._answer = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = bytearray()
        self._is_head = method == "HEAD"
        head = [b"%b %b HTTP/1.1\r\n" % (method.encode(), target)]
        has_host = False
        for name, value in headers:
            if name not in _HOP_BY_HOP:
                has_host = has_host or name == b"host"
                head.append(b"%b: %b\r\n" % (name, value))
        if not has_host:
            head.append(b"host: %b\r\n" % self._host)
        head.append(b"content-length: %d\r\n\r\n" % len(body))
        self._transport.write(b"".join(head) + body)
        return self._answer

    def on_header(self, name: bytes, value: bytes) -> None:
        # The length in the answer to HEAD is information, not framing.
        if name.lower() not in _HOP_BY_HOP or (self._is_head and name.lower() == b"content-length"):
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._is_head:
            # The parser would wait for a body that does not come, so the connection ends here.
            self.reusable = False
            self._deliver()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.reusable = self.reusable and self._parser.should_keep_alive()
        self._deliver()

    def _deliver(self) -> None:
        if self._answer is not None and not self._answer.done():
            status = self._parser.get_status_code()
            self._answer.set_result(Response(status, self._headers, bytes(self._body)))

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    def close(self) -> None:
        self.reusable = False
        if self._transport is not None:
            self._transport.close()
