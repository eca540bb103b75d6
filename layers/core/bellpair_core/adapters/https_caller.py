"""Calls to strangers' servers, which cannot be made to lead inside."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException

from bellpair_core.model.errors import TransientFault
from bellpair_core.ports.callers import CallOutcome, HostNames

_ANSWER_BYTES = 4 * 1024
_HTTPS = 443


class SystemHostNames:
    """`HostNames` over the resolver that the system has."""

    def addresses(self, host: str, port: int) -> Sequence[str]:
        """See `HostNames.addresses`."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise TransientFault("looking up a host") from error
            return []
        except UnicodeError:
            return []
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class HttpsCaller:
    """`Caller` that looks the host up itself and connects to an address that it has checked.

    So no second lookup can give another address than the one that was checked, and no proxy is
    asked. A redirect is an answer like any other, and a refusal.

    Parameters
    ----------
    hosts
        Looks hosts up.
    permitted
        Whether an address may be called.
    timeout_s
        For the whole call, also with a server that answers drop by drop.
    context
        How TLS is checked; the system's authorities where it is not given.
    """

    def __init__(
        self,
        hosts: HostNames,
        permitted: Callable[[str], bool],
        timeout_s: float = 10.0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._hosts = hosts
        self._permitted = permitted
        self._timeout_s = timeout_s
        self._context = context or ssl.create_default_context()

    def post(
        self, host: str, port: int, path: str, headers: Mapping[str, str], body: bytes
    ) -> CallOutcome:
        """See `Caller.post`."""
        try:
            addresses = self._hosts.addresses(host, port)
        except TransientFault:
            return CallOutcome(problem=f"the host {host} could not be looked up")
        if not addresses:
            return CallOutcome(problem=f"the host {host} has no address")
        if not all(map(self._permitted, addresses)):
            return CallOutcome(problem=f"the host {host} is not, or not only, a public one")
        try:
            return self._call(host, addresses, port, path, headers, body)
        except ssl.SSLCertVerificationError as error:
            return CallOutcome(problem=f"its certificate is not good: {error.verify_message}")
        except (OSError, HTTPException, ValueError) as error:
            return CallOutcome(problem=f"no answer: {type(error).__name__}")

    def _call(
        self,
        host: str,
        addresses: Sequence[str],
        port: int,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> CallOutcome:
        raw = _connected(addresses, port, self._timeout_s / 2)
        with raw, self._secured(raw, host) as secured:
            # A socket's own timeout begins anew with each byte; this one does not.
            cut = threading.Timer(self._timeout_s, _shut, [secured])
            cut.daemon = True
            cut.start()
            try:
                secured.do_handshake()
                connection = HTTPConnection(host, port, timeout=self._timeout_s)
                connection.sock = secured
                named = host if port == _HTTPS else f"{host}:{port}"
                connection.request("POST", path, body, {**headers, "Host": named})
                answer = connection.getresponse()
                answer.read(_ANSWER_BYTES)
                status = answer.status
            finally:
                cut.cancel()
        if 200 <= status < 300:
            return CallOutcome(status=status)
        if 300 <= status < 400:
            problem = f"HTTP status {status}: a redirect, and none is followed"
            return CallOutcome(status=status, problem=problem)
        return CallOutcome(status=status, problem=f"HTTP status {status}")

    def _secured(self, raw: socket.socket, host: str) -> ssl.SSLSocket:
        return self._context.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)


def _connected(addresses: Sequence[str], port: int, timeout_s: float) -> socket.socket:
    """A connection to the first of the addresses that takes one."""
    failure: OSError = OSError("no address")
    for address in addresses[:4]:
        try:
            return socket.create_connection((address, port), timeout_s / min(len(addresses), 4))
        except OSError as error:
            failure = error
    raise failure


def _shut(connection: ssl.SSLSocket) -> None:
    try:
        # Without TLS's own farewell, for which one would have to wait.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        return
