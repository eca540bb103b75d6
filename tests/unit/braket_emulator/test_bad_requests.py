"""A request that makes no sense is the caller's error, whatever is wrong with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from bellpair_braket_emulator.api import BraketApi
from bellpair_braket_emulator.devices import Device
from bellpair_braket_emulator.documents import OPENQASM
from bellpair_braket_emulator.profile import load_profiles
from bellpair_braket_emulator.service import BraketService
from bellpair_braket_emulator.shelf import Shelf


class Nowhere:
    """Outputs and events that nothing reaches."""

    def accessible(self, bucket: str) -> bool:
        return True

    def put(self, bucket: str, key: str, body: bytes) -> None:
        raise AssertionError("no task is to run")

    def publish(
        self,
        kind: str,
        resource: str,
        detail: dict[str, Any],
        time: datetime,
        *,
        urgent: bool = True,
    ) -> None:
        pass


def answer(path: str, request: Any) -> tuple[int, str]:
    """Status and error name of the answer to a POST."""
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": json.dumps(request).encode()}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def scenario(executor: ThreadPoolExecutor) -> None:
        nowhere = Nowhere()
        devices = [
            Device(profile, "us-east-1", nowhere, nowhere, executor, executor, Shelf(), 1)
            for profile in load_profiles("us-east-1")
        ]
        service = BraketService("us-east-1", "1" * 12, devices, nowhere, executor)
        scope = {"type": "http", "method": "POST", "path": path, "query_string": b""}
        await BraketApi(service)(scope, receive, send)

    with ThreadPoolExecutor(1) as executor:
        asyncio.run(scenario(executor))
    headers = dict(sent[0]["headers"])
    return sent[0]["status"], headers.get(b"x-amzn-errortype", b"").decode()


def task(**action: Any) -> dict[str, Any]:
    """A request for a quantum task."""
    header = {"braketSchemaHeader": {"name": OPENQASM, "version": "1"}}
    source = "OPENQASM 3.0; input float a; qubit[1] q; rx(a) q[0]; bit[1] b; b[0] = measure q[0];"
    return {
        "clientToken": "t",
        "deviceArn": "arn:aws:braket:::device/quantum-simulator/amazon/sv1",
        "shots": 1,
        "outputS3Bucket": "bucket",
        "outputS3KeyPrefix": "prefix",
        "action": json.dumps({**header, "source": source, **action}),
    }


def test_a_request_that_makes_sense_is_taken() -> None:
    assert answer("/quantum-task", task(inputs={"a": 1})) == (201, "")
    assert answer("/devices", {"filters": [{"name": "deviceName", "values": ["x"]}]}) == (200, "")


@pytest.mark.parametrize(
    ("path", "request_"),
    [
        ("/devices", {"filters": [{"name": [1], "values": [1]}]}),
        ("/devices", {"filters": [{"name": "deviceName", "values": 1}]}),
        ("/quantum-tasks", {"filters": [], "nextToken": "\u00e9"}),
        ("/quantum-tasks", {"filters": [], "nextToken": "YQ"}),
        ("/quantum-task", task(inputs={"a": 10**400})),
        ("/quantum-task", task(inputs={"a": "1"})),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_request_that_makes_none_is_refused(path: str, request_: Any) -> None:
    assert answer(path, request_) == (400, "ValidationException")
