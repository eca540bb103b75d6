"""Braket's events are lost, doubled and delayed as the switches say, and others' are left alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from bellpair_local.edge.events import EventFaults, deliver_to
from bellpair_local.edge.faults import Faults, FaultSwitches


def body(*names: str, source: str = "aws.braket") -> bytes:
    """A PutEvents request with an event of each name."""
    entries = [{"Source": source, "DetailType": name, "Detail": "{}"} for name in names]
    return json.dumps({"Entries": entries}).encode()


def delivered(count: int, **faults: Any) -> list[str]:
    """In which order that many events, sent one by one, reach the bus."""
    arrived: list[str] = []

    async def deliver(entries: Sequence[dict[str, Any]]) -> None:
        arrived.extend(entry["DetailType"] for entry in entries)

    async def scenario() -> None:
        switches = FaultSwitches()
        switches.set(Faults(**faults))
        events = EventFaults(switches)
        for n in range(count):
            answer = await events.take(body(str(n)), deliver)
            assert answer is not None
            assert json.loads(answer.body)["FailedEntryCount"] == 0
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0.001)

    asyncio.run(scenario())
    return arrived


def test_some_events_come_twice() -> None:
    arrived = delivered(200, event_duplicate_rate=0.3)
    assert set(arrived) == {str(n) for n in range(200)}
    assert 230 < len(arrived) < 290


def test_some_events_are_lost() -> None:
    arrived = delivered(200, event_drop_rate=0.3)
    assert len(arrived) == len(set(arrived))
    assert 110 < len(arrived) < 170


def test_later_events_overtake_earlier_ones_and_none_is_lost() -> None:
    arrived = delivered(50, event_reorder_ms=40)
    assert sorted(arrived, key=int) == [str(n) for n in range(50)]
    assert arrived != sorted(arrived, key=int)


def test_the_seed_decides_which() -> None:
    again = [delivered(100, event_drop_rate=0.5, seed=seed) for seed in (7, 7, 8)]
    assert again[0] == again[1] != again[2]


def test_requests_do_not_shift_the_draws_of_events() -> None:
    def draws(requests: int) -> list[list[float]]:
        switches = FaultSwitches()
        switches.set(Faults(seed=3, event_duplicate_rate=0.5, event_reorder_ms=10))
        for _ in range(requests):
            switches.draw("s3")
        return [switches.draw_deliveries() for _ in range(20)]

    assert draws(0) == draws(5)


@pytest.mark.parametrize(
    "request_body",
    [body("a", source="bellpair"), b"{", b'{"Entries": []}', b'{"Entries": 1}', b"[]"],
)
def test_other_requests_are_left_to_the_bus(request_body: bytes) -> None:
    async def deliver(entries: Sequence[dict[str, Any]]) -> None:
        raise AssertionError("not to be delivered here")

    switches = FaultSwitches()
    switches.set(Faults(event_drop_rate=1))
    assert asyncio.run(EventFaults(switches).take(request_body, deliver)) is None


def test_without_switches_the_bus_is_asked_itself() -> None:
    assert not FaultSwitches().harms_events


def test_entries_reach_the_bus_as_a_request_of_the_same_caller() -> None:
    seen: list[tuple[dict[bytes, bytes], list[Any]]] = []

    async def bus(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        assert dict(scope["headers"])[b"content-length"] == b"%d" % len(message["body"])
        seen.append((dict(scope["headers"]), json.loads(message["body"])["Entries"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def scenario() -> None:
        scope = {"headers": [(b"authorization", b"who"), (b"content-length", b"1")]}
        await deliver_to(bus, scope)([{"n": n} for n in range(12)])

    asyncio.run(scenario())
    assert [len(entries) for _, entries in seen] == [10, 2]
    assert all(headers[b"authorization"] == b"who" for headers, _ in seen)
