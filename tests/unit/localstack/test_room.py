"""A cloud takes out of a LocalStack what it has put there itself, and nothing else."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest

from bellpair_local.failures import PortsTaken
from bellpair_localstack.cloud import LocalStackCloud
from bellpair_localstack.failures import LocalStackError
from bellpair_localstack.layout import Layout
from bellpair_localstack.server import PLUGIN

STACK = "bellpair-local-us-east-1"


class FakeLocalStack:
    """Has one stack, in us-east-1, until it is told to delete it."""

    def __init__(self) -> None:
        self.session = "first run"
        self.stacks = [STACK]
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hooks = [{"name": PLUGIN, "is_loaded": True}]
                said = {"localstack.hooks.on_infra_start": hooks, "session_id": fake.session}
                self._answer(200, json.dumps({"version": "4.14.0", **said}))

            def do_POST(self) -> None:
                words = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                here = "/us-east-1/" in self.headers["Authorization"]
                if words["Action"] == ["DeleteStack"]:
                    fake.stacks.remove(words["StackName"][0])
                    self._answer(200, "<DeleteStackResponse/>")
                elif "StackName" in words:
                    code = "<Code>ValidationError</Code><Message>There is none.</Message>"
                    self._answer(400, f"<ErrorResponse><Error>{code}</Error></ErrorResponse>")
                else:
                    self._answer(200, _described(fake.stacks if here else []))

            def _answer(self, status: int, text: str) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def _described(names: list[str]) -> str:
    members = "".join(
        f"<member><StackId>{name}</StackId><StackName>{name}</StackName>"
        "<StackStatus>CREATE_COMPLETE</StackStatus>"
        "<CreationTime>2026-01-01T00:00:00Z</CreationTime></member>"
        for name in names
    )
    stacks = f"<DescribeStacksResult><Stacks>{members}</Stacks></DescribeStacksResult>"
    return f"<DescribeStacksResponse>{stacks}</DescribeStacksResponse>"


@pytest.fixture
def localstack() -> Iterator[FakeLocalStack]:
    fake = FakeLocalStack()
    with fake.server:
        Thread(target=fake.server.serve_forever, daemon=True).start()
        yield fake
        fake.server.shutdown()


@pytest.fixture
def layout(localstack: FakeLocalStack, tmp_path: Path) -> Iterator[Layout]:
    """What an earlier start has left; a port is taken, so that no start goes beyond the room."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        base = taken.getsockname()[1] - 1
        planned = Layout.plan("c", tmp_path, tmp_path / "cache", base, localstack.url)
        planned.model_copy(update={"session": localstack.session}).save()
        yield planned


def test_what_an_earlier_start_has_left_makes_room(
    localstack: FakeLocalStack, layout: Layout, tmp_path: Path
) -> None:
    cloud = LocalStackCloud("c", tmp_path)

    with pytest.raises(PortsTaken):
        cloud.start(layout)

    assert localstack.stacks == []
    assert cloud.layout() is None, "what comes there next is not its own"


def test_what_came_into_a_localstack_after_its_restart_is_another_cloud_s(
    localstack: FakeLocalStack, layout: Layout, tmp_path: Path
) -> None:
    localstack.session = "second run"

    with pytest.raises(LocalStackError, match=f"another cloud's application: {STACK}"):
        LocalStackCloud("c", tmp_path).start(layout)

    assert localstack.stacks == [STACK]


@pytest.mark.parametrize(("session", "left"), [("first run", []), ("second run", [STACK])])
@pytest.mark.usefixtures("layout")
def test_taking_a_cloud_down_leaves_what_came_after_a_restart(
    localstack: FakeLocalStack, tmp_path: Path, session: str, left: list[str]
) -> None:
    localstack.session = session
    cloud = LocalStackCloud("c", tmp_path)

    cloud.stop()

    assert localstack.stacks == left
    assert cloud.layout() is None
