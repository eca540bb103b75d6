"""Has LocalStack's gateway listen where it is told to, and nowhere else.

LocalStack takes the port from ``GATEWAY_LISTEN``, and of the hosts in it only those of IPv6: an
address of IPv4 is listened for on every interface. It asks nobody who they are, and runs what it is
given as functions, so a LocalStack without a container is for its own machine alone.
"""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace


def install() -> None:
    """Bind the gateway's IPv4 endpoints to the host that is named first in ``GATEWAY_LISTEN``."""
    from localstack import config
    from localstack.runtime.server import twisted
    from twisted.internet import endpoints

    host = config.GATEWAY_LISTEN[0].host
    # Only what this one module of LocalStack finds under the name is changed.
    twisted.endpoints = SimpleNamespace(
        TCP4ServerEndpoint=partial(endpoints.TCP4ServerEndpoint, interface=host),
        TCP6ServerEndpoint=endpoints.TCP6ServerEndpoint,
    )
