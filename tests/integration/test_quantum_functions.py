"""Quantum functions through the deployed stacks: deployed and invoked as a person would."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.test_jobs import finished, tasks_of
from tests.polling import eventually
from tests.running_cloud import RunningCloud

pytestmark = pytest.mark.timeout(600)

EXAMPLES = Path(__file__).parents[2] / "examples"

LOOP = '''"""Measures a qubit a number of times, turned a little further each time."""

from bellpair.functions import quantum_function

PROGRAM = """OPENQASM 3.0;
include "stdgates.inc";
input float theta;
qubit[1] q;
bit[1] c;
rx(theta) q[0];
c = measure q;
"""


@quantum_function(name="turning", device="sv1")
def turning(runtime, steps: int = 3, shots: int = 100) -> list[int]:
    seen = []
    for step in range(steps):
        runtime.progress(step / steps, f"step {step}")
        print(f"step {step} begins")
        sample = runtime.sampler(PROGRAM, [0.3 * step], shots=shots)
        seen.append(sum(sample.counts.values()))
    return seen


@quantum_function(name="failing", device="sv1")
def failing(runtime, how: str = "raises") -> None:
    print("about to fail")
    raise ValueError("there is no spoon")
'''


@pytest.fixture
def http(cloud: RunningCloud) -> Iterator[httpx.Client]:
    with cloud.http() as client:
        yield client


@pytest.fixture(scope="module")
def module(cloud: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module with both functions, deployed."""
    path = tmp_path_factory.mktemp("functions") / "turning.py"
    path.write_text(LOOP)
    for name in ("turning", "failing"):
        cloud.bellpair("functions", "deploy", f"{path}:{name}")
    return path


def invoke(http: httpx.Client, name: str, wait: int = 0, **body: Any) -> httpx.Response:
    headers = {"Idempotency-Key": uuid4().hex} | ({"Prefer": f"wait={wait}"} if wait else {})
    answer = http.post(f"/v1/functions/{name}/invocations", json=body, headers=headers, timeout=60)
    assert answer.status_code in (200, 202), answer.text
    return answer


def test_the_energy_of_hydrogen_is_found_as_a_person_would_ask_for_it(cloud: RunningCloud) -> None:
    cloud.bellpair("functions", "deploy", str(EXAMPLES / "functions" / "vqe_h2.py"))

    said = cloud.bellpair("functions", "invoke", "vqe-h2", "--wait", "--json").stdout

    found = json.loads(said)
    assert found["status"] == "succeeded"
    assert abs(found["output"]["energy"] - found["output"]["exact"]) < 0.002


def test_who_deploys_on_a_cloud_of_their_own_may_delete_again(
    cloud: RunningCloud, tmp_path: Path, http: httpx.Client
) -> None:
    path = tmp_path / "passing.py"
    path.write_text(LOOP.replace("turning", "passing"))
    cloud.bellpair("functions", "deploy", f"{path}:passing")

    cloud.bellpair("functions", "delete", "passing")

    assert http.get("/v1/functions/passing").status_code == 404


@pytest.mark.usefixtures("module")
def test_the_result_comes_with_the_request_that_waits_for_it(http: httpx.Client) -> None:
    # The first run may have to wait for a worker to start.
    invoke(http, "turning", wait=20, inputs={"steps": 1})

    answer = invoke(http, "turning", wait=20, inputs={"steps": 2})

    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "succeeded", answer.text
    assert answer.json()["result"]["output"] == [100, 100]


@pytest.mark.usefixtures("module")
def test_a_function_waits_through_a_devices_queue(cloud: RunningCloud, http: httpx.Client) -> None:
    with cloud.emulator("us-east-1") as emulator:
        emulator.put("/_emulator/devices/ion-11", json={"queue_delay_s": 4}).raise_for_status()
        try:
            job = invoke(http, "turning", device="ion-11", inputs={"steps": 2}).json()["id"]
            end = finished(http, job, within_s=200)
        finally:
            emulator.put("/_emulator/devices/ion-11", json={"queue_delay_s": 0.05})

    assert end["status"] == "succeeded", end["error"]
    assert http.get(f"/v1/jobs/{job}/result").json()["output"] == [100, 100]
    assert tasks_of(cloud, job) == 2


@pytest.mark.usefixtures("module")
def test_killed_workers_cost_a_function_no_call(cloud: RunningCloud, http: httpx.Client) -> None:
    job = invoke(http, "turning", inputs={"steps": 40}).json()["id"]
    eventually(lambda: (http.get(f"/v1/jobs/{job}").json().get("calls") or 0) >= 5)

    for process in cloud.workers():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)

    end = finished(http, job, within_s=200)
    assert end["status"] == "succeeded", end["error"]
    assert http.get(f"/v1/jobs/{job}/result").json()["output"] == [100] * 40
    assert tasks_of(cloud, job) == 40


@pytest.mark.usefixtures("module")
def test_a_function_that_fails_says_why_and_the_next_one_is_well(http: httpx.Client) -> None:
    job = invoke(http, "failing").json()["id"]

    end = finished(http, job)

    assert (end["status"], end["error"]["code"]) == ("failed", "function-failed")
    assert "there is no spoon" in end["error"]["message"]
    assert "about to fail" in http.get(f"/v1/jobs/{job}/logs").text
    assert invoke(http, "turning", wait=20, inputs={"steps": 1}).json()["status"] == "succeeded"
