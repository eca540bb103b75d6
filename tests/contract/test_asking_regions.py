"""Asking a region's API how it is, over real HTTP."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from bellpair_core.adapters.http_peers import HttpPeers
from bellpair_core.adapters.threads import at_once

SOON_S = 1.0
LONG_S = 20.0


class Api(ThreadingHTTPServer):
    """Answers the health request with the status that the test sets."""

    daemon_threads = True

    def __init__(self) -> None:
        self.status = 200
        self.seen: list[tuple[str, str | None]] = []
        super().__init__(("127.0.0.1", 0), _Answering)

    @property
    def endpoint(self) -> str:
        """With a path, as an emulated cloud's has."""
        return f"http://127.0.0.1:{self.server_address[1]}/restapis/a1/api/_user_request_"


class _Answering(BaseHTTPRequestHandler):
    server: Api
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers.get("X-Bellpair-From")))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[Api]:
    server = Api()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def peers() -> HttpPeers:
    return HttpPeers("us-west-2")


def test_an_api_that_answers_well_is_healthy(api: Api, peers: HttpPeers) -> None:
    assert peers.health(api.endpoint, LONG_S).healthy
    assert api.seen == [("/restapis/a1/api/_user_request_/v1/health", "us-west-2")]


@pytest.mark.parametrize("status", [503, 500, 404, 204])
def test_any_other_answer_is_told(api: Api, peers: HttpPeers, status: int) -> None:
    api.status = status

    seen = peers.health(api.endpoint, LONG_S)

    assert not seen.healthy
    assert str(status) in seen.reason


def test_nobody_is_sent_elsewhere(api: Api, peers: HttpPeers) -> None:
    api.status = 302

    assert not peers.health(api.endpoint, LONG_S).healthy
    assert len(api.seen) == 1


def test_a_proxy_of_the_environment_is_not_used(
    api: Api, peers: HttpPeers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    assert peers.health(api.endpoint, LONG_S).healthy


def test_an_api_that_takes_the_connection_and_says_nothing_is_not_waited_for(
    peers: HttpPeers,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        seen = peers.health(f"http://127.0.0.1:{silent.getsockname()[1]}", SOON_S)

    assert not seen.healthy
    assert "Timeout" in seen.reason


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "http://", "no address"])
def test_an_endpoint_where_nobody_is_does_not_answer(peers: HttpPeers, endpoint: str) -> None:
    assert not peers.health(endpoint, LONG_S).healthy


def test_an_api_that_comes_back_is_asked_afresh(api: Api, peers: HttpPeers) -> None:
    for _ in range(3):
        assert peers.health(api.endpoint, LONG_S).healthy
    api.status = 503
    assert not peers.health(api.endpoint, LONG_S).healthy
    api.status = 200
    assert peers.health(api.endpoint, LONG_S).healthy


def test_calls_are_made_at_once() -> None:
    met = [Event(), Event()]

    def meet(mine: int) -> bool:
        met[mine].set()
        return met[1 - mine].wait(LONG_S)

    assert at_once({"a": lambda: meet(0), "b": lambda: meet(1)}, LONG_S) == {"a": True, "b": True}


def test_a_call_that_fails_or_hangs_keeps_no_other_up() -> None:
    never = Event()
    calls = {"well": lambda: 1, "hangs": lambda: never.wait(LONG_S), "fails": lambda: 1 // 0}

    found = at_once(calls, SOON_S)
    never.set()

    assert found["well"] == 1
    assert isinstance(found["hangs"], TimeoutError)
    assert isinstance(found["fails"], ZeroDivisionError)


def test_many_hanging_calls_do_not_use_anything_up() -> None:
    never = Event()
    for _ in range(50):
        at_once({"hangs": lambda: never.wait(LONG_S)}, 0.001)

    assert at_once({"well": time.monotonic}, LONG_S)["well"]
    never.set()
