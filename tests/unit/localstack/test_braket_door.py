"""To whose Braket the door hands a request, and what it says where there is none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple

import pytest

from bellpair_localstack.braket_door import HEALTH, BraketDoor
from tests.unit.localstack.test_server import answering, free_port


class Answer(NamedTuple):
    status: int
    headers: Mapping[bytes, bytes]
    body: bytes


def ask(door: BraketDoor, *headers: tuple[bytes, bytes], path: str = "/devices") -> Answer:
    """The door's answer to one request."""
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": list(headers),
    }
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(door(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], dict(sent[0]["headers"]), body)


def signed(region: str) -> tuple[bytes, bytes]:
    scope = f"AWS4-HMAC-SHA256 Credential=1/20260101/{region}/braket/aws4_request, Signature=0"
    return b"authorization", scope.encode()


def test_a_request_goes_to_the_emulator_of_the_region_that_it_was_signed_for() -> None:
    with answering(b"east") as east, answering(b"west") as west:
        both = {"us-east-1": east, "us-west-2": west}

        assert ask(BraketDoor(both), signed("us-west-2")).body == b"west"
        assert ask(BraketDoor(both), signed("us-east-1")).body == b"east"


@pytest.mark.parametrize(
    ("headers", "said"),
    [([], "not signed"), ([signed("eu-west-1")], "signed for eu-west-1")],
)
def test_a_request_for_no_region_that_there_is_is_refused_with_those_that_there_are(
    headers: list[tuple[bytes, bytes]], said: str
) -> None:
    with answering(b"east") as east:
        door = BraketDoor({"us-east-1": east, "us-west-2": east})
        answer = ask(door, *headers)

    assert answer.status == 400
    message = json.loads(answer.body)["message"]
    assert said in message
    assert "us-east-1 and us-west-2" in message


def test_an_emulator_that_is_gone_is_told_so_that_clients_try_again() -> None:
    door = BraketDoor({"us-east-1": f"http://127.0.0.1:{free_port()}"})

    answer = ask(door, signed("us-east-1"))

    assert answer.status == 503
    assert answer.headers[b"x-amzn-errortype"] == b"ServiceUnavailable"
    assert answer.headers[b"retry-after"] == b"1"


def test_the_door_is_well_whether_or_not_the_emulators_are() -> None:
    door = BraketDoor({"us-east-1": f"http://127.0.0.1:{free_port()}"})

    answer = ask(door, path=HEALTH)

    assert answer.status == 200
    assert json.loads(answer.body) == {"status": "ok", "regions": ["us-east-1"]}
