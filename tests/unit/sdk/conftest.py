"""Two regions, a client that knows both, and a place where its key is looked for."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

import pytest

from bellpair import Client
from tests.unit.sdk.fake_api import KEY, FakeLedger, FakeRegion
from tests.unit.sdk.fake_clock import FakeClock
from tests.unit.sdk.shell import Shell

BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
def east(ledger: FakeLedger) -> Iterator[FakeRegion]:
    region = FakeRegion("us-east-1", ledger)
    yield region
    region.close()


@pytest.fixture
def west(ledger: FakeLedger) -> Iterator[FakeRegion]:
    region = FakeRegion("us-west-2", ledger)
    yield region
    region.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(east: FakeRegion, west: FakeRegion, clock: FakeClock) -> Iterator[Client]:
    with Client([east.url, west.url], KEY, clock=clock, chance=random.Random(7)) as client:
        yield client


@pytest.fixture
def lone_client(east: FakeRegion, clock: FakeClock) -> Iterator[Client]:
    with Client([east.url], KEY, clock=clock, chance=random.Random(7)) as client:
        yield client


@pytest.fixture
def dead_url() -> str:
    """An endpoint whose port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def silent_url() -> Iterator[str]:
    """An endpoint that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def shell(east: FakeRegion, west: FakeRegion) -> Shell:
    return Shell({"BELLPAIR_ENDPOINTS": f"{east.url},{west.url}", "BELLPAIR_API_KEY": KEY})
