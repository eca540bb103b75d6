"""A QPU goes away: who may go elsewhere does, who may not waits and finishes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.integration.test_jobs import finished, submit
from tests.polling import eventually
from tests.running_cloud import RunningCloud, words

pytestmark = pytest.mark.timeout(600)

HOMES = {"ion-11": "us-east-1", "square-20": "us-west-2"}
AS_BEFORE = {"status": "ONLINE", "queue_delay_s": 0.05, "drop_events": False}


@pytest.fixture
def http(cloud: RunningCloud) -> Iterator[httpx.Client]:
    with cloud.http() as client:
        yield client


@pytest.fixture
def device(cloud: RunningCloud, http: httpx.Client) -> Iterator[Callable[..., None]]:
    """Changes a device; all are as before when the test is over, and known to be."""

    def change(name: str, **settings: Any) -> None:
        with cloud.emulator(HOMES[name]) as emulator:
            emulator.put(f"/_emulator/devices/{name}", json=settings).raise_for_status()

    yield change
    for name in HOMES:
        change(name, **AS_BEFORE)
    eventually(lambda: all(view(http, name)["status"] == "online" for name in HOMES), 90)


def view(http: httpx.Client, name: str) -> Any:
    """A device as the API shows it."""
    (shown,) = (d for d in http.get("/v1/devices").json()["devices"] if d["name"] == name)
    return shown


def when(http: httpx.Client, job_id: str, true: Callable[[Any], Any], within_s: float = 120) -> Any:
    """The job as it is shown once something is true of it."""
    return eventually(
        lambda: (job := http.get(f"/v1/jobs/{job_id}").json()) and true(job) and job, within_s
    )


def tasks_of(cloud: RunningCloud, job_id: str) -> list[str]:
    """The states of all tasks that the device services were asked to make for a job."""
    found = []
    for region in set(HOMES.values()):
        with cloud.emulator(region) as emulator:
            answer = emulator.get("/_emulator/tasks").json()
        rows = answer["tasks"] if isinstance(answer, dict) else answer
        found += [row["status"] for row in rows if job_id in str(row)]
    return sorted(found)


def test_a_task_at_a_device_that_goes_offline_is_recalled_and_run_elsewhere(
    cloud: RunningCloud, http: httpx.Client, device: Callable[..., None]
) -> None:
    for name in HOMES:
        device(name, queue_delay_s=120)
    job = submit(http, device="any-qpu")["id"]
    launched = when(http, job, lambda job: "launched" in words(job["events"]))
    first = launched["device_used"]
    (other,) = HOMES.keys() - {first}
    device(other, queue_delay_s=0.05)

    device(first, status="OFFLINE")

    end = finished(http, job)
    assert (end["status"], end["device_used"]) == ("succeeded", other), end["error"]
    assert "recalled" in words(end["events"])
    assert tasks_of(cloud, job) == ["CANCELLED", "COMPLETED"]


def test_a_refused_launch_makes_no_task_and_the_job_goes_elsewhere(
    cloud: RunningCloud, http: httpx.Client, device: Callable[..., None]
) -> None:
    for name in HOMES:
        device(name, drop_events=True)
    # The cheaper one, which such a job is given to.
    device("square-20", status="OFFLINE")
    assert view(http, "square-20")["status"] == "online", "nobody was to hear of it"

    def breaker_after_one_more_job() -> Any:
        job = submit(http, device="any-qpu")["id"]
        end = finished(http, job)
        assert (end["status"], end["device_used"]) == ("succeeded", "ion-11"), end["error"]
        assert tasks_of(cloud, job) == ["COMPLETED"]
        return view(http, "square-20")["breaker"]

    # Workers remember for a while what they read: the dispatcher's that a QPU was offline
    # before this test, the API's that nothing was held against it.
    breaker = eventually(breaker_after_one_more_job, 120)
    assert (breaker["state"], breaker["reason"]) == ("open", "device square-20 is offline")


def test_a_job_for_a_device_that_is_away_says_so_and_finishes_when_it_is_back(
    cloud: RunningCloud, http: httpx.Client, device: Callable[..., None]
) -> None:
    device("ion-11", drop_events=True)
    device("ion-11", status="OFFLINE")
    job = submit(http, device="ion-11")["id"]

    waits = when(http, job, lambda job: job["waiting_for"])
    assert "device ion-11 is offline" in waits["waiting_for"]
    assert waits["status"] not in ("failed", "cancelled")

    device("ion-11", status="ONLINE", drop_events=False)

    end = finished(http, job, within_s=200)
    assert (end["status"], end["device_used"]) == ("succeeded", "ion-11"), end["error"]
    assert tasks_of(cloud, job) == ["COMPLETED"]
    eventually(lambda: view(http, "ion-11")["breaker"] is None)
