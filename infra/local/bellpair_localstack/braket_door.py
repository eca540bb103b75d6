"""One address for the Braket of several regions: ``python -m bellpair_localstack.braket_door``.

A function finds Braket by one environment variable, whichever region's it asks for; LocalStack has
no Braket that could hand requests on. So each request goes to the emulator of the region that it
was signed for.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping

from bellpair_local.edge.forwarding import Forwarder, PeerUnavailable, Response
from bellpair_local.edge.messages import (
    Receive,
    Scope,
    Send,
    answer_with,
    raw_target,
    whole_body,
)
from bellpair_local.edge.refusal import unavailable
from bellpair_local.edge.scope import credential_scope
from bellpair_local.edge.server import server

HEALTH = "/_door/health"


class BraketDoor:
    """The ASGI application.

    Parameters
    ----------
    emulators
        Region -> base URL of its emulator.
    """

    def __init__(self, emulators: Mapping[str, str]) -> None:
        self._emulators = dict(emulators)
        self._forwarder = Forwarder()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand one request on, and its answer back."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["path"] == HEALTH:
            await answer_with(
                send, _told(200, {"status": "ok", "regions": sorted(self._emulators)})
            )
        else:
            await answer_with(send, await self._answer(scope, await whole_body(receive)))

    async def _answer(self, scope: Scope, body: bytes) -> Response:
        signed = credential_scope(scope["headers"], scope["query_string"])
        emulator = self._emulators.get(signed.region) if signed else None
        if emulator is None:
            regions = " and ".join(sorted(self._emulators))
            said = f"signed for {signed.region}" if signed else "not signed"
            return _told(400, {"message": f"The request is {said}; there is Braket in {regions}."})
        try:
            return await self._forwarder.send(
                emulator, scope["method"], raw_target(scope), scope["headers"], body
            )
        except PeerUnavailable as error:
            return unavailable("braket", str(error))


async def _live(receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] != "lifespan.shutdown":
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


def _told(status: int, content: Mapping[str, object]) -> Response:
    headers = [(b"content-type", b"application/json")]
    return Response(status, headers, json.dumps(content).encode())


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description="Serve the Braket of several regions at one port.")
    parser.add_argument("--port", type=int, required=True, help="port of the loopback interface")
    parser.add_argument(
        "--emulator", action="append", required=True, metavar="REGION=URL", help="may be repeated"
    )
    given = parser.parse_args()
    emulators = dict(word.split("=", 1) for word in given.emulator)
    server(BraketDoor(emulators), given.port).run()


if __name__ == "__main__":
    main()
