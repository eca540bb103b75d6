"""Messages between two processes: a length of four bytes, then JSON."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

from .limits import FRAME_BYTES_MAX

_LENGTH = struct.Struct("!I")
_CHUNK_BYTES = 64 * 1024

Message = dict[str, Any]


class BrokenFrame(Exception):
    """The other side sent what is no message."""


def encode(message: Message) -> bytes:
    """The bytes of one message."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return _LENGTH.pack(len(body)) + body


class Frames:
    """Takes messages out of a stream as they become complete.

    Parameters
    ----------
    bytes_max
        Of one message; a longer one breaks the stream.
    """

    def __init__(self, bytes_max: int = FRAME_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._received = bytearray()

    def feed(self, data: bytes) -> None:
        """Add what was read."""
        self._received += data

    def next(self) -> Message | None:
        """The next complete message.

        Raises
        ------
        BrokenFrame
            When it is too long, or no JSON object.
        """
        if len(self._received) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._received)
        if length > self._bytes_max:
            raise BrokenFrame(f"a message of {length} bytes; {self._bytes_max} are allowed")
        end = _LENGTH.size + length
        if len(self._received) < end:
            return None
        body = bytes(self._received[_LENGTH.size : end])
        del self._received[:end]
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BrokenFrame(f"no JSON: {error}") from error
        if not isinstance(message, dict):
            raise BrokenFrame("no JSON object")
        return message


class Line:
    """A blocking conversation over a socket, for the side that asks."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._frames = Frames()

    def send(self, message: Message) -> None:
        """Send one message."""
        self.connection.sendall(encode(message))

    def receive(self) -> Message:
        """Wait for a message.

        Raises
        ------
        EOFError
            When the other side is gone.
        BrokenFrame
        """
        while (message := self._frames.next()) is None:
            data = self.connection.recv(_CHUNK_BYTES)
            if not data:
                raise EOFError
            self._frames.feed(data)
        return message
