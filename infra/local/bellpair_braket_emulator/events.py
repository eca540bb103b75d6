"""State-change events, sent to one or more EventBridge endpoints."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

logger = logging.getLogger(__name__)

TASK_STATE_CHANGE = "Braket Task State Change"
DEVICE_STATUS_CHANGE = "Braket Device Status Change"

BATCH = 10
"""PutEvents takes at most ten entries."""
PAUSES_S = (0.1, 0.3, 1.0, 2.0)
"""Pauses between attempts; after the last one the events are given up."""
BACKLOG = 20_000
"""Events that wait for one endpoint at most; more are given up, newest first."""
LINGER_S = 0.05
"""How long an event that nobody waits for lets others join it."""

Entry = dict[str, Any]
Send = Callable[[Sequence[Entry]], None]


class Events(Protocol):
    """Takes events without ever making the caller wait."""

    def publish(
        self,
        kind: str,
        resource: str,
        detail: dict[str, Any],
        time: datetime,
        *,
        urgent: bool = True,
    ) -> None:
        """Send one event in the background; at once, or where it is not urgent, with others."""


@dataclass(frozen=True)
class EventTarget:
    """An endpoint, and the region that its requests are signed for."""

    region: str
    url: str


def put_events(target: EventTarget) -> Send:
    """A function that puts entries onto the default bus of an endpoint."""
    client: Any = boto3.client(
        "events",
        region_name=target.region,
        endpoint_url=target.url,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2),
    )

    def send(entries: Sequence[Entry]) -> None:
        client.put_events(Entries=list(entries))

    return send


class _Waiting(NamedTuple):
    entry: Entry
    urgent: bool


async def _batch(queue: asyncio.Queue[_Waiting]) -> list[Entry]:
    """The next entries to go out together: up to and with an urgent one, and those after it."""
    batch = [await queue.get()]
    loop = asyncio.get_running_loop()
    until = loop.time() + LINGER_S
    while len(batch) < BATCH:
        if not queue.empty():
            batch.append(queue.get_nowait())
        elif any(waiting.urgent for waiting in batch) or (left := until - loop.time()) <= 0:
            break
        else:
            try:
                batch.append(await asyncio.wait_for(queue.get(), left))
            except TimeoutError:
                break
    return [waiting.entry for waiting in batch]


class EventSender:
    """Sends events to every target, each in its own order and at its own speed.

    What accumulates while a request is under way goes out in the next one, so a busy emulator
    sends fewer, fuller requests. An idle one sends at once what is urgent, and whatever came
    before it.
    """

    def __init__(self, sends: Sequence[Send]) -> None:
        self._sends = sends
        self._queues: list[asyncio.Queue[_Waiting]] = [asyncio.Queue(BACKLOG) for _ in sends]
        self._running: list[asyncio.Task[None]] = []

    def publish(
        self,
        kind: str,
        resource: str,
        detail: dict[str, Any],
        time: datetime,
        *,
        urgent: bool = True,
    ) -> None:
        """Put one event into every target's queue."""
        entry = {
            "Source": "aws.braket",
            "DetailType": kind,
            "Resources": [resource],
            "Detail": json.dumps(detail),
            "Time": time,
        }
        for queue in self._queues:
            try:
                queue.put_nowait(_Waiting(entry, urgent))
            except asyncio.QueueFull:
                logger.warning("gave up an event: %d wait already", queue.qsize())

    async def start(self) -> None:
        """Begin to send."""
        for send, queue in zip(self._sends, self._queues, strict=True):
            self._running.append(asyncio.create_task(self._drain(send, queue)))

    async def stop(self, grace_s: float = 2.0) -> None:
        """Send what waits, for a short while, and end."""
        waiting = asyncio.gather(*(queue.join() for queue in self._queues))
        try:
            await asyncio.wait_for(waiting, grace_s)
        except TimeoutError:
            logger.warning("stopped with events unsent")
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _drain(self, send: Send, queue: asyncio.Queue[_Waiting]) -> None:
        while True:
            entries = await _batch(queue)
            await self._send(send, entries)
            for _ in entries:
                queue.task_done()

    async def _send(self, send: Send, entries: list[Entry]) -> None:
        for pause in (*PAUSES_S, None):
            try:
                await asyncio.to_thread(send, entries)
                return
            except (BotoCoreError, ClientError, OSError) as error:
                if pause is None:
                    logger.warning("gave up %d events: %s", len(entries), error)
                    return
                logger.debug("events not sent, trying again: %s", error)
                await asyncio.sleep(pause)
