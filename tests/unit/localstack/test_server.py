"""Finding a LocalStack, and what is said where there is none that could be used."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bellpair_local.failures import PortsTaken, StartFailed
from bellpair_localstack import cli, server, versions
from bellpair_localstack.environment import Environment
from bellpair_localstack.failures import (
    AlreadyRunning,
    PluginsMissing,
    PythonMissing,
    Unreachable,
    VersionRefused,
)


@contextmanager
def answering(body: bytes, status: int = 200) -> Iterator[str]:
    """A server that answers everything with the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


def health(version: str) -> bytes:
    return json.dumps({"version": version, "edition": "community", "services": {}}).encode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment_of(tmp_path: Path, program: str) -> Environment:
    """An environment whose LocalStack is a shell script."""
    python = tmp_path / "packages" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{program}\n")
    python.chmod(0o755)
    return Environment(
        tmp_path / "packages", tmp_path / "plugins", tmp_path / "kinesis", tmp_path / "node"
    )


def test_one_that_answers_is_found_with_its_version() -> None:
    with answering(health("4.14.0")) as url:
        assert server.find(f"{url}/") == server.Running(url, "4.14.0", "community")


@pytest.mark.parametrize("version", ["3.8.1", "2026.3.0"])
def test_one_of_a_version_known_to_fail_is_refused(version: str) -> None:
    with answering(health(version)) as url, pytest.raises(VersionRefused, match=version):
        server.find(url)


@pytest.mark.parametrize(
    ("body", "status"), [(b"hello", 200), (b"[]", 200), (b"{}", 200), (b"no", 404), (b"", 500)]
)
def test_what_is_no_localstack_is_unreachable(body: bytes, status: int) -> None:
    with answering(body, status) as url, pytest.raises(Unreachable, match=url):
        server.find(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "http://no.such.host.invalid", "file:///etc/passwd", "nonsense"]
)
def test_where_nothing_answers_the_message_says_what_to_do(url: str) -> None:
    with pytest.raises(Unreachable) as missing:
        server.find(url)

    assert url in str(missing.value)
    for way in ("AWS_ENDPOINT_URL", "LOCALSTACK_HOST", versions.HOW_TO_RUN):
        assert way in missing.value.remedy


def plugins(*loaded: str) -> bytes:
    found = [{"name": name, "is_initialized": True, "is_loaded": True} for name in loaded]
    return json.dumps({"localstack.hooks.on_infra_start": found}).encode()


def test_one_with_our_plugins_is_taken() -> None:
    with answering(plugins("_patch_botocore", "host_mode")) as url:
        server.check_plugins(server.Running(url, "4.14.0", "community"))


@pytest.mark.parametrize("body", [plugins("_patch_botocore"), b"{}"])
def test_one_without_our_plugins_is_refused_with_how_to_load_them(body: bytes) -> None:
    with answering(body) as url, pytest.raises(PluginsMissing, match=url) as refused:
        server.check_plugins(server.Running(url, "4.14.0", "community"))

    assert refused.value.remedy == versions.HOW_TO_RUN


def test_one_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    broken = environment_of(tmp_path, "echo no module named localstack; exit 1")

    with pytest.raises(StartFailed, match="no module named localstack"):
        server.start(broken, free_port(), tmp_path / "state")

    assert not server.is_alive(tmp_path / "state")


def test_one_that_does_not_get_ready_is_ended(tmp_path: Path) -> None:
    silent = environment_of(tmp_path, "echo still loading; exec sleep 60")

    with pytest.raises(StartFailed, match=r"not ready after(.|\n)*still loading"):
        server.start(silent, free_port(), tmp_path / "state", ready_s=1)

    assert not server.is_alive(tmp_path / "state")


def test_two_of_one_state_directory_are_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    server._table(state).start("localstack", ["sleep", "60"], state / "log", {"PATH": "/bin"})
    try:
        with pytest.raises(AlreadyRunning, match=str(state)):
            server.start(environment_of(tmp_path, "exit 1"), free_port(), state)
        assert server.is_alive(state), "the one that runs is left alone"
    finally:
        assert server.stop(state)
    assert not server.stop(state)


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with answering(b"") as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(PortsTaken, match=str(port)):
            server.start(environment_of(tmp_path, "exit 1"), port, tmp_path / "state")


def test_no_secret_and_no_home_of_this_process_reaches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "LOCALSTACK_AUTH_TOKEN", "MY_PASSWORD"):
        monkeypatch.setenv(name, "secret")

    given = server.variables(environment_of(tmp_path, ""), 4566, tmp_path / "state")

    assert "secret" not in given.values()
    directories = ("HOME", "CONFIG_DIR", "FILESYSTEM_ROOT", "XDG_CACHE_HOME")
    assert all(Path(given[name]).is_relative_to(tmp_path / "state") for name in directories)


def no_python() -> Environment:
    raise PythonMissing("There is no Python 3.13.", "Install one.")


def status_of(words: list[str], ensure: Callable[[], Environment] = no_python) -> int:
    return cli.main(words, ensure)


def test_the_command_has_a_status_of_its_own_where_there_is_no_python(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(["up", "--state-dir", str(tmp_path)]) == 3

    said = capsys.readouterr().err
    assert "no Python 3.13" in said
    assert "Install one." in said


def test_status_says_that_none_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "LOCALSTACK_HOST"):
        monkeypatch.delenv(name, raising=False)

    assert status_of(["status", "--json", "--state-dir", str(tmp_path)]) == 1

    assert json.loads(capsys.readouterr().out)["running"] is False


def test_status_looks_where_the_environment_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(health("4.14.0")) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert status_of(["status", "--json", "--state-dir", str(tmp_path)]) == 0
        assert json.loads(capsys.readouterr().out)["url"] == url

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert status_of(["status", "--state-dir", str(tmp_path)]) == 1
    assert "no LocalStack at http://127.0.0.1:9" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "4566.5"])
def test_a_word_that_is_no_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        status_of(["up", f"--port={port}"])

    assert ended.value.code == 2
    assert "is no port" in capsys.readouterr().err
