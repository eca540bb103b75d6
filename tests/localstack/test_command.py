"""The command that has a LocalStack: in the foreground and in the background."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from bellpair_local.ports import is_free
from bellpair_localstack import server
from bellpair_localstack.environment import Environment
from tests.localstack.conftest import free_port
from tests.polling import eventually

pytestmark = pytest.mark.localstack

COMMAND = [sys.executable, "-m", "bellpair_localstack"]


class Command:
    """The command, with a state directory and a port of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.port = free_port()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *words, "--state-dir", str(self.state)],
            env=self._settings(),
            capture_output=True,
            text=True,
            check=False,
        )

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *words, "--state-dir", str(self.state)],
            env=self._settings(),
            stderr=subprocess.PIPE,
            text=True,
        )

    def _settings(self) -> dict[str, str]:
        named = {"AWS_ENDPOINT_URL", "LOCALSTACK_HOST"}
        return {name: value for name, value in os.environ.items() if name not in named}


@pytest.fixture
def command(host_mode: Environment, tmp_path: Path) -> Iterator[Command]:
    made = Command(tmp_path / "state")
    yield made
    server.stop(made.state)


def test_one_in_the_background_is_seen_used_and_stopped(command: Command, tmp_path: Path) -> None:
    up = command.run("up", "--detach", f"--port={command.port}")
    assert up.returncode == 0, up.stderr
    status = json.loads(command.run("status", "--json").stdout)
    url = f"http://127.0.0.1:{command.port}"
    assert (status["running"], status["url"], status["version"]) == (True, url, "4.14.0")

    again = command.run("up", "--detach", f"--port={free_port()}")
    assert again.returncode == 1
    assert "runs with" in again.stderr

    streams = boto3.client(
        "kinesis",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="424242424242",
        aws_secret_access_key="local",
    )
    assert streams.list_streams()["StreamNames"] == []

    assert command.run("down").returncode == 0
    assert command.run("status").returncode == 1
    assert is_free(command.port)
    assert "npm" not in server.log_file(command.state).read_text(), "nothing was fetched"
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_in_the_foreground_is_ended_with_the_command(
    command: Command, number: signal.Signals
) -> None:
    with command.begin("up", f"--port={command.port}") as up:
        eventually(lambda: server.is_alive(command.state) and not is_free(command.port))
        up.send_signal(number)
        up.communicate()

    assert not server.is_alive(command.state)
    assert is_free(command.port)
