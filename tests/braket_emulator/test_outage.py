"""A region's outage as the emulator's callers, its store and its listeners see it."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

from .conftest import Emulator, EventBus, eventually, s3
from .test_boto3 import all_tasks, ended, parameters

IMPATIENT = Config(retries={"total_max_attempts": 1})


def control(emulator: Emulator, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """A call of the emulator's control face."""
    request = urllib.request.Request(
        f"{emulator.url}/_emulator/{path}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
    )
    with urllib.request.urlopen(request) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def test_callers_are_cut_off_in_an_outage_and_the_books_stay(
    start: Callable[..., Emulator], bucket: str
) -> None:
    emulator = start()
    client = emulator.client(config=IMPATIENT)
    request = parameters(bucket, clientToken="job-1/1", tags={"bellpair-job": "job-1"})
    arn = client.create_quantum_task(**request)["quantumTaskArn"]

    assert control(emulator, "PUT", "outage", {"unreachable": True}) == {"unreachable": True}

    calls: list[Callable[[], Any]] = [
        lambda: client.get_quantum_task(quantumTaskArn=arn),
        lambda: client.create_quantum_task(**request),
        lambda: client.search_devices(filters=[]),
    ]
    for call in calls:
        with pytest.raises(ConnectionClosedError):
            call()
    assert control(emulator, "GET", "health")["unreachable"] is True
    eventually(lambda: all_tasks(emulator)[0]["status"] == "COMPLETED", "the device goes on")
    [task] = all_tasks(emulator)
    assert (task["asked"], task["tags"]) == (1, {"bellpair-job": "job-1"})

    control(emulator, "PUT", "outage", {"unreachable": False})

    assert client.create_quantum_task(**request)["quantumTaskArn"] == arn
    assert ended(client, arn)["status"] == "COMPLETED"
    _, errors = stopped(emulator)
    assert errors == ""


def test_a_result_waits_for_its_store_and_a_lost_one_is_written_again(
    start: Callable[..., Emulator], bucket: str, s3_endpoint: str, bus: EventBus
) -> None:
    from moto.server import ThreadedMotoServer

    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    emulator = start("--s3-endpoint", f"http://127.0.0.1:{port}", "--event-endpoint", bus.url)
    client = emulator.client()
    arn = client.create_quantum_task(**parameters(bucket))["quantumTaskArn"]
    eventually(lambda: all_tasks(emulator)[0]["executedShots"] == 100, "the task is measured")
    assert all_tasks(emulator)[0]["status"] == "RUNNING"

    # Served by this process as the other one is, with the same buckets.
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=port)
    store.start()
    try:
        key = f"{ended(client, arn)['outputS3Directory']}/results.json"
        objects = s3(s3_endpoint)
        first = objects.get_object(Bucket=bucket, Key=key)["Body"].read()
        eventually(lambda: "COMPLETED" in bus.statuses(arn), "the event comes after the result")
        objects.delete_object(Bucket=bucket, Key=key)

        counts = control(emulator, "POST", "results", {})

        assert counts == {"stored": 1, "lost": 0, "left": 0, "problem": None}
        assert objects.get_object(Bucket=bucket, Key=key)["Body"].read() == first
    finally:
        store.stop()


def test_a_bus_that_never_answers_keeps_no_event_from_another(
    start: Callable[..., Emulator], bucket: str, bus: EventBus
) -> None:
    with socket.socket() as frozen:
        frozen.bind(("127.0.0.1", 0))
        frozen.listen()
        silent = f"http://127.0.0.1:{frozen.getsockname()[1]}"
        emulator = start("--event-endpoint", silent, "--event-endpoint", bus.url)
        client = emulator.client()
        arns = [client.create_quantum_task(**parameters(bucket))["quantumTaskArn"] for _ in "ab"]
        eventually(
            lambda: all("COMPLETED" in bus.statuses(arn) for arn in arns), "the other one hears it"
        )


@pytest.mark.parametrize("body", [{}, {"unreachable": 1}, {"unreachable": True, "for": 3}])
def test_an_outage_that_makes_no_sense_is_refused(
    start: Callable[..., Emulator], body: dict[str, Any]
) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        control(start(), "PUT", "outage", body)


def stopped(emulator: Emulator) -> tuple[str, str]:
    """End the emulator; return what it has said."""
    emulator.process.terminate()
    return emulator.process.communicate(timeout=60)
