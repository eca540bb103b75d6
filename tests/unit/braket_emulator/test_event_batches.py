"""Which state changes go out together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bellpair_braket_emulator.events import BATCH, TASK_STATE_CHANGE, EventSender

URGENT, PATIENT = True, False


def sent(urgencies: Sequence[bool]) -> list[int]:
    """How many entries each request had, for events that come all at once."""
    requests: list[int] = []

    def send(entries: Sequence[dict[str, Any]]) -> None:
        requests.append(len(entries))

    async def scenario() -> None:
        sender = EventSender([send])
        await sender.start()
        for urgent in urgencies:
            sender.publish(TASK_STATE_CHANGE, "arn", {}, datetime.now(UTC), urgent=urgent)
            # As state changes come: one after the other.
            await asyncio.sleep(0)
        await sender.stop()

    asyncio.run(scenario())
    return requests


def test_what_comes_before_an_end_goes_out_with_it() -> None:
    assert sent([PATIENT, PATIENT, PATIENT, URGENT]) == [4]


def test_what_is_not_urgent_goes_out_all_the_same() -> None:
    assert sent([PATIENT, PATIENT]) == [2]


def test_no_request_has_more_entries_than_the_service_takes() -> None:
    assert sent([PATIENT] * (BATCH + 3)) == [BATCH, 3]
