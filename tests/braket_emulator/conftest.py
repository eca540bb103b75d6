"""An emulator process of its own, an S3 and an EventBridge stand-in for it to talk to."""

from __future__ import annotations

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

EMULATOR_FOLDER = Path(__file__).parents[2] / "infra" / "local"
DEADLINE_S = 100.0
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def eventually(found: Callable[[], Any], what: str) -> Any:
    """Poll until ``found`` answers with something true."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {DEADLINE_S} s: {what}")


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@dataclass
class EventBus:
    """Takes PutEvents calls and remembers their entries."""

    url: str = ""
    entries: list[dict[str, Any]] = field(default_factory=list)
    regions: set[str] = field(default_factory=set)
    refuse: int = 0

    def details(self, arn: str) -> list[dict[str, Any]]:
        """The details of a resource's events, in order of arrival."""
        found = [entry for entry in list(self.entries) if arn in entry["Resources"]]
        return [json.loads(entry["Detail"]) for entry in found]

    def statuses(self, arn: str) -> list[str]:
        """The statuses that a resource's events told."""
        return [detail["status"] for detail in self.details(arn)]


@pytest.fixture
def bus() -> Iterator[EventBus]:
    bus = EventBus()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/", self.headers["Authorization"])
            assert scope is not None
            bus.regions.add(scope[1])
            if bus.refuse > 0:
                bus.refuse -= 1
                status, answer = 500, b"{}"
            else:
                bus.entries.extend(body["Entries"])
                status, answer = 200, b'{"FailedEntryCount": 0, "Entries": []}'
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    bus.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield bus
    server.shutdown()
    server.server_close()


@dataclass
class Emulator:
    """A running emulator process."""

    url: str
    region: str
    process: subprocess.Popen[str]

    def client(self, service: str = "braket", config: Config | None = None) -> Any:
        """An unchanged boto3 client that talks to it."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.url,
            region_name=self.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=config,
        )


@contextmanager
def starting(s3_endpoint: str) -> Iterator[Callable[..., Emulator]]:
    """Give what starts an emulator with the given options; end all of them afterwards."""
    running: list[subprocess.Popen[str]] = []

    def start(*options: str, region: str = "us-east-1") -> Emulator:
        process = run_emulator(
            "--port", "0", "--region", region, "--s3-endpoint", s3_endpoint, *options
        )
        running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        address = re.search(r"http://\S+", line)
        assert address, f"no ready line: {line!r}"
        return Emulator(address[0], region, process)

    try:
        yield start
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=60)
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()


@pytest.fixture
def start(s3_endpoint: str) -> Iterator[Callable[..., Emulator]]:
    """Starts emulators of a test's own."""
    with starting(s3_endpoint) as start:
        yield start


@pytest.fixture(scope="package")
def shared(s3_endpoint: str) -> Iterator[Emulator]:
    """One for the tests that leave its devices as they are and mind no tasks but their own."""
    with starting(s3_endpoint) as start:
        yield start()


def run_emulator(*options: str) -> subprocess.Popen[str]:
    """Start ``python -m bellpair_braket_emulator``."""
    return subprocess.Popen(
        [sys.executable, "-m", "bellpair_braket_emulator", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **CREDENTIALS, "PYTHONPATH": str(EMULATOR_FOLDER)},
    )


@pytest.fixture
def bucket(s3_endpoint: str) -> str:
    name = f"amazon-braket-{uuid.uuid4().hex[:12]}"
    s3(s3_endpoint).create_bucket(Bucket=name)
    return name


def s3(endpoint: str) -> Any:
    """An S3 client of the stand-in."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
