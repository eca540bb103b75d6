"""The regions change over as planned, and back; each says what it is meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.examples import BELL
from tests.integration.test_jobs import finished, result, submit
from tests.polling import eventually
from tests.running_cloud import RunningCloud, words

pytestmark = pytest.mark.timeout(900)

EAST, WEST = "us-east-1", "us-west-2"


@pytest.fixture(scope="module")
def running_through(cloud: RunningCloud) -> Iterator[str]:
    """A job that waits for its device while the regions change over."""
    with cloud.emulator(WEST) as emulator, cloud.http() as http:
        emulator.put("/_emulator/devices/square-20", json={"queue_delay_s": 60}).raise_for_status()
        try:
            job: str = submit(http, device="square-20")["id"]
            eventually(lambda: "launched" in words(http.get(f"/v1/jobs/{job}").json()["events"]))
            yield job
        finally:
            emulator.put("/_emulator/devices/square-20", json={"queue_delay_s": 0.05})


@pytest.fixture(scope="module", autouse=True)
def changed_over(cloud: RunningCloud, running_through: str) -> Iterator[dict[str, Any]]:
    """The pair with us-west-2 active, without waiting for what runs; as before afterwards."""
    drain = ("--drain", "0", "--force", "--reason", "tests of the switchover", "--json")
    try:
        yield json.loads(cloud.bellpair("pair", "switchover", *drain).stdout)
    finally:
        cloud.bellpair("pair", "failback", "--force", "--reason", "tests are over", "--json")
        assert active(cloud) == EAST


def active(cloud: RunningCloud) -> str:
    status = json.loads(cloud.bellpair("pair", "status", "--json").stdout)
    found: str = status["active_region"]
    return found


@pytest.mark.parametrize(("endpoint", "role"), [(0, "passive"), (1, "active")])
def test_each_region_says_which_one_it_is(cloud: RunningCloud, endpoint: int, role: str) -> None:
    with cloud.http(endpoint, key=None) as http:
        health = http.get("/v1/health").json()

    assert (health["role"], health["active_region"]) == (role, WEST)
    assert health["accepting"] is (role == "active")


def test_the_region_that_was_active_sends_submissions_to_the_other(cloud: RunningCloud) -> None:
    with cloud.http(0) as passive:
        answer = passive.post("/v1/jobs", json={"source": BELL, "shots": 10, "device": "sv1"})

    assert (answer.status_code, answer.json()["code"]) == (503, "region-passive")
    assert answer.json()["active_region"] == WEST
    assert int(answer.headers["retry-after"]) > 0


def test_the_region_that_is_active_now_runs_jobs_and_both_show_them(cloud: RunningCloud) -> None:
    with cloud.http(1) as http:
        job = finished(http, submit(http)["id"])

    assert (job["status"], job["region"]) == ("succeeded", WEST), job["error"]
    with cloud.http(0) as passive:
        assert sum(result(passive, job["id"])["counts"].values()) == 500


def test_a_client_follows_the_active_region_by_itself(cloud: RunningCloud) -> None:
    said = cloud.bellpair("run", "examples/bell.qasm", "--shots", "100", "--json").stdout

    assert json.loads(said)["status"] == "succeeded"


def test_a_job_that_ran_meanwhile_is_finished_with_the_one_task_that_it_had(
    cloud: RunningCloud, running_through: str
) -> None:
    with cloud.http(1) as http:
        job = finished(http, running_through)

    assert job["status"] == "succeeded", job["error"]
    assert "adopted" in words(job["events"])
    with cloud.emulator(WEST) as emulator:
        answer = emulator.get("/_emulator/tasks").json()
    rows: list[Any] = answer["tasks"] if isinstance(answer, dict) else answer
    assert sum(running_through in str(row) for row in rows) == 1


def test_no_key_of_a_user_changes_the_regions_over(cloud: RunningCloud) -> None:
    with cloud.http(1) as http:
        answer: httpx.Response = http.post("/v1/pair/switchover", json={"reason": "mine"})

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert active(cloud) == WEST
