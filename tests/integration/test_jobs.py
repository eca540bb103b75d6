"""Jobs through the deployed stacks, over HTTP."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.examples import BELL
from tests.polling import eventually
from tests.running_cloud import RunningCloud, words

ONE_OF_THREE = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg low[1];
creg high[2];
x q[2];
measure q[2] -> low[0];
measure q[0] -> high[0];
measure q[1] -> high[1];
"""
EXAMPLES = Path(__file__).parents[2] / "examples"
TERMINAL = {"succeeded", "failed", "cancelled"}


@pytest.fixture
def http(cloud: RunningCloud) -> Iterator[httpx.Client]:
    with cloud.http() as client:
        yield client


def submit(http: httpx.Client, source: str = BELL, device: str = "sv1", **more: Any) -> Any:
    headers = {"Idempotency-Key": more.pop("key", uuid4().hex)}
    body = {"source": source, "shots": 500, "device": device, **more}
    answer = http.post("/v1/jobs", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()


def finished(http: httpx.Client, job_id: str, within_s: float = 200.0) -> Any:
    deadline = time.monotonic() + within_s
    while True:
        job = http.get(f"/v1/jobs/{job_id}").json()
        if job["status"] in TERMINAL:
            return job
        assert time.monotonic() < deadline, f"still {job['status']}: {words(job['events'])}"
        time.sleep(0.05)


def result(http: httpx.Client, job_id: str) -> Any:
    answer = http.get(f"/v1/jobs/{job_id}/result")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_bell_job_gives_equal_bits_on_the_simulator(http: httpx.Client) -> None:
    job = submit(http, name="bell", tags={"for": "tests"})
    assert job["status"] == "queued"

    end = finished(http, job["id"])

    counts = result(http, job["id"])["counts"]
    assert end["status"] == "succeeded"
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 500
    # A simulator may be done before its launch is noted, and a slow machine may ask for news.
    assert [word for word in words(end["events"]) if word not in ("launched", "polled")] == [
        "queued",
        "compiling",
        "compiled",
        "executing",
        "processing",
        "succeeded",
    ]


@pytest.mark.parametrize("device", ["ion-11", "square-20"])
def test_a_noisy_qpu_gives_mostly_equal_bits(http: httpx.Client, device: str) -> None:
    job = submit(http, device=device)

    end = finished(http, job["id"])
    answer = result(http, job["id"])

    assert end["status"] == "succeeded", end["error"]
    counts = answer["counts"]
    assert sum(counts.values()) == 500
    assert counts["00"] + counts["11"] > 400
    assert "verbatim" in answer["compiled_program"]
    assert answer["device"] == device


@pytest.mark.parametrize("device", ["sv1", "ion-11", "square-20"])
def test_bits_come_in_the_order_that_the_result_states(http: httpx.Client, device: str) -> None:
    job = submit(http, ONE_OF_THREE, device)
    finished(http, job["id"])
    answer = result(http, job["id"])

    # Bit 0 is low[0], which reads the flipped qubit; high is to its left.
    assert max(answer["counts"], key=answer["counts"].get) == "001"
    assert answer["bit_order"] == "little-endian"


def test_a_circuit_in_qpy_is_compiled_and_run(http: httpx.Client) -> None:
    from qiskit import QuantumCircuit, qpy

    circuit = QuantumCircuit(3, 3)
    circuit.x(2)
    circuit.measure([0, 1, 2], [1, 2, 0])
    file = io.BytesIO()
    qpy.dump(circuit, file)
    source = base64.b64encode(file.getvalue()).decode()

    job = submit(http, source, "square-20", language="qpy")

    assert finished(http, job["id"])["status"] == "succeeded"
    counts = result(http, job["id"])["counts"]
    assert max(counts, key=counts.get) == "001"


def test_a_verbatim_box_is_run_as_it_stands(http: httpx.Client) -> None:
    source = (
        "OPENQASM 3.0;\nbit[2] b;\n#pragma braket verbatim\nbox {\n"
        "  prx(pi, 0) $1;\n  prx(pi, 0) $1;\n  prx(pi, 0) $2;\n}\n"
        "b[0] = measure $1;\nb[1] = measure $2;\n"
    )

    job = submit(http, source, "square-20")

    end = finished(http, job["id"])
    assert end["status"] == "succeeded", end["error"]
    answer = result(http, job["id"])
    # What cancels is not taken out of it.
    assert answer["compiled_program"].count("prx(") == 3
    assert max(answer["counts"], key=answer["counts"].get) == "10"


def test_a_state_is_teleported_by_what_is_measured_on_the_way(http: httpx.Client) -> None:
    source = (EXAMPLES / "teleport.qasm").read_text()

    job = submit(http, source, "any-qpu")

    end = finished(http, job["id"])
    assert end["status"] == "succeeded", end["error"]
    assert end["device_used"] == "square-20"
    answer = result(http, job["id"])
    assert "cc_prx(" in answer["compiled_program"]
    counts = answer["counts"]
    # Noise sends some astray; without feed-forward half of them would be.
    assert sum(count for key, count in counts.items() if key[0] == "0") > 400
    assert {"000", "001", "010", "011"} <= set(counts)


def test_a_job_for_any_device_finds_one(http: httpx.Client) -> None:
    end = finished(http, submit(http, device="any")["id"])

    assert end["status"] == "succeeded"
    assert end["device"] == "any"
    assert end["device_used"] in {"sv1", "ion-11", "square-20"}


def test_more_jobs_than_places_all_finish_on_a_qpu(http: httpx.Client) -> None:
    jobs = [submit(http, device="ion-11")["id"] for _ in range(9)]

    assert {finished(http, job)["status"] for job in jobs} == {"succeeded"}


def test_a_large_program_travels_as_a_blob_in_both_regions(
    cloud: RunningCloud, http: httpx.Client
) -> None:
    gates = "".join(f"rz({0.0001 * n!r}) q[{n % 2}];\n" for n in range(4000))
    source = BELL.replace("h q[0];\n", gates + "h q[0];\n")

    digest = hashlib.sha256(source.encode()).hexdigest()

    job = submit(http, source)

    for region, endpoint in (("us-east-1", 0), ("us-west-2", 1)):
        s3 = cloud.aws("s3", region)
        (bucket,) = [
            name
            for name in (found["Name"] for found in s3.list_buckets()["Buckets"])
            if name.startswith("bellpair-local-blobs-") and name.endswith(region)
        ]
        kept = s3.list_objects_v2(Bucket=bucket, Prefix=f"sha256/{digest[:2]}/{digest}")
        assert kept["KeyCount"] == 1, f"no copy in {region}"
        with cloud.http(endpoint) as client:
            assert client.get(f"/v1/jobs/{job['id']}").status_code == 200
    end = finished(http, job["id"])
    assert end["status"] == "succeeded", end["error"]


def test_a_queued_or_running_job_can_be_cancelled(cloud: RunningCloud, http: httpx.Client) -> None:
    with cloud.emulator("us-west-2") as emulator:
        emulator.put("/_emulator/devices/square-20", json={"queue_delay_s": 30}).raise_for_status()
        try:
            jobs = [submit(http, device="square-20")["id"] for _ in range(5)]
            answers = [http.delete(f"/v1/jobs/{job}").status_code for job in jobs]
            ends = {finished(http, job)["status"] for job in jobs}
        finally:
            emulator.put("/_emulator/devices/square-20", json={"queue_delay_s": 0.05})
    assert set(answers) <= {200, 202}
    assert ends == {"cancelled"}
    again = http.delete(f"/v1/jobs/{jobs[0]}")
    assert again.status_code == 200


def test_a_task_that_the_device_fails_fails_the_job_with_its_reason(
    cloud: RunningCloud, http: httpx.Client
) -> None:
    with cloud.emulator("us-east-1") as emulator:
        emulator.put("/_emulator/devices/ion-11", json={"fail_next": 1}).raise_for_status()

    end = finished(http, submit(http, device="ion-11")["id"])

    assert end["status"] == "failed"
    assert end["error"]["code"] == "task-failed"
    assert end["error"]["remedy"]
    refused = http.get(f"/v1/jobs/{end['id']}/result")
    assert (refused.status_code, refused.json()["code"]) == (409, "no-result")


def test_a_result_object_that_is_missing_fails_the_job_after_retries(
    cloud: RunningCloud, http: httpx.Client
) -> None:
    with cloud.emulator("us-east-1") as emulator:
        emulator.put("/_emulator/devices/ion-11", json={"lose_results": 1}).raise_for_status()

    end = finished(http, submit(http, device="ion-11")["id"])

    assert end["status"] == "failed"
    assert end["error"]["code"] == "result-missing"


def test_a_lost_completion_event_costs_time_but_no_job(
    cloud: RunningCloud, http: httpx.Client
) -> None:
    with cloud.emulator("us-east-1") as emulator:
        emulator.put("/_emulator/devices/ion-11", json={"drop_events": True}).raise_for_status()
        try:
            end = finished(http, submit(http, device="ion-11")["id"])
        finally:
            emulator.put("/_emulator/devices/ion-11", json={"drop_events": False})

    assert end["status"] == "succeeded"
    assert "polled" in words(end["events"])


def test_each_job_made_exactly_one_task(cloud: RunningCloud, http: httpx.Client) -> None:
    job = submit(http, device="ion-11")["id"]
    finished(http, job)

    assert tasks_of(cloud, job) == 1


def test_a_repeated_submission_is_the_same_job_and_another_body_is_refused(
    http: httpx.Client,
) -> None:
    key = uuid4().hex
    first = submit(http, key=key)

    assert submit(http, key=key)["id"] == first["id"]
    other = http.post(
        "/v1/jobs",
        json={"source": BELL, "shots": 501, "device": "sv1"},
        headers={"Idempotency-Key": key},
    )
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-conflict")


def test_another_tenants_job_is_not_there(cloud: RunningCloud, http: httpx.Client) -> None:
    job = submit(http)["id"]
    name = f"t-{uuid4().hex[:8]}"
    with cloud.http(key=cloud.client_file["operator_key"]) as operator:
        made = operator.post("/v1/tenants", json={"name": name})
    assert made.status_code == 201, made.text

    with cloud.http(key=made.json()["api_key"]) as stranger:
        assert stranger.get(f"/v1/jobs/{job}").status_code == 404
        assert stranger.get(f"/v1/jobs/{job}/result").status_code == 404
        assert stranger.delete(f"/v1/jobs/{job}").status_code == 404
        assert stranger.get("/v1/jobs").json()["jobs"] == []


def test_the_passive_region_refuses_submissions_and_names_the_active_one(
    cloud: RunningCloud,
) -> None:
    with cloud.http(endpoint=1) as passive:
        answer = passive.post("/v1/jobs", json={"source": BELL, "shots": 10, "device": "sv1"})

    assert answer.status_code == 503
    assert answer.json()["code"] == "region-passive"
    assert answer.json()["active_region"] == "us-east-1"


def test_reads_work_in_both_regions(cloud: RunningCloud, http: httpx.Client) -> None:
    job = submit(http)["id"]
    finished(http, job)

    with cloud.http(endpoint=1) as passive:
        assert passive.get(f"/v1/jobs/{job}").json()["status"] == "succeeded"
        assert sum(result(passive, job)["counts"].values()) == 500


def test_listing_pages_through_all_jobs_newest_first(http: httpx.Client) -> None:
    made = [submit(http, name=f"page-{n}")["id"] for n in range(5)]
    seen: list[str] = []
    token = None
    while len(seen) < 5:
        parameters = {"limit": 2, **({"page_token": token} if token else {})}
        page = http.get("/v1/jobs", params=parameters).json()
        seen += [job["id"] for job in page["jobs"]]
        token = page.get("next_page_token")

    assert seen[:5] == made[::-1]


def test_killed_workers_lose_no_job(cloud: RunningCloud, http: httpx.Client) -> None:
    jobs = [submit(http)["id"] for _ in range(12)]
    killed = 0
    for process in cloud.workers()[::2]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
            killed += 1

    assert killed >= 3
    # A look that a killed worker was at is answered by an error of the cloud's; clients look again.
    eventually(lambda: not unanswered(http, jobs))
    assert {finished(http, job)["status"] for job in jobs} == {"succeeded"}
    assert [tasks_of(cloud, job) for job in jobs] == [1] * 12


def unanswered(http: httpx.Client, jobs: list[str]) -> list[str]:
    """Those of the jobs that the API does not show now."""
    return [job for job in jobs if not http.get(f"/v1/jobs/{job}").is_success]


def tasks_of(cloud: RunningCloud, job: str) -> int:
    """How many tasks the device service of us-east-1 was made to run for the job."""
    with cloud.emulator("us-east-1") as emulator:
        tasks = emulator.get("/_emulator/tasks").json()
    rows = tasks["tasks"] if isinstance(tasks, dict) else tasks
    return sum(job in json.dumps(row) for row in rows)


def test_the_cost_of_a_job_is_counted(http: httpx.Client) -> None:
    job = finished(http, submit(http)["id"])
    usage = http.get(f"/v1/jobs/{job['id']}", params={"include": "cost"}).json()["usage"]

    assert usage["lambda_gb_s"] > 0
    assert usage["state_transitions"] >= 4
    # A simulator may be done before its launch is noted, which saves a write.
    assert usage["write_units"] >= 5
    assert usage["total_usd"] > 0
