"""What a job asks of devices, and how its way is explained."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.http import schemas
from bellpair_core.logic.devices.device_breaker import note_failure
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.choice import Choice, Considered, Constraints, Verdict
from bellpair_core.model.device import DeviceKind, TaskPrice
from bellpair_core.model.job import CompiledProgram, Job, JobStatus
from tests.examples import ACME, ION_11, NOON, SQUARE_20, job_example

from .conftest import Api
from .test_submission import submit

RATES = {
    "median_one_qubit_error": 0.001,
    "median_two_qubit_error": 0.01,
    "median_readout_error": 0.02,
    "calibrated_at": NOON,
    "price": TaskPrice(per_task_usd=0.3, per_shot_usd=0.001),
}


def with_rates(api: Api) -> None:
    for device in (ION_11, SQUARE_20):
        api.world.catalogue.put_device(device.model_copy(update=RATES))


def constrained(api: Api, key: str, device: str = "any-qpu", **limits: Any) -> Any:
    return submit(api, key, device=device, shots=1000, constraints=limits)


def test_constraints_are_kept_and_shown(api: Api, key: str) -> None:
    with_rates(api)

    answer = constrained(api, key, min_fidelity=0.5, max_cost_usd=1.5, max_wait_s=600, kind="qpu")

    assert answer.status == 202
    assert answer.json["constraints"] == {
        "min_fidelity": 0.5,
        "max_cost_usd": 1.5,
        "max_wait_s": 600.0,
        "kind": "qpu",
    }
    job = api.world.ledger.jobs[answer.json["id"]]
    assert job.constraints == Constraints(
        min_fidelity=0.5, max_cost_usd=1.5, max_wait_s=600, kind=DeviceKind.QPU
    )
    assert job.shape is not None
    assert (job.shape.two_qubit_gates, job.shape.measured) == (1, 2)


def test_a_submission_without_constraints_stores_none(api: Api, key: str) -> None:
    answer = submit(api, key, constraints={})

    assert api.world.ledger.jobs[answer.json["id"]].constraints is None


@pytest.mark.parametrize(
    ("limits", "pointer", "words"),
    [
        ({"min_fidelity": 1.5}, "#/constraints/min_fidelity", "over 0 and up to 1"),
        ({"min_fidelity": 0}, "#/constraints/min_fidelity", "over 0 and up to 1"),
        ({"min_fidelity": "0.5"}, "#/constraints/min_fidelity", "over 0 and up to 1"),
        ({"max_cost_usd": -1}, "#/constraints/max_cost_usd", "US dollars"),
        ({"max_wait_s": -1}, "#/constraints/max_wait_s", "seconds"),
        ({"kind": "annealer"}, "#/constraints/kind", '"qpu" or "simulator"'),
        ({"speed": 3}, "#/constraints/speed", "the fields are min_fidelity, max_cost_usd"),
    ],
)
def test_wrong_constraints_say_where_and_what_would_be_right(
    api: Api, key: str, limits: dict[str, Any], pointer: str, words: str
) -> None:
    answer = constrained(api, key, **limits)

    assert (answer.status, answer.json["code"]) == (400, "request-invalid")
    assert answer.json["pointer"] == pointer
    assert words in answer.json["detail"]
    assert not api.world.ledger.jobs


@pytest.mark.parametrize(
    ("limits", "pointer", "words"),
    [
        ({"min_fidelity": 0.99}, "#/constraints/min_fidelity", "the best, ion-11, has 0.95"),
        ({"max_cost_usd": 0.5}, "#/constraints/max_cost_usd", "the cheapest, ion-11, takes 1.3"),
        ({"kind": "simulator"}, "#/constraints/kind", "these fit: ion-11, square-20"),
    ],
)
def test_what_no_device_can_meet_is_refused_at_once(
    api: Api, key: str, limits: dict[str, Any], pointer: str, words: str
) -> None:
    with_rates(api)

    answer = constrained(api, key, **limits)

    assert (answer.status, answer.json["code"]) == (422, "constraints-unmet")
    assert answer.json["pointer"] == pointer
    assert words in answer.json["detail"]
    assert answer.json["remedy"]
    assert not api.world.ledger.jobs


def test_the_same_key_with_other_constraints_is_a_conflict(api: Api, key: str) -> None:
    with_rates(api)
    first = submit(api, key, idempotency_key="k", device="any-qpu", shots=10)
    other = submit(
        api, key, idempotency_key="k", device="any-qpu", shots=10, constraints={"max_wait_s": 5}
    )

    assert (first.status, other.json["code"]) == (202, "idempotency-conflict")


def kept(api: Api, **changes: Any) -> Job:
    job = job_example(**changes)
    api.world.ledger.jobs[job.id] = job
    return job


def why(api: Api, key: str, job: Job) -> dict[str, Any]:
    answer = api.request("GET", f"/v1/jobs/{job.id}/why", key=key)
    assert answer.status == 200
    schemas.Why.model_validate(answer.json)
    return answer.json  # type: ignore[no-any-return]


def texts(explained: dict[str, Any], about: str) -> list[str]:
    return [reason["text"] for reason in explained["reasons"] if reason["about"] == about]


def test_a_job_that_waits_is_compared_with_the_devices_as_they_are_now(api: Api, key: str) -> None:
    with_rates(api)
    crowded = SQUARE_20.model_copy(update={**RATES, "queue_depth": 100})
    api.world.catalogue.put_device(crowded)
    note_failure(api.world.ledger, lambda: NOON, "ion-11", "it does not answer", at_once=True)
    limits = Constraints(max_wait_s=60)
    job = kept(api, device="any-qpu", constraints=limits)

    explained = why(api, key, job)

    assert explained["choice"]["chosen"] is None
    assert texts(explained, "request") == [
        "it asked for device any-qpu, with a wait of at most 60 s"
    ]
    assert "square-20 is not ready: a task is expected to wait 2000 s" in " ".join(
        texts(explained, "choice")
    )
    assert "it does not answer" in texts(explained, "waiting")[0]


def test_the_choice_of_a_job_on_its_way_is_the_one_in_its_record(api: Api, key: str) -> None:
    choice = Choice(
        at=NOON,
        chosen="ion-11",
        considered=(
            Considered(
                device="ion-11",
                verdict=Verdict.CHOSEN,
                reason="expected success 0.9, 1.3 USD, a wait of 0 s",
                score=0.7,
            ),
            Considered(device="square-20", verdict=Verdict.WAITS, reason="it is offline"),
        ),
    )
    job = kept(api, device="any-qpu")
    job = job.moved(NOON, JobStatus.COMPILING, device_used="ion-11", choice=choice)
    api.world.ledger.jobs[job.id] = job

    explained = why(api, key, job)

    assert explained["choice"]["chosen"] == "ion-11"
    assert texts(explained, "choice") == [
        "ion-11 is the best with score 0.7: expected success 0.9, 1.3 USD, a wait of 0 s",
        "square-20 is not ready: it is offline",
    ]


def test_what_turned_a_job_on_its_way_and_how_it_was_compiled_is_told(api: Api, key: str) -> None:
    job = kept(api, device="any-qpu")
    job = job.moved(NOON, JobStatus.COMPILING, device_used="ion-11")
    job = job.sent_back(NOON + timedelta(seconds=1), "device ion-11 is offline", avoid="ion-11")
    job = job.moved(
        NOON + timedelta(seconds=2),
        JobStatus.COMPILING,
        device_used="square-20",
        compiled=CompiledProgram(
            program=BlobRef.within(b"//"),
            bits=(0, 1),
            calibration_id="today",
            metrics={
                "estimated_success": 0.87654,
                "candidates": [{}, {}, {}],
                "fallback": "the calibration is 9 days old",
            },
        ),
    )
    job = job.moved(NOON + timedelta(seconds=3), event="launched", message="arn:aws:braket:…")
    api.world.ledger.jobs[job.id] = job

    explained = why(api, key, job)

    # What every job goes through explains nothing.
    assert texts(explained, "launched") == []
    assert texts(explained, "queued") == ["device ion-11 is offline"]
    assert explained["avoided"] == ["ion-11"]
    compiled, fell_back = texts(explained, "compilation")
    assert compiled.startswith("compiled for square-20 against calibration today, the best of 3")
    assert compiled.endswith("estimated success 0.877")
    assert fell_back.endswith("were not used: the calibration is 9 days old")


def test_another_tenants_job_is_not_explained(api: Api, key: str) -> None:
    job = kept(api, tenant=f"not-{ACME}")

    assert api.request("GET", f"/v1/jobs/{job.id}/why", key=key).status == 404


def test_a_circuit_with_options_is_told_as_the_circuit_that_was_submitted(
    api: Api, key: str
) -> None:
    answer = submit(api, key, device="ion-11", options=["readout-mitigation", "twirling"])

    explained = api.request("GET", f"/v1/jobs/{answer.json['id']}/why", key=key).json

    assert texts(explained, "request") == [
        "it asked for device ion-11, and for readout-mitigation, twirling, so sampling runs it"
    ]


def test_how_a_circuit_with_options_was_compiled_is_told_by_its_result(api: Api, key: str) -> None:
    answer = submit(api, key, device="any-qpu", options=["readout-mitigation"])
    job = api.world.ledger.jobs[answer.json["id"]]
    metrics = {"estimated_success": 0.9, "candidates": [{}, {}], "fallback": "it is too old"}
    sampled = {"device": "square-20", "calibration_id": "c-7", "metrics": metrics}
    result = api.world.blobs.put(json.dumps({"results": [sampled]}).encode())
    api.world.ledger.jobs[job.id] = job.model_copy(
        update={"status": JobStatus.SUCCEEDED, "result": result}
    )

    explained = api.request("GET", f"/v1/jobs/{job.id}/why", key=key).json

    how, why_so = texts(explained, "compilation")
    assert how.startswith("compiled for square-20 against calibration c-7, the best of 2")
    assert why_so == "the calibration's error rates were not used: it is too old"
