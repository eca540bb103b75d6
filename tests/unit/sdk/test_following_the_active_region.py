"""A client through a failover, in seconds that pass only where the client spends them."""

from __future__ import annotations

import random

import httpx
import pytest

from bellpair.cli.session import TIMEOUT as CLI_TIMEOUT
from bellpair.client import TIMEOUT
from bellpair.errors import Unavailable
from bellpair.transport import FIRST_PATIENCE, Transport
from tests.unit.sdk.fake_clock import FakeClock

PAIR = ("https://east.example", "https://west.example")
ROUND_TRIP = 0.05


class Wire(httpx.BaseTransport):
    """Two regions on a clock: a request costs a round trip, or as long as the client waits."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.frozen: set[str] = set()
        self.dead: set[str] = set()
        self.slow: dict[str, float] = {}
        self.promoted_at = {"east.example": 0.0}
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        self.asked.append(host)
        patience = request.extensions["timeout"]["read"]
        if host in self.dead:
            raise httpx.ConnectError("Connection refused", request=request)
        takes = self.slow.get(host, ROUND_TRIP)
        if host in self.frozen or takes > patience:
            self.clock.now += patience
            raise httpx.ReadTimeout("timed out", request=request)
        self.clock.now += takes
        active = max(
            (host for host, at in self.promoted_at.items() if at <= self.clock.now),
            key=lambda host: self.promoted_at[host],
        )
        if host != active:
            members = {"code": "region-passive", "active_region": active}
            return httpx.Response(503, json=members, headers={"Retry-After": "1"})
        return httpx.Response(200, json={"answered_by": host})


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def wire(clock: FakeClock) -> Wire:
    return Wire(clock)


def transport(wire: Wire, timeout: float = TIMEOUT, seed: int = 7) -> Transport:
    return Transport(
        PAIR, "bp_a_b", timeout=timeout, clock=wire.clock, chance=random.Random(seed), wire=wire
    )


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("timeout", [TIMEOUT, CLI_TIMEOUT])
@pytest.mark.parametrize("way", ["dead", "frozen"])
def test_a_request_outlasts_a_failover_of_ten_seconds(
    wire: Wire, seed: int, timeout: float, way: str
) -> None:
    getattr(wire, way).add("east.example")
    wire.promoted_at["west.example"] = 10.0

    answer = transport(wire, timeout, seed).request("POST", "/v1/jobs")

    assert answer == {"answered_by": "west.example"}
    assert wire.clock.now < 10.0 + 5.0, "the promotion was long over before it was noticed"


def test_a_frozen_region_costs_a_few_seconds_once(wire: Wire) -> None:
    wire.frozen.add("east.example")
    wire.promoted_at["west.example"] = 0.01
    client = transport(wire)

    client.request("GET", "/v1/jobs")
    assert wire.clock.now < FIRST_PATIENCE + 1

    for _ in range(5):
        client.request("GET", "/v1/jobs")
    assert wire.asked == ["east.example"] + ["west.example"] * 6


def test_a_region_that_is_only_slow_is_waited_for(wire: Wire) -> None:
    wire.slow["east.example"] = FIRST_PATIENCE + 0.9
    assert transport(wire).request("GET", "/v1/jobs") == {"answered_by": "east.example"}


def test_a_region_that_was_silent_is_taken_back_when_it_answers(wire: Wire) -> None:
    wire.frozen.add("east.example")
    wire.promoted_at["west.example"] = 0.01
    client = transport(wire)
    client.request("GET", "/v1/jobs")
    wire.frozen.clear()
    wire.promoted_at["east.example"] = wire.clock.now

    assert client.request("GET", "/v1/jobs") == {"answered_by": "east.example"}
    wire.asked.clear()
    client.request("GET", "/v1/jobs")
    assert wire.asked == ["east.example"]


def test_two_silent_regions_are_an_error_in_time(wire: Wire) -> None:
    wire.frozen.update(("east.example", "west.example"))
    with pytest.raises(Unavailable):
        transport(wire).request("GET", "/v1/jobs")
    assert wire.clock.now <= TIMEOUT + ROUND_TRIP


def test_a_request_that_must_not_be_repeated_gets_all_the_patience(wire: Wire) -> None:
    wire.slow["east.example"] = FIRST_PATIENCE + 4
    client = transport(wire)
    answer = client.request("POST", "/v1/tenants", repeatable=False)
    assert answer == {"answered_by": "east.example"}
    assert wire.asked == ["east.example"]
