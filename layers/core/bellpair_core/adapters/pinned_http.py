"""One HTTP request to an address that was checked before, within a time and a size."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection

_DEFAULT_PORTS = {True: 443, False: 80}
_ADDRESSES_TRIED_MAX = 4


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Attributes
    ----------
    headers
        By name in lower case.
    body
        As much of it as was to be read, and one byte more where there is more.
    complete
        Whether the body came to its end, as far as it was to be read.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = True


def exchange(
    method: str,
    host: str,
    port: int,
    path: str,
    headers: Mapping[str, str],
    body: bytes | None,
    *,
    addresses: Sequence[str],
    context: ssl.SSLContext | None,
    timeout_s: float,
    body_max: int,
) -> Answer:
    """Send a request to one of the addresses, and take the answer whatever it is.

    No other lookup is made, no proxy asked, no redirect followed, and no connection kept.

    Parameters
    ----------
    addresses
        The host's, at least one.
    context
        How TLS is checked; ``None`` speaks without TLS.
    timeout_s
        For all of it, also with a server that answers drop by drop.
    body_max
        Bytes of the answer's body that are read.

    Raises
    ------
    OSError, http.client.HTTPException, ValueError
        When no answer came.
    """
    secure = context is not None
    raw = _connected(addresses, port, timeout_s / 2)
    with raw:
        wire = (
            context.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
            if context is not None
            else raw
        )
        with wire:
            # A socket's own timeout begins anew with each byte; this one does not.
            late = threading.Event()
            cut = threading.Timer(timeout_s, _shut, [wire, late])
            cut.daemon = True
            cut.start()
            try:
                if isinstance(wire, ssl.SSLSocket):
                    wire.do_handshake()
                connection = HTTPConnection(host, port, timeout=timeout_s)
                connection.sock = wire
                bare = f"[{host}]" if ":" in host else host
                named = bare if port == _DEFAULT_PORTS[secure] else f"{bare}:{port}"
                connection.request(method, path, body, {**headers, "Host": named})
                answer = connection.getresponse()
                given = answer.read(body_max + 1)
                whole = len(given) > body_max or not answer.length
            finally:
                cut.cancel()
    named_headers = {name.lower(): value for name, value in answer.getheaders()}
    return Answer(answer.status, named_headers, given, whole and not late.is_set())


def _connected(addresses: Sequence[str], port: int, timeout_s: float) -> socket.socket:
    """A connection to the first of the addresses that takes one."""
    tried = addresses[:_ADDRESSES_TRIED_MAX]
    failure: OSError = OSError("no address")
    for address in tried:
        try:
            return socket.create_connection((address, port), timeout_s / len(tried))
        except OSError as error:
            failure = error
    raise failure


def _shut(wire: socket.socket, late: threading.Event) -> None:
    late.set()
    try:
        # Without TLS's own farewell, for which one would have to wait.
        socket.socket.shutdown(wire, socket.SHUT_RDWR)
    except OSError:
        return
