"""The options that stand before a command, and the client they lead to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bellpair.configuration import discover, key_in

if TYPE_CHECKING:
    from bellpair.client import Client
    from bellpair.transport import OnRetry

TIMEOUT = 20.0
"""Seconds after which a person at a terminal would rather know; a failover takes half of that."""


@dataclass(frozen=True)
class Session:
    """The global options.

    Attributes
    ----------
    endpoints
        From ``--endpoint``, possibly none.
    api_key_file
        From ``--api-key-file``.
    local_name
        From ``--local-name``.
    """

    endpoints: tuple[str, ...] = ()
    api_key_file: Path | None = None
    local_name: str | None = None

    def client(self, *, operator: bool = False, on_retry: OnRetry | None = None) -> Client:
        """A client for these options.

        Parameters
        ----------
        operator
            Prefer the local cloud's operator key, where it is known.
        on_retry
            Told of attempts that will be repeated.
        """
        from bellpair.client import Client

        key = None if self.api_key_file is None else key_in(self.api_key_file)
        found = discover(self.endpoints, key, self.local_name)
        if operator and found.operator_key:
            found = replace(found, api_key=found.operator_key)
        return Client(configuration=found, timeout=TIMEOUT, on_retry=on_retry)
