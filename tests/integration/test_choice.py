"""A job goes to the device that suits it, says why, and devices are observed by what they give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.examples import BELL
from tests.integration.test_device_loss import HOMES, view, when
from tests.integration.test_jobs import finished, submit
from tests.polling import eventually
from tests.running_cloud import RunningCloud, words

pytestmark = pytest.mark.timeout(600)

ACTIVE = "us-east-1"


@pytest.fixture
def http(cloud: RunningCloud) -> Iterator[httpx.Client]:
    with cloud.http() as client:
        yield client


def why(http: httpx.Client, job_id: str) -> Any:
    answer = http.get(f"/v1/jobs/{job_id}/why")
    assert answer.status_code == 200, answer.text
    return answer.json()


def function_named(cloud: RunningCloud, name: str, region: str) -> str:
    """The function's whole name, which begins with the stage's."""
    listed = cloud.aws("lambda", region).get_paginator("list_functions").paginate()
    (found,) = (
        str(function["FunctionName"])
        for page in listed
        for function in page["Functions"]
        if function["FunctionName"].endswith(f"-{name}")
    )
    return found


def called(cloud: RunningCloud, name: str, region: str, **event: Any) -> Any:
    answer = cloud.aws("lambda", region).invoke(
        FunctionName=function_named(cloud, name, region), Payload=json.dumps(event)
    )
    return json.loads(answer["Payload"].read())


def test_a_constrained_job_goes_to_a_qpu_that_meets_them_and_tells_why(
    http: httpx.Client,
) -> None:
    limits = {"min_fidelity": 0.3, "max_cost_usd": 50, "max_wait_s": 3600, "kind": "qpu"}
    job = submit(http, device="any", constraints=limits)["id"]

    end = finished(http, job)

    assert end["status"] == "succeeded", end["error"]
    assert end["device_used"] in HOMES
    told = why(http, job)
    assert told["choice"]["chosen"] == end["device_used"]
    verdicts = {one["device"]: one["verdict"] for one in told["choice"]["considered"]}
    assert verdicts["sv1"] == "excluded"
    assert verdicts[end["device_used"]] == "chosen"
    assert [r["text"] for r in told["reasons"] if r["about"] == "compilation"]


def test_what_no_device_can_meet_is_refused(http: httpx.Client) -> None:
    body = {
        "source": BELL,
        "shots": 500,
        "device": "any-qpu",
        "constraints": {"min_fidelity": 0.9999},
    }

    # A cold function may take longer than its gateway waits for.
    answer = eventually(
        lambda: (said := http.post("/v1/jobs", json=body)).status_code != 503 and said, 120
    )

    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "constraints-unmet"
    assert answer.json()["best_device"] in HOMES


def test_a_job_that_its_constraints_keep_waiting_says_so(
    cloud: RunningCloud, http: httpx.Client
) -> None:
    held = []
    for name, home in HOMES.items():
        with cloud.emulator(home) as emulator:
            emulator.put(f"/_emulator/devices/{name}", json={"queue_delay_s": 120})
    try:
        held = [submit(http, device=name)["id"] for name in HOMES]
        for job in held:
            when(http, job, lambda job: "launched" in words(job["events"]))
        job = submit(http, device="any-qpu", constraints={"max_wait_s": 0.5})["id"]

        told = eventually(lambda: (seen := why(http, job))["choice"] and seen, 60)

        assert told["status"] == "queued"
        assert {one["verdict"] for one in told["choice"]["considered"]} <= {"waits", "excluded"}
        assert any("over the 0.5 s allowed" in reason["text"] for reason in told["reasons"])
        http.delete(f"/v1/jobs/{job}")
    finally:
        for job in held:
            http.delete(f"/v1/jobs/{job}")
        for name, home in HOMES.items():
            with cloud.emulator(home) as emulator:
                emulator.put(f"/_emulator/devices/{name}", json={"queue_delay_s": 0.05})


def test_a_program_is_estimated_on_each_device(http: httpx.Client) -> None:
    answer = http.post("/v1/estimates", json={"source": BELL, "shots": 500})

    assert answer.status_code == 200, answer.text
    found = {one["device"]: one for one in answer.json()["devices"]}
    assert found.keys() == {"sv1", *HOMES}
    assert 0 < found["square-20"]["expected_success"] < 1
    assert answer.json()["shape"]["two_qubit_gates"] == 1


def test_mirror_circuits_are_sent_once_and_what_they_give_is_shown(
    cloud: RunningCloud, http: httpx.Client
) -> None:
    # The timetable may have sent this period's before.
    made = called(cloud, "observe", ACTIVE)["jobs"]
    again = called(cloud, "observe", ACTIVE)["jobs"]
    assert set(made).isdisjoint(again)
    table = next(
        name
        for name in cloud.aws("dynamodb", ACTIVE).list_tables()["TableNames"]
        if name.endswith("-ledger")
    )

    def observed(device: str) -> Any:
        key = {"pk": {"S": f"QUALITY#{device}"}, "sk": {"S": "QUALITY"}}
        item = cloud.aws("dynamodb", ACTIVE).get_item(TableName=table, Key=key).get("Item")
        return item and json.loads(item["doc"]["S"])

    for name, home in HOMES.items():
        quality = eventually(lambda name=name: observed(name), 200)  # type: ignore[misc]
        assert 0.3 < quality["moving"] < 2
        called(cloud, "calibration", home, ingest=name)
        shown = eventually(lambda name=name: view(http, name)["quality"], 60)  # type: ignore[misc]
        assert 0.3 < shown < 2
