"""Triggers through the deployed stacks: what happens becomes jobs, once each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.examples import BELL
from tests.polling import eventually
from tests.running_cloud import RunningCloud

pytestmark = pytest.mark.integration

PRIMARY, SECONDARY = "us-east-1", "us-west-2"


@pytest.fixture(scope="module")
def tenant(cloud: RunningCloud) -> tuple[str, str]:
    """A tenant of these tests' own, and its key."""
    name = f"t-{uuid4().hex[:8]}"
    with cloud.http(key=cloud.client_file["operator_key"]) as operator:
        made = operator.post("/v1/tenants", json={"name": name})
    assert made.status_code == 201, made.text
    return name, made.json()["api_key"]


@pytest.fixture
def http(cloud: RunningCloud, tenant: tuple[str, str]) -> Iterator[httpx.Client]:
    with cloud.http(key=tenant[1]) as client:
        yield client


@pytest.fixture(scope="module", autouse=True)
def by_clock(cloud: RunningCloud, tenant: tuple[str, str]) -> Iterator[str]:
    """The name of a trigger of each minute, made first: the minute passes during other tests."""
    circuit = {"device": "sv1", "shots": 50, "source": BELL}
    with cloud.http(key=tenant[1]) as client:
        made = create(client, {"type": "schedule", "rate": "1 minute"}, circuit=circuit)
        yield made["name"]
        client.delete(f"/v1/triggers/{made['name']}")


@pytest.fixture
def trigger(http: httpx.Client) -> Iterator[Callable[..., Any]]:
    """Makes triggers, and deletes them afterwards."""
    made: list[str] = []

    def make(source: dict[str, Any], **changes: Any) -> Any:
        found = create(http, source, **changes)
        made.append(found["name"])
        return found

    yield make
    for name in made:
        http.delete(f"/v1/triggers/{name}")


def create(http: httpx.Client, source: dict[str, Any], **changes: Any) -> Any:
    """A new trigger, as the API shows it."""
    body = {
        "name": f"on-{uuid4().hex[:8]}",
        "source": source,
        "circuit": {"device": "sv1", "shots": 100},
        **changes,
    }
    answer = http.post("/v1/triggers", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def jobs_of(http: httpx.Client, trigger: str) -> list[Any]:
    return [job for job in http.get("/v1/jobs").json()["jobs"] if job["name"] == trigger]


def succeeded(http: httpx.Client, trigger: str, count: int = 1) -> list[Any]:
    """The trigger's jobs, once there are so many and all are finished well."""

    def found() -> list[Any]:
        jobs = jobs_of(http, trigger)
        done = len(jobs) >= count and all(job["status"] == "succeeded" for job in jobs)
        return jobs if done else []

    jobs: list[Any] = eventually(found)
    assert len(jobs) == count
    return jobs


def drop(cloud: RunningCloud, region: str, place: str, name: str, text: str) -> None:
    bucket, _, folder = place.removeprefix("s3://").partition("/")
    cloud.aws("s3", region).put_object(Bucket=bucket, Key=f"{folder}{name}", Body=text.encode())


def test_a_file_dropped_in_the_inbox_becomes_a_finished_job(
    cloud: RunningCloud, http: httpx.Client, trigger: Callable[..., Any]
) -> None:
    made = trigger({"type": "inbox", "prefix": "runs/", "suffix": ".qasm"})

    drop(cloud, PRIMARY, made["inbox"][PRIMARY], "notes.txt", "no program")
    drop(cloud, PRIMARY, made["inbox"][PRIMARY], "bell.qasm", BELL)

    (job,) = succeeded(http, made["name"])
    shown = http.get(f"/v1/jobs/{job['id']}").json()
    assert shown["tags"] == {"bellpair:trigger": made["name"], "bellpair:depth": "1"}
    counts = http.get(f"/v1/jobs/{job['id']}/result").json()["counts"]
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 100


def test_a_file_dropped_in_the_passive_region_becomes_a_job_of_the_active_one(
    cloud: RunningCloud, http: httpx.Client, trigger: Callable[..., Any]
) -> None:
    made = trigger({"type": "inbox", "prefix": f"{uuid4().hex}/"})

    drop(cloud, SECONDARY, made["inbox"][SECONDARY], "bell.qasm", BELL)

    (job,) = succeeded(http, made["name"])
    assert http.get(f"/v1/jobs/{job['id']}").json()["region"] == PRIMARY


def test_the_same_event_twice_and_in_both_regions_makes_one_job(
    cloud: RunningCloud, http: httpx.Client, trigger: Callable[..., Any]
) -> None:
    made = trigger({"type": "inbox", "prefix": f"{uuid4().hex}/"})
    bucket, _, folder = made["inbox"][PRIMARY].removeprefix("s3://").partition("/")
    drop(cloud, PRIMARY, made["inbox"][PRIMARY], "bell.qasm", BELL)
    succeeded(http, made["name"])
    found = cloud.aws("s3", PRIMARY).head_object(Bucket=bucket, Key=f"{folder}bell.qasm")

    def tell_everywhere_twice(writing: str) -> None:
        detail = {
            "bucket": {"name": bucket},
            "object": {
                "key": f"{folder}bell.qasm",
                "size": found["ContentLength"],
                "etag": found["ETag"].strip('"'),
                "sequencer": writing,
            },
        }
        for region in (PRIMARY, SECONDARY) * 2:
            told = {
                "version": "0",
                "id": str(uuid4()),
                "source": "aws.s3",
                "detail-type": "Object Created",
                "time": "2026-01-01T12:00:00Z",
                "detail": detail,
            }
            sqs = cloud.aws("sqs", region)
            url = sqs.get_queue_url(QueueName="bellpair-local-triggers")["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(told))

    tell_everywhere_twice("one-more-writing")
    succeeded(http, made["name"], count=2)
    eventually(lambda: all(heard_everything(cloud, region) for region in (SECONDARY, PRIMARY)))
    assert len(jobs_of(http, made["name"])) == 2


def heard_everything(cloud: RunningCloud, region: str) -> bool:
    """Whether the region's queue is empty, what is being heard included."""
    sqs = cloud.aws("sqs", region)
    url = sqs.get_queue_url(QueueName="bellpair-local-triggers")["QueueUrl"]
    counts = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(counts))["Attributes"]
    return all(found[name] == "0" for name in counts)


def test_an_event_and_a_message_make_one_job_each(
    cloud: RunningCloud, http: httpx.Client, trigger: Callable[..., Any]
) -> None:
    mark = uuid4().hex
    by_event = trigger(
        {"type": "event", "pattern": {"source": ["lab"], "detail": {"mark": [mark]}}},
        circuit={"device": "sv1", "shots": 50, "source": "$.detail.program"},
    )
    by_queue = trigger(
        {"type": "queue", "queue": "requests"},
        circuit={"device": "sv1", "shots": 50, "source": "$.message.json.program"},
    )
    detail = {"mark": mark, "program": BELL}
    entry = {
        "Source": "lab",
        "DetailType": "Wanted",
        "Detail": json.dumps(detail),
        "EventBusName": "bellpair-local-events",
    }
    other = {**entry, "Detail": json.dumps({**detail, "mark": "other"})}
    answer = cloud.aws("events", PRIMARY).put_events(Entries=[entry, other])
    assert answer["FailedEntryCount"] == 0
    sqs = cloud.aws("sqs", PRIMARY)
    url = sqs.get_queue_url(QueueName="bellpair-local-queue-requests")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"program": BELL}))

    succeeded(http, by_event["name"])
    succeeded(http, by_queue["name"])
    assert len(jobs_of(http, by_event["name"])) == 1
    assert len(jobs_of(http, by_queue["name"])) == 1


def test_the_end_of_a_job_makes_the_next_one(
    http: httpx.Client, trigger: Callable[..., Any]
) -> None:
    first = f"first-{uuid4().hex[:8]}"
    ended = {"status": ["succeeded"], "name": [first]}
    made = trigger(
        {"type": "event", "pattern": {"source": ["bellpair"], "detail": ended}},
        circuit={"device": "sv1", "shots": 50, "source": BELL},
    )

    body = {"source": BELL, "shots": 50, "device": "sv1", "name": first}
    assert http.post("/v1/jobs", json=body).status_code == 202

    (job,) = succeeded(http, made["name"])
    assert http.get(f"/v1/jobs/{job['id']}").json()["tags"]["bellpair:depth"] == "1"


def test_what_failed_is_redriven_for_its_own_trigger(
    cloud: RunningCloud, http: httpx.Client, trigger: Callable[..., Any]
) -> None:
    made = trigger({"type": "inbox", "prefix": f"{uuid4().hex}/"})
    drop(cloud, PRIMARY, made["inbox"][PRIMARY], "bad.qasm", "OPENQASM 3.0; qubit q; h p;")

    done = eventually(lambda: redriven(http, made["name"]))
    assert done["reasons"][0]["code"] == "program-invalid"

    # It fails again for the same reason, and is there to be redriven again.
    assert eventually(lambda: redriven(http, made["name"]))["redriven"] == 1
    assert jobs_of(http, made["name"]) == []


def redriven(http: httpx.Client, name: str) -> Any:
    answer = http.post(f"/v1/triggers/{name}/redrive")
    assert answer.status_code == 200, answer.text
    return answer.json() if answer.json()["redriven"] else None


def test_the_command_line_makes_shows_tests_and_deletes_triggers(cloud: RunningCloud) -> None:
    name = f"on-{uuid4().hex[:8]}"
    create = ("triggers", "create", name, "--inbox", "cli/", "--suffix", ".qasm")
    made = json.loads(cloud.bellpair(*create, "--device", "sv1", "--shots", "10", "--json").stdout)
    assert made["source"] == {"type": "inbox", "prefix": "cli/", "suffix": ".qasm"}
    assert name in cloud.bellpair("triggers", "list").stdout
    trial = cloud.bellpair(
        *("triggers", "test", name, "--object", "cli/a.qasm", "--text", BELL, "--json")
    )
    assert json.loads(trial.stdout)["inputs"] == {"source": BELL}
    assert json.loads(cloud.bellpair("triggers", "pause", name, "--json").stdout)["paused"]
    refused = cloud.bellpair("triggers", "redrive", name, "--json", check=False)
    assert json.loads(refused.stdout)["error"]["code"] == "trigger-paused"
    assert not json.loads(cloud.bellpair("triggers", "resume", name, "--json").stdout)["paused"]
    cloud.bellpair("triggers", "delete", name)
    gone = cloud.bellpair("triggers", "show", name, "--json", check=False)
    assert json.loads(gone.stdout)["error"]["code"] == "trigger-not-found"


def test_the_clock_makes_jobs_until_it_is_paused(http: httpx.Client, by_clock: str) -> None:
    eventually(lambda: jobs_of(http, by_clock), within_s=200)

    paused = http.post(f"/v1/triggers/{by_clock}/pause")

    assert paused.status_code == 200, paused.text
    assert paused.json()["paused"]
