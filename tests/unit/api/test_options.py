"""Circuits submitted with execution options."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bellpair_core.http import schemas
from bellpair_core.model.builtin import BUILTIN_FUNCTIONS, BUILTIN_PACKAGE
from bellpair_core.model.job import FUNCTIONS_QUEUE, JobStatus
from tests.bad_input import submission
from tests.examples import BELL

from .conftest import Api
from .gateway import HttpAnswer
from .test_invocations import only


def submit(api: Api, key: str, idempotency_key: str | None = None, **changes: Any) -> HttpAnswer:
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    body = submission(**changes)
    return api.request("POST", "/v1/jobs", key=key, body=body, headers=headers)


def test_a_circuit_with_options_is_a_job_that_sampling_runs(api: Api, key: str) -> None:
    answer = submit(api, key, options=["readout-mitigation", {"name": "twirling", "instances": 2}])

    job = only(api)
    shown = schemas.Job.model_validate(answer.json)
    assert answer.status == 202
    assert [option["name"] for option in shown.options] == ["readout-mitigation", "twirling"]
    assert shown.options[1]["instances"] == 2
    assert "function" not in answer.json
    assert (job.queue, job.shots, job.num_qubits, job.program) == (
        FUNCTIONS_QUEUE,
        100,
        2,
        BUILTIN_PACKAGE,
    )
    assert job.function is not None
    assert job.function.entry == BUILTIN_FUNCTIONS["sampling"].entry
    inputs = json.loads(api.world.blobs.get(job.function.inputs))
    assert inputs["pubs"] == [{"circuit": BELL, "shots": 100}]
    assert inputs["options"] == shown.options


@pytest.mark.parametrize("plain", [{}, {"options": []}, {"level": 0}, {"options": None}])
def test_a_circuit_without_options_goes_to_its_device_by_itself(
    api: Api, key: str, plain: dict[str, Any]
) -> None:
    answer = submit(api, key, **plain)

    assert (answer.status, answer.json["options"]) == (202, [])
    assert (only(api).function, only(api).queue) == (None, "sv1")


def test_a_level_is_a_stack_of_options(api: Api, key: str) -> None:
    answer = submit(api, key, level=1)

    assert [option["name"] for option in answer.json["options"]] == ["readout-mitigation"]


@pytest.mark.parametrize(
    ("changes", "pointer", "said"),
    [
        ({"options": ["magic"]}, "#/options", "There is no option 'magic'"),
        ({"options": ["twirling", "twirling"]}, "#/options", "Option twirling is given twice"),
        ({"options": ["zne"]}, "#/options", "zne is for estimation"),
        (
            {"options": ["twirling", "readout-mitigation"]},
            "#/options",
            "readout-mitigation stands after twirling",
        ),
        (
            {"options": [{"name": "twirling", "instances": 0}]},
            "#/options",
            "Parameter instances of option twirling cannot be 0",
        ),
        ({"options": ["twirling"], "level": 2}, "#/level", "Both options and a level"),
    ],
)
def test_options_that_cannot_be_are_named(
    api: Api, key: str, changes: dict[str, Any], pointer: str, said: str
) -> None:
    answer = submit(api, key, **changes)

    assert (answer.status, answer.json["code"]) == (422, "option-invalid")
    assert answer.json["pointer"] == pointer
    assert said in answer.json["detail"]
    assert not api.world.ledger.jobs


def test_a_level_that_there_is_not_does_not_fit_the_schema(api: Api, key: str) -> None:
    answer = submit(api, key, level=4)

    assert (answer.status, answer.json["code"]) == (400, "request-invalid")
    assert answer.json["pointer"] == "#/level"


def test_other_options_are_another_request(api: Api, key: str) -> None:
    first = submit(api, key, "same", level=1)
    again = submit(api, key, "same", level=1)
    other = submit(api, key, "same", level=2)
    none = submit(api, key, "same")

    assert first.json["id"] == again.json["id"]
    assert [one.json["code"] for one in (other, none)] == ["idempotency-conflict"] * 2


def test_a_cost_limit_is_the_cap_of_the_function_that_runs_it(api: Api, key: str) -> None:
    submit(api, key, level=1, constraints={"max_cost_usd": 2.5})

    function = only(api).function
    assert function is not None
    assert function.max_cost_usd == 2.5


def test_the_result_has_counts_and_what_options_did(api: Api, key: str) -> None:
    job_id = submit(api, key, level=1).json["id"]
    sampled = {
        "status": "succeeded",
        "counts": {"00": 51.2, "11": 48.8},
        "shots": 100,
        "bits": 2,
        "device": "sv1",
        "calibration_id": "c1",
        "cost_usd": 0.1,
        "options": [{"name": "readout-mitigation", "notes": [{"method": "snapshot"}]}],
        "overhead": {"estimated": {"programs": 1}, "asked": 1, "circuits": 1, "shots": 100},
        "metrics": {"estimated_success": 0.9, "candidates": [{"level": 3}]},
    }
    job, now = only(api), api.world.clock()
    returned = {"results": [sampled], "failed": 0, "cost_usd": 0.1}
    kept = api.world.blobs.put(json.dumps(returned).encode())
    job = job.moved(now, JobStatus.EXECUTING).moved(now, JobStatus.PROCESSING, result=kept)
    api.world.ledger.jobs[job.id] = job.moved(now, JobStatus.SUCCEEDED)

    answer = api.request("GET", f"/v1/jobs/{job_id}/result", key=key)

    shown = schemas.Result.model_validate(answer.json)
    assert answer.status == 200
    assert shown.counts == {"00": 51.2, "11": 48.8}
    assert (shown.calibration_id, shown.estimated_success) == ("c1", 0.9)
    assert shown.candidates == [{"level": 3}]
    assert shown.options == sampled["options"]
    assert shown.overhead is not None
    assert (shown.overhead["circuits"], shown.overhead["cost_usd"]) == (1, 0.1)
