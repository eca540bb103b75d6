"""The emulator as an unchanged ``boto3.client("braket")`` sees it."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from braket.task_result import GateModelTaskResult

from .conftest import Emulator, EventBus, eventually, s3

SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"
ION = "arn:aws:braket:us-east-1::device/qpu/emulated/ion-11"
SQUARE = "arn:aws:braket:us-west-2::device/qpu/emulated/square-20"

BELL = """OPENQASM 3.0;
qubit[2] q;
bit[2] b;
h q[0];
cnot q[0], q[1];
b = measure q;
"""


def action(source: str) -> str:
    header = {"name": "braket.ir.openqasm.program", "version": "1"}
    return json.dumps({"braketSchemaHeader": header, "source": source})


def parameters(bucket: str, **changes: Any) -> dict[str, Any]:
    return {
        "deviceArn": SV1,
        "shots": 100,
        "outputS3Bucket": bucket,
        "outputS3KeyPrefix": "jobs/job-1/1",
        "action": action(BELL),
        **changes,
    }


def ended(client: Any, arn: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        task: dict[str, Any] = client.get_quantum_task(quantumTaskArn=arn)
        return task if task["status"] in ("COMPLETED", "FAILED", "CANCELLED") else None

    found: dict[str, Any] = eventually(look, f"{arn} ends")
    return found


def control(emulator: Emulator, device: str, **settings: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{emulator.url}/_emulator/devices/{device}",
        data=json.dumps(settings).encode(),
        method="PUT",
    )
    with urllib.request.urlopen(request) as answer:
        body: dict[str, Any] = json.load(answer)
    return body


def all_tasks(emulator: Emulator) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{emulator.url}/_emulator/tasks") as answer:
        tasks: list[dict[str, Any]] = json.load(answer)["tasks"]
    return tasks


def test_a_bell_task_runs_to_a_valid_result_in_s3(
    start: Callable[..., Emulator], bucket: str, s3_endpoint: str
) -> None:
    client = start("--seed", "1").client()
    arn = client.create_quantum_task(**parameters(bucket, shots=1000, tags={"a": "b"}))[
        "quantumTaskArn"
    ]
    task = ended(client, arn)

    assert task["status"] == "COMPLETED"
    assert task["outputS3Directory"] == f"jobs/job-1/1/{arn.rpartition('/')[2]}"
    assert task["endedAt"] >= task["createdAt"]
    assert task["tags"] == {"a": "b"}
    key = f"{task['outputS3Directory']}/results.json"
    text = s3(s3_endpoint).get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    result = GateModelTaskResult.parse_raw_schema(text)
    counts = Counter("".join(map(str, shot)) for shot in result.measurements)
    assert set(counts) == {"00", "11"}
    # Five standard deviations of a fair coin thrown 1000 times.
    assert abs(counts["00"] - 500) < 80
    assert result.measuredQubits == [0, 1]
    assert result.taskMetadata.id == arn
    assert result.additionalMetadata.action.source == BELL


def test_the_same_seed_and_order_of_tasks_give_the_same_counts(
    start: Callable[..., Emulator], bucket: str, s3_endpoint: str
) -> None:
    def measurements(seed: str) -> list[Any]:
        client = start("--seed", seed).client()
        found = []
        for _ in range(2):
            arn = client.create_quantum_task(**parameters(bucket, deviceArn=ION))["quantumTaskArn"]
            key = f"{ended(client, arn)['outputS3Directory']}/results.json"
            body = s3(s3_endpoint).get_object(Bucket=bucket, Key=key)["Body"].read()
            found.append(json.loads(body)["measurements"])
        return found

    first, again, other = measurements("7"), measurements("7"), measurements("8")
    assert first == again
    assert first != other
    assert first[0] != first[1]


def test_a_client_token_stands_for_one_task(start: Callable[..., Emulator], bucket: str) -> None:
    emulator = start()
    client = emulator.client()
    request = parameters(bucket, clientToken="job-1/1")
    arn = client.create_quantum_task(**request)["quantumTaskArn"]
    control(emulator, "sv1", status="OFFLINE")

    assert client.create_quantum_task(**request)["quantumTaskArn"] == arn
    with pytest.raises(client.exceptions.ValidationException, match="clientToken"):
        client.create_quantum_task(**{**request, "shots": 101})
    [task] = all_tasks(emulator)
    assert (task["clientToken"], task["asked"]) == ("job-1/1", 2)


def test_equal_requests_at_the_same_time_make_one_task(shared: Emulator, bucket: str) -> None:
    client = shared.client()
    request = parameters(bucket, clientToken="all-at-once")
    with ThreadPoolExecutor(8) as callers:
        answers = callers.map(lambda _: client.create_quantum_task(**request), range(16))
        arns = {answer["quantumTaskArn"] for answer in answers}
    assert len(arns) == 1
    made = [task for task in all_tasks(shared) if task["clientToken"] == "all-at-once"]
    assert [task["asked"] for task in made] == [16]


def test_a_running_task_can_be_cancelled_and_leaves_no_result(
    start: Callable[..., Emulator], bucket: str, s3_endpoint: str
) -> None:
    client = start().client()
    layer = "h q;\n" + "".join(f"cnot q[{n}], q[{n + 1}];\n" for n in range(21))
    source = "OPENQASM 3.0; qubit[22] q;\n" + layer * 200
    arn = client.create_quantum_task(**parameters(bucket, action=action(source)))["quantumTaskArn"]

    def status() -> str:
        return str(client.get_quantum_task(quantumTaskArn=arn)["status"])

    eventually(lambda: status() == "RUNNING", "the task runs")
    assert client.cancel_quantum_task(quantumTaskArn=arn)["cancellationStatus"] == "CANCELLING"
    assert ended(client, arn)["status"] == "CANCELLED"
    assert "Contents" not in s3(s3_endpoint).list_objects_v2(Bucket=bucket)


def test_every_state_change_reaches_every_bus_signed_for_its_region(
    start: Callable[..., Emulator], bucket: str, bus: EventBus
) -> None:
    bus.refuse = 1
    client = start("--event-endpoint", f"us-west-2={bus.url}").client()
    arn = client.create_quantum_task(**parameters(bucket))["quantumTaskArn"]
    eventually(lambda: "COMPLETED" in bus.statuses(arn), "the last event arrives")

    assert bus.statuses(arn) == ["CREATED", "QUEUED", "RUNNING", "COMPLETED"]
    assert bus.regions == {"us-west-2"}
    detail = bus.details(arn)[-1]
    assert detail["outputS3Directory"].startswith("jobs/job-1/1/")
    assert detail["deviceArn"] == SV1
    assert set(detail) == {
        *("quantumTaskArn", "status", "deviceArn", "shots", "outputS3Bucket"),
        *("outputS3Directory", "createdAt", "endedAt", "eventType"),
    }


def test_a_device_serves_its_queue_in_order_and_tells_positions(
    start: Callable[..., Emulator], bucket: str
) -> None:
    emulator = start()
    client = emulator.client()
    control(emulator, "ion-11", queue_delay_s=600)
    arns = [
        client.create_quantum_task(**parameters(bucket, deviceArn=ION))["quantumTaskArn"]
        for _ in range(3)
    ]

    def position(arn: str) -> str:
        task = client.get_quantum_task(quantumTaskArn=arn, additionalAttributeNames=["QueueInfo"])
        return str(task["queueInfo"]["position"])

    assert [position(arn) for arn in arns] == ["1", "2", "3"]
    sizes = client.get_device(deviceArn=ION)["deviceQueueInfo"]
    assert sizes[0] == {
        "queue": "QUANTUM_TASKS_QUEUE",
        "queueSize": "3",
        "queuePriority": "Normal",
    }
    cancelled = client.cancel_quantum_task(quantumTaskArn=arns[0])
    assert cancelled["cancellationStatus"] == "CANCELLED"
    assert [position(arn) for arn in arns] == ["None", "1", "2"]
    control(emulator, "ion-11", queue_delay_s=0)
    assert [ended(client, arn)["status"] for arn in arns] == ["CANCELLED", "COMPLETED", "COMPLETED"]
    by_arn = {task["quantumTaskArn"]: task for task in all_tasks(emulator)}
    assert by_arn[arns[1]]["endedAt"] <= by_arn[arns[2]]["startedAt"]
    assert [by_arn[arn]["executedShots"] for arn in arns] == [0, 100, 100]


def test_a_task_that_ended_cannot_be_cancelled(shared: Emulator, bucket: str) -> None:
    client = shared.client()
    arn = client.create_quantum_task(**parameters(bucket))["quantumTaskArn"]
    ended(client, arn)
    with pytest.raises(client.exceptions.ConflictException, match="COMPLETED"):
        client.cancel_quantum_task(quantumTaskArn=arn)


def test_faults_come_as_often_as_asked(
    start: Callable[..., Emulator], bucket: str, s3_endpoint: str
) -> None:
    emulator = start()
    client = emulator.client()
    control(emulator, "sv1", fail_next=1, throttle_next=1)

    def create() -> str:
        arn: str = client.create_quantum_task(**parameters(bucket))["quantumTaskArn"]
        return arn

    # boto3 repeats the throttled call by itself.
    failed = ended(client, create())
    assert (failed["status"], failed["failureReason"]) == (
        "FAILED",
        "The device failed while it ran the task.",
    )
    assert ended(client, create())["status"] == "COMPLETED"
    control(emulator, "sv1", lose_results=1)
    lost, kept = ended(client, create()), ended(client, create())
    assert lost["status"] == kept["status"] == "COMPLETED"
    listed = s3(s3_endpoint).list_objects_v2(Bucket=bucket).get("Contents", [])
    keys = {entry["Key"] for entry in listed}
    assert f"{kept['outputS3Directory']}/results.json" in keys
    assert f"{lost['outputS3Directory']}/results.json" not in keys


def test_dropped_events_stay_away_while_tasks_go_on(
    start: Callable[..., Emulator], bucket: str, bus: EventBus
) -> None:
    emulator = start("--event-endpoint", bus.url)
    client = emulator.client()
    control(emulator, "sv1", drop_events=True)
    silent = client.create_quantum_task(**parameters(bucket))["quantumTaskArn"]
    ended(client, silent)
    control(emulator, "sv1", drop_events=False)
    heard = client.create_quantum_task(**parameters(bucket))["quantumTaskArn"]
    eventually(lambda: "COMPLETED" in bus.statuses(heard), "events flow again")
    assert bus.statuses(silent) == []


def test_a_devices_document_says_what_it_is_told_to(start: Callable[..., Emulator]) -> None:
    emulator = start()

    def document() -> dict[str, Any]:
        answer = emulator.client().get_device(deviceArn=SV1)
        said: dict[str, Any] = json.loads(answer["deviceCapabilities"])
        return said

    truth = document()
    control(emulator, "sv1", document={"paradigm": {"qubitCount": "many"}, "service": None})

    assert document()["paradigm"] == {**truth["paradigm"], "qubitCount": "many"}
    assert "service" not in document()

    control(emulator, "sv1", document={})
    assert document() == truth


def test_an_offline_device_refuses_tasks_and_keeps_its_queue(
    start: Callable[..., Emulator], bucket: str, bus: EventBus
) -> None:
    emulator = start("--event-endpoint", bus.url)
    client = emulator.client()
    control(emulator, "ion-11", queue_delay_s=600)
    request = parameters(bucket, deviceArn=ION)
    waiting = client.create_quantum_task(**request)["quantumTaskArn"]
    control(emulator, "ion-11", status="OFFLINE", queue_delay_s=0)

    with pytest.raises(client.exceptions.DeviceOfflineException):
        client.create_quantum_task(**request)
    assert client.get_device(deviceArn=ION)["deviceStatus"] == "OFFLINE"
    eventually(lambda: bus.statuses(ION) == ["OFFLINE"], "the device's event arrives")
    assert client.get_quantum_task(quantumTaskArn=waiting)["status"] == "QUEUED"
    control(emulator, "ion-11", status="ONLINE")
    assert ended(client, waiting)["status"] == "COMPLETED"
    control(emulator, "ion-11", status="RETIRED")
    with pytest.raises(client.exceptions.DeviceRetiredException):
        client.create_quantum_task(**request)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shots": 0}, "shots must be a whole number between 1 and 100000"),
        ({"shots": 100_001}, "shots must be"),
        ({"deviceArn": ION, "shots": 10_001}, "between 1 and 10000 for ion-11"),
        ({"outputS3Bucket": "no-such-bucket"}, "Caller doesn't have access to no-such-bucket"),
        ({"action": "{"}, "action must be a JSON object"),
        ({"action": json.dumps({"braketSchemaHeader": {"name": "braket.ir.jaqcd.program"}})},
         "braket.ir.jaqcd.program' is not supported"),
        ({"action": action(BELL.replace("cnot", "cx"))},
         r"\[line 5\] uses a gate: cx which is not supported"),
        ({"deviceParameters": "nonsense"}, "deviceParameters must be a JSON object"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_before_a_task_exists(
    shared: Emulator, bucket: str, changes: dict[str, Any], message: str
) -> None:
    client = shared.client()
    before = len(all_tasks(shared))
    with pytest.raises(client.exceptions.ValidationException, match=message):
        client.create_quantum_task(**parameters(bucket, **changes))
    assert len(all_tasks(shared)) == before


def test_unknown_devices_and_tasks_are_not_found(shared: Emulator) -> None:
    client = shared.client()
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_device(deviceArn=SQUARE)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_quantum_task(quantumTaskArn="arn:aws:braket:us-east-1:0:quantum-task/none")


def test_a_profile_may_set_a_quota_and_write_probabilities(
    start: Callable[..., Emulator], bucket: str, s3_endpoint: str, tmp_path: Any
) -> None:
    arn = "arn:aws:braket:::device/quantum-simulator/own/tiny"
    own = tmp_path / "own.toml"
    own.write_text(
        f'[devices.tiny]\nkind = "simulator"\narn = "{arn}"\nprovider = "Own"\nqubits = 3\n'
        'shots = [10, 1000]\nqueue_delay_s = 600\nmax_open_tasks = 1\nresults = "probabilities"\n'
    )
    emulator = start("--profiles", str(own))
    client = emulator.client()
    request = parameters(bucket, deviceArn=arn)
    first = client.create_quantum_task(**request)["quantumTaskArn"]
    with pytest.raises(client.exceptions.ServiceQuotaExceededException):
        client.create_quantum_task(**request)
    control(emulator, "tiny", queue_delay_s=0)
    key = f"{ended(client, first)['outputS3Directory']}/results.json"
    text = s3(s3_endpoint).get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    result = GateModelTaskResult.parse_raw_schema(text)
    assert result.measurements is None
    assert set(result.measurementProbabilities) == {"00", "11"}
    assert sum(result.measurementProbabilities.values()) == pytest.approx(1)


def test_tasks_are_found_by_filters_page_by_page(
    start: Callable[..., Emulator], bucket: str
) -> None:
    client = start().client()
    arns = [
        client.create_quantum_task(**parameters(bucket, tags={"k": str(n % 2)}))["quantumTaskArn"]
        for n in range(5)
    ]
    for arn in arns:
        ended(client, arn)
    pages = client.get_paginator("search_quantum_tasks").paginate(
        filters=[{"name": "deviceArn", "values": [SV1], "operator": "EQUAL"}],
        PaginationConfig={"PageSize": 2},
    )
    found = [task["quantumTaskArn"] for page in pages for task in page["quantumTasks"]]
    assert found == arns[::-1]

    def search(name: str, *values: str, operator: str = "EQUAL") -> int:
        filters = [{"name": name, "values": list(values), "operator": operator}]
        return len(client.search_quantum_tasks(filters=filters)["quantumTasks"])

    assert search("tags:k", "1") == 2
    assert search("status", "FAILED", "CANCELLED") == 0
    assert search("createdAt", "2020-01-01T00:00:00Z", operator="GT") == 5
    assert search("createdAt", "2020-01-01T00:00:00Z", operator="LT") == 0
    with pytest.raises(client.exceptions.ValidationException, match="nextToken"):
        client.search_quantum_tasks(filters=[], nextToken="rubbish")


def test_tags_of_a_task_can_be_changed(shared: Emulator, bucket: str) -> None:
    client = shared.client()
    arn = client.create_quantum_task(**parameters(bucket, tags={"a": "1"}))["quantumTaskArn"]
    client.tag_resource(resourceArn=arn, tags={"b": "2"})
    client.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}


def test_devices_are_listed_by_filters(start: Callable[..., Emulator]) -> None:
    client = start(region="us-west-2").client()
    found = client.search_devices(filters=[{"name": "deviceType", "values": ["QPU"]}])["devices"]
    assert [device["deviceArn"] for device in found] == [SQUARE]
    assert len(client.search_devices(filters=[])["devices"]) == 2
