"""Events of Braket that are lost, come twice, or come late, as EventBridge allows itself."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from bellpair_local.edge.faults import FaultSwitches
from bellpair_local.edge.forwarding import Response

TARGET = b"AWSEvents.PutEvents"
_SOURCE = "aws.braket"

_log = logging.getLogger(__name__)

Entry = dict[str, Any]
Deliver = Callable[[Sequence[Entry]], Awaitable[None]]


class EventFaults:
    """Takes Braket's events and delivers them as the faults in force will have it.

    Parameters
    ----------
    faults
        The switches.
    """

    def __init__(self, faults: FaultSwitches) -> None:
        self._faults = faults
        self._late: set[asyncio.Task[None]] = set()

    async def take(self, body: bytes, deliver: Deliver) -> Response | None:
        """Answer a PutEvents request whose events are all Braket's; None leaves it to others.

        Parameters
        ----------
        deliver
            Puts entries onto the bus.
        """
        entries = _of_braket(body) if self._faults.harms_events else None
        if entries is None:
            return None
        by_delay: dict[float, list[Entry]] = defaultdict(list)
        for entry in entries:
            for delay in self._faults.draw_deliveries():
                by_delay[delay].append(entry)
        if now := by_delay.pop(0.0, None):
            await deliver(now)
        for delay, late in by_delay.items():
            task = asyncio.create_task(_later(delay, late, deliver))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        answer = {
            "FailedEntryCount": 0,
            "Entries": [{"EventId": str(uuid.uuid4())} for _ in entries],
        }
        kind = (b"content-type", b"application/x-amz-json-1.1")
        return Response(200, [kind], json.dumps(answer).encode())


async def _later(delay: float, entries: Sequence[Entry], deliver: Deliver) -> None:
    await asyncio.sleep(delay)
    try:
        await deliver(entries)
    except Exception:
        _log.exception("%d events could not be delivered", len(entries))


def _of_braket(body: bytes) -> list[Entry] | None:
    """The entries of a request, if all are Braket's."""
    try:
        entries = json.loads(body)["Entries"]
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(entries, list) or not entries:
        return None
    if not all(isinstance(e, dict) and e.get("Source") == _SOURCE for e in entries):
        return None
    return entries


def deliver_to(
    services: Callable[..., Awaitable[None]], scope: MutableMapping[str, Any]
) -> Deliver:
    """A way to put entries onto the bus behind `services`, as the request of `scope` would."""
    # Fewer or more entries than in the request: at most ten, as they were ten at most.
    others = [(k, v) for k, v in scope["headers"] if k != b"content-length"]

    async def deliver(entries: Sequence[Entry]) -> None:
        for first in range(0, len(entries), 10):
            body = json.dumps({"Entries": list(entries[first : first + 10])}).encode()
            message = {"type": "http.request", "body": body, "more_body": False}
            status = 0

            async def receive(message: dict[str, Any] = message) -> dict[str, Any]:
                return message

            async def send(answer: MutableMapping[str, Any]) -> None:
                nonlocal status
                status = answer.get("status", status)

            headers = [*others, (b"content-length", str(len(body)).encode())]
            await services({**scope, "headers": headers}, receive, send)
            if status != 200:
                raise RuntimeError(f"PutEvents was answered with {status}")

    return deliver
