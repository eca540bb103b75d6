"""Calls to strangers' servers, which cannot be made to lead inside."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException

from bellpair_core.model.errors import TransientFault
from bellpair_core.ports.callers import CallOutcome, HostNames

from .pinned_http import exchange

_ANSWER_BYTES = 4 * 1024


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
        answer = exchange(
            "POST",
            host,
            port,
            path,
            headers,
            body,
            addresses=addresses,
            context=self._context,
            timeout_s=self._timeout_s,
            body_max=_ANSWER_BYTES,
        )
        status = answer.status
        if 200 <= status < 300:
            return CallOutcome(status=status)
        if 300 <= status < 400:
            problem = f"HTTP status {status}: a redirect, and none is followed"
            return CallOutcome(status=status, problem=problem)
        return CallOutcome(status=status, problem=f"HTTP status {status}")
