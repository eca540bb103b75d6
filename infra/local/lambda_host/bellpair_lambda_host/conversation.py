"""The Lambda Runtime API, as one blocking HTTP conversation with one worker."""

import select
import socket
from collections.abc import Mapping
from typing import NamedTuple

from bellpair_lambda_host.function import MAX_RESPONSE_BYTES

# The runtime reports an error's cause in a header of up to 1 MB.
_MAX_HEAD_BYTES = 2 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_REASONS = {200: "OK", 202: "Accepted", 404: "Not Found"}


class Request(NamedTuple):
    """A request of the worker; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class ProtocolViolation(Exception):
    """The worker sent what is no request of the Runtime API."""


class BodyTooLarge(Exception):
    """The worker announced a body over Lambda's limit for responses."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Conversation:
    """Listens on a port of its own and talks with the one client that connects there.

    The owner polls: it waits on `poller` together with descriptors of its own, and calls `receive`
    whenever one of `descriptors` is ready.

    Parameters
    ----------
    poller
        Where the conversation registers the sockets that it wants to hear of.
    """

    def __init__(self, poller: select.poll) -> None:
        self._poller = poller
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4)
        self._listener.setblocking(False)
        self._connection: socket.socket | None = None
        self._received = bytearray()
        poller.register(self._listener, select.POLLIN)

    @property
    def address(self) -> str:
        """``host:port`` for ``AWS_LAMBDA_RUNTIME_API``."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def receive(self) -> Request | None:
        """Take in what has arrived, without waiting.

        Returns
        -------
        Request or None
            The next request, or ``None`` while it is not complete.

        Raises
        ------
        ProtocolViolation, BodyTooLarge
        """
        while True:
            if request := self._parse():
                return request
            if self._connection is None and not self._accept():
                return None
            assert self._connection is not None
            try:
                data = self._connection.recv(_CHUNK_BYTES)
            except BlockingIOError:
                return None
            except ConnectionError:
                data = b""
            if data:
                self._received += data
            else:
                self._hang_up()

    def answer(
        self, status: int, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> None:
        """Send one answer.

        Raises
        ------
        OSError
            When the worker hung up, or did not take the answer within `timeout_s` seconds.
        """
        if self._connection is None:
            raise ConnectionResetError("the worker hung up")
        lines = [f"HTTP/1.1 {status} {_REASONS[status]}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        message = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        try:
            sent = self._connection.send(message)
        except BlockingIOError:
            sent = 0
        if sent < len(message):
            self._connection.settimeout(max(timeout_s, 0.001))
            self._connection.sendall(memoryview(message)[sent:])
            self._connection.setblocking(False)

    def close(self) -> None:
        """Close both sockets."""
        self._hang_up()
        self._poller.unregister(self._listener)
        self._listener.close()

    def _accept(self) -> bool:
        try:
            self._connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return False
        self._connection.setblocking(False)
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._poller.register(self._connection, select.POLLIN)
        return True

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._poller.unregister(self._connection)
            self._connection.close()
            self._connection = None
        self._received.clear()

    def _parse(self) -> Request | None:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            if len(self._received) > _MAX_HEAD_BYTES:
                raise ProtocolViolation("the head of a request has no end")
            return None
        try:
            first, *lines = self._received[:end].decode("latin-1").split("\r\n")
            method, path, _ = first.split(" ")
            headers = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines)
            }
            length = int(headers.get("content-length", "0"))
        except ValueError as error:
            raise ProtocolViolation(f"no HTTP request: {error}") from error
        if length < 0:
            raise ProtocolViolation(f"no HTTP request: a body of {length} bytes")
        if "transfer-encoding" in headers:
            raise ProtocolViolation("a chunked request")
        if length > MAX_RESPONSE_BYTES:
            raise BodyTooLarge(length)
        start = end + 4
        if len(self._received) < start + length:
            return None
        body = bytes(self._received[start : start + length])
        del self._received[: start + length]
        return Request(method, path, headers, body)
