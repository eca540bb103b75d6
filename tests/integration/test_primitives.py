"""The built-in functions and circuits with options, through the deployed stacks."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.test_jobs import finished
from tests.running_cloud import RunningCloud

pytestmark = pytest.mark.timeout(600)

EXAMPLES = Path(__file__).parents[2] / "examples"
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '
TURNED = f"{HEAD}input float a; qubit[2] q; bit[2] c; ry(a) q[0]; cx q[0], q[1]; c = measure q;"
BARE = f"{HEAD}input float a; qubit[2] q; ry(a) q[0]; cx q[0], q[1];"


@pytest.fixture
def http(cloud: RunningCloud) -> Iterator[httpx.Client]:
    with cloud.http() as client:
        yield client


def output_of(http: httpx.Client, name: str, within_s: int = 300, **body: Any) -> dict[str, Any]:
    """What a built-in function returned."""
    answer = http.post(
        f"/v1/functions/{name}/invocations",
        json=body,
        headers={"Idempotency-Key": uuid4().hex},
        timeout=60,
    )
    assert answer.status_code == 202, answer.text
    job = answer.json()["id"]
    end = finished(http, job, within_s=within_s)
    assert end["status"] == "succeeded", end["error"]
    result = http.get(f"/v1/jobs/{job}/result").raise_for_status().json()
    output: dict[str, Any] = result["output"]
    return output


def test_a_sweep_and_a_circuit_are_sampled_in_one_job(http: httpx.Client) -> None:
    told = output_of(
        http,
        "sampling",
        inputs={
            "pubs": [
                {"circuit": TURNED, "parameters": [[[0.0], [math.pi]], [[math.pi], [0.0]]]},
                {"circuit": TURNED, "parameters": {"a": math.pi}, "shots": 30},
            ],
            "shots": 50,
        },
        device="sv1",
    )

    swept, single = told["results"]
    assert swept["counts"] == [[{"00": 50}, {"11": 50}], [{"11": 50}, {"00": 50}]]
    assert single["counts"] == {"11": 30}
    assert (told["failed"], told["circuits"], told["shots"]) == (0, 5, 230)


def test_expectation_values_broadcast(http: httpx.Client) -> None:
    told = output_of(
        http,
        "estimation",
        inputs={
            "pubs": [
                {
                    "circuit": BARE,
                    "parameters": [0.0, math.pi / 2],
                    "observables": [["ZZ"], [{"XX": 1.0, "IZ": 0.5}]],
                }
            ],
            "precision": 0.05,
        },
        device="sv1",
    )

    (result,) = told["results"]
    assert result["values"][0] == [1.0, 1.0]
    assert result["values"][1][0] == pytest.approx(0.5, abs=0.25)
    assert result["values"][1][1] == pytest.approx(1.0, abs=0.25)
    assert max(map(max, result["standard_errors"])) <= 0.06


def test_one_circuit_that_the_device_cannot_run_leaves_the_others_alone(
    http: httpx.Client,
) -> None:
    # How much a circuit's errors would cost to cancel is known to the compiler only.
    hopeless = {"name": "pec", "instances": 10, "gamma_max": 1.0}
    pub = {"circuit": BARE, "parameters": [1.0], "observables": "ZZ", "precision": 0.1}

    told = output_of(
        http,
        "estimation",
        inputs={"pubs": [{**pub, "options": [hopeless]}, pub]},
        device="ion-11",
    )

    assert told["failed"] == 1
    assert told["results"][0]["error"]["remedy"]
    assert told["results"][1]["status"] == "succeeded"


def test_options_take_errors_out_on_a_qpu(http: httpx.Client) -> None:
    pub = {"circuit": BARE, "parameters": [0.0], "observables": "ZZ", "precision": 0.02}

    told = output_of(
        http,
        "estimation",
        inputs={"pubs": [pub, {**pub, "level": 2}]},
        device="ion-11",
    )

    raw, mitigated = told["results"]
    assert mitigated["circuits"] > raw["circuits"] == 1
    assert [option["name"] for option in mitigated["options"]] == [
        "readout-mitigation",
        "twirling",
        "zne",
    ]
    within = 5 * mitigated["standard_errors"] + 0.02
    assert abs(mitigated["values"] - 1) < max(abs(raw["values"] - 1), within)


def test_a_circuit_is_run_with_options_as_a_person_would(cloud: RunningCloud) -> None:
    said = cloud.bellpair(
        "run",
        str(EXAMPLES / "bell.qasm"),
        *("--device", "ion-11", "--shots", "400"),
        *("--option", "readout-mitigation", "--option", "twirling:instances=2", "--json"),
    ).stdout

    result = json.loads(said)
    assert sum(result["counts"].values()) == pytest.approx(400, rel=0.01)
    assert [option["name"] for option in result["options"]] == ["readout-mitigation", "twirling"]
    assert result["overhead"]["circuits"] == 2
    assert result["calibration_id"]
    assert 0 < result["estimated_success"] <= 1


def test_a_plain_circuit_has_a_result_without_options(cloud: RunningCloud) -> None:
    said = cloud.bellpair("run", str(EXAMPLES / "bell.qasm"), "--device", "sv1", "--json").stdout

    assert json.loads(said)["options"] == []


@pytest.mark.parametrize("name", ["sampling", "estimation"])
def test_the_examples_run(cloud: RunningCloud, name: str) -> None:
    said = cloud.bellpair(
        "functions",
        "invoke",
        name,
        *("--inputs", str(EXAMPLES / f"{name}.json"), "--device", "sv1", "--wait", "--json"),
    ).stdout

    assert json.loads(said)["output"]["failed"] == 0


@pytest.mark.parametrize(
    ("device", "home", "tasks"), [("square-20", "us-west-2", 2), ("ion-11", "us-east-1", 4)]
)
def test_circuits_of_equal_shots_are_one_task_where_the_device_takes_sets(
    cloud: RunningCloud, http: httpx.Client, device: str, home: str, tasks: int
) -> None:
    def made() -> set[str]:
        with cloud.emulator(home) as emulator:
            seen = emulator.get("/_emulator/tasks").raise_for_status().json()["tasks"]
        return {one["quantumTaskArn"] for one in seen if one["device"] == device}

    before = made()
    told = output_of(
        http,
        "sampling",
        inputs={
            "pubs": [
                {"circuit": TURNED, "parameters": [[math.pi], [0.0]]},
                {"circuit": TURNED, "parameters": [0.0], "shots": 50},
                {"circuit": TURNED, "parameters": [math.pi]},
            ],
            "shots": 100,
        },
        device=device,
    )

    assert len(made() - before) == tasks
    swept, few, last = (one["counts"] for one in told["results"])
    # Errors flip few of the shots.
    read = [swept[0]["11"] / 100, swept[1]["00"] / 100, few["00"] / 50, last["11"] / 100]
    assert min(read) > 0.7
    price = http.get("/v1/devices").raise_for_status().json()["devices"]
    (fees,) = [one["price"] for one in price if one["name"] == device]
    cost = tasks * fees["per_task_usd"] + 350 * fees["per_shot_usd"]
    assert told["cost_usd"] == pytest.approx(cost)


def test_both_are_listed_beside_the_tenants_own(http: httpx.Client) -> None:
    listed = http.get("/v1/functions").raise_for_status().json()["functions"]

    assert {"sampling", "estimation"} <= {one["name"] for one in listed if one["builtin"]}
