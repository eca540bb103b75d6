"""Serves an edge with uvicorn."""

from __future__ import annotations

from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bellpair_local.topology import HOST

TRANSPORT = "bellpair.transport"
"""Key in the ASGI scope of the request's transport, by which a fault can cut the connection."""

_KEEP_ALIVE_SECONDS = 75


class EdgeProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with the transport handed on in the scope."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)[TRANSPORT] = self.transport


def server(app: Any, port: int) -> uvicorn.Server:
    """Return a server for the ASGI application `app` on the loopback interface."""
    config = uvicorn.Config(
        app,
        host=HOST,
        port=port,
        proxy_headers=False,
        loop="uvloop",
        http=EdgeProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=2,
        backlog=2048,
    )
    return uvicorn.Server(config)
