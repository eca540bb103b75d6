"""Reading, listing and cancelling jobs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.http import schemas
from bellpair_core.logic.devices.device_breaker import note_failure
from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.job import Job, JobError, JobStatus, Task
from bellpair_core.model.limits import (
    PROGRAM_SHOWN_CHARACTERS_MAX,
    RESULT_BITS_MAX,
    SHOTS_MAX,
    WAITING_COUNT_MAX,
)
from bellpair_core.model.tenant import Role
from bellpair_core.model.usage import Usage
from tests.examples import NOON, job_example

from .conftest import Api

DOCUMENT: dict[str, Any] = {
    "counts": {"00": 480, "11": 520},
    "bit_order": "little-endian: the rightmost character is bit 0",
    "num_bits": 2,
    "shots": 1000,
    "device": "sv1",
    "compiled_program": "OPENQASM 3.0;",
    "calibration_id": "20260101T000000Z-abc",
    "metrics": {"two_qubit_gates": 1},
    "task_arn": "arn:aws:braket:us-east-1:000000000000:quantum-task/1",
    "task_times": {"created_at": "2026-01-01T12:00:02Z", "ended_at": "2026-01-01T12:00:02.5Z"},
}


def stored(api: Api, key: str = "first", **changes: Any) -> Job:
    job = job_example(key, **changes)
    api.world.ledger.jobs[job.id] = job
    return job


def run(api: Api, until: JobStatus, **changes: Any) -> Job:
    """A stored job that went through the states one second after the other."""
    job, now = stored(api), NOON
    order = [JobStatus.COMPILING, JobStatus.EXECUTING, JobStatus.PROCESSING, JobStatus.SUCCEEDED]
    if until in (JobStatus.FAILED, JobStatus.CANCELLED):
        order = [JobStatus.COMPILING, until]
    for status in order[: order.index(until) + 1]:
        now += timedelta(seconds=1)
        job = job.moved(now, status)
    job = job.model_copy(update=changes)
    api.world.ledger.jobs[job.id] = job
    return job


def test_a_waiting_job_tells_its_place_in_the_queue(api: Api, key: str) -> None:
    stored(api, "before")
    job = stored(api, "after", accepted_at=NOON + timedelta(seconds=1))

    answer = api.request("GET", f"/v1/jobs/{job.id}", key=key)

    assert answer.status == 200
    assert schemas.Job.model_validate(answer.json).status is JobStatus.QUEUED
    assert answer.json["queue"] == {"position": 2, "position_is_bound": False}
    assert answer.json["accepted_at"] == "2026-01-01T12:00:01.000000Z"


def test_a_place_behind_more_jobs_than_are_counted_is_told_as_a_bound(api: Api, key: str) -> None:
    first = stored(api, "first")
    for number in range(WAITING_COUNT_MAX - 1):
        api.world.ledger.jobs[str(number)] = first.model_copy(update={"id": f"job-{number}"})
    last = stored(api, "last", accepted_at=NOON + timedelta(seconds=1))

    answer = api.request("GET", f"/v1/jobs/{last.id}", key=key)

    assert answer.json["queue"]["position_is_bound"] is True
    assert answer.json["queue"]["position"] >= WAITING_COUNT_MAX


def test_a_waiting_job_tells_why_its_queue_does_not_move(api: Api, key: str) -> None:
    named = stored(api, "named", device="ion-11")
    free = stored(api, "free", device="any-qpu")
    api.world.clock.now = NOON
    note_failure(api.world.ledger, api.world.clock, "ion-11", "it is tired", at_once=True)

    waits = api.request("GET", f"/v1/jobs/{named.id}", key=key).json
    goes = api.request("GET", f"/v1/jobs/{free.id}", key=key).json

    assert waits["waiting_for"] == "it is tired; it is tried again from 12:00:30 UTC"
    assert waits["queue"]["position"] == 1
    assert goes["waiting_for"] is None


def test_a_running_job_tells_what_it_waits_for_until_it_is_over(api: Api, key: str) -> None:
    away = "the device service of us-east-1 does not answer"
    running = run(api, JobStatus.EXECUTING, waiting_for=away)
    assert api.request("GET", f"/v1/jobs/{running.id}", key=key).json["waiting_for"] == away

    over = run(api, JobStatus.FAILED, waiting_for=away)
    assert api.request("GET", f"/v1/jobs/{over.id}", key=key).json["waiting_for"] is None


def test_a_finished_job_tells_what_happened_when_and_where(api: Api, key: str) -> None:
    job = run(api, JobStatus.SUCCEEDED, device_used="sv1")

    shown = api.request("GET", f"/v1/jobs/{job.id}", key=key).json

    types = ["queued", "compiling", "executing", "processing", "succeeded"]
    assert [event["type"] for event in shown["events"]] == types
    assert {(event["region"], event["epoch"]) for event in shown["events"]} == {("us-east-1", 1)}
    assert (shown["queue"], shown["device_used"]) == (None, "sv1")
    assert shown["links"]["result"] == f"/v1/jobs/{job.id}/result"


def test_a_failed_job_tells_why_and_what_to_do(api: Api, key: str) -> None:
    failure = JobError(code=ErrorCode.TASK_FAILED, message="the laser is off", remedy="wait")
    job = run(api, JobStatus.FAILED, error=failure)

    shown = api.request("GET", f"/v1/jobs/{job.id}", key=key).json
    result = api.request("GET", f"/v1/jobs/{job.id}/result", key=key)

    assert shown["error"] == {
        "code": "task-failed",
        "message": "the laser is off",
        "remedy": "wait",
    }
    assert (result.status, result.json["code"]) == (409, "no-result")
    assert (result.json["job_error"], result.json["remedy"]) == ("task-failed", "wait")
    assert "the laser is off" in result.json["detail"]


def test_the_cost_is_shown_when_asked_for(api: Api, key: str) -> None:
    job = stored(api, usage=Usage(lambda_gb_s=2.0, state_transitions=5))

    with_cost = api.request("GET", f"/v1/jobs/{job.id}?include=cost", key=key).json
    without = api.request("GET", f"/v1/jobs/{job.id}", key=key).json

    assert with_cost["usage"]["total_usd"] == pytest.approx(2 * 0.0000166667 + 5 * 0.000025)
    assert schemas.Job.model_validate(with_cost).usage is not None
    assert "usage" not in without


def test_a_query_that_a_job_does_not_know_is_refused(api: Api, key: str) -> None:
    job = stored(api)

    answer = api.request("GET", f"/v1/jobs/{job.id}?include=secrets", key=key)

    assert (answer.status, answer.json["code"]) == (400, "request-invalid")


@pytest.mark.parametrize(
    ("method", "below"), [("GET", ""), ("GET", "/result"), ("DELETE", "")], ids=str
)
@pytest.mark.parametrize("role", Role, ids=str)
def test_another_tenants_job_is_as_unknown_as_none(
    api: Api, method: str, below: str, role: Role
) -> None:
    job = stored(api)
    absent = job_example("absent")
    stranger = api.new_key(role, tenant="blue")

    there = api.request(method, f"/v1/jobs/{job.id}{below}", key=stranger)
    nowhere = api.request(method, f"/v1/jobs/{absent.id}{below}", key=stranger)

    assert there.status == nowhere.status == 404
    same = ("code", "title", "detail", "remedy")
    assert [there.json[name] for name in same] == [nowhere.json[name] for name in same]
    assert api.world.ledger.jobs[job.id] == job


def test_a_result_has_counts_bit_order_and_timings(api: Api, key: str) -> None:
    ref = api.world.blobs.put(json.dumps(DOCUMENT).encode())
    job = run(api, JobStatus.SUCCEEDED, result=ref, device_used="sv1")

    answer = api.request("GET", f"/v1/jobs/{job.id}/result", key=key)

    result = schemas.Result.model_validate(answer.json)
    assert (result.counts, result.bit_order) == ({"00": 480, "11": 520}, "little-endian")
    assert (result.shots, result.device, result.job_id) == (1000, "sv1", job.id)
    assert result.timings == {
        "queued_s": 1.0,
        "compiling_s": 1.0,
        "executing_s": 1.0,
        "processing_s": 1.0,
        "total_s": 4.0,
        "task_s": 0.5,
    }


def test_the_largest_result_fits_into_a_functions_answer(api: Api, key: str) -> None:
    bits = RESULT_BITS_MAX // SHOTS_MAX
    program = ("x q[0];\n" * PROGRAM_SHOWN_CHARACTERS_MAX)[:PROGRAM_SHOWN_CHARACTERS_MAX]
    counts = {format(outcome, f"0{bits}b"): 1 for outcome in range(SHOTS_MAX)}
    document = DOCUMENT | {"counts": counts, "num_bits": bits, "compiled_program": program}
    job = run(api, JobStatus.SUCCEEDED, result=api.world.blobs.put(json.dumps(document).encode()))

    answer = api.request("GET", f"/v1/jobs/{job.id}/result", key=key)

    assert answer.json["counts"] == counts
    assert answer.json["compiled_program"] == program
    assert len(json.dumps({"body": answer.text})) < 6 * 1024 * 1024


def test_a_result_says_why_a_calibration_was_not_relied_on(api: Api, key: str) -> None:
    why = "ion-11's calibration is 30.0 h old, and the limit is 24 h"
    document = DOCUMENT | {"metrics": {"fallback": why, "candidates": [{"level": 3}]}}
    job = run(api, JobStatus.SUCCEEDED, result=api.world.blobs.put(json.dumps(document).encode()))

    answer = api.request("GET", f"/v1/jobs/{job.id}/result", key=key)

    assert answer.json["fallback"] == why
    assert answer.json["candidates"] == [{"level": 3}]


def test_a_compiled_program_too_long_to_be_shown_is_left_out(api: Api, key: str) -> None:
    document = DOCUMENT | {"compiled_program": "/" * (PROGRAM_SHOWN_CHARACTERS_MAX + 1)}
    job = run(api, JobStatus.SUCCEEDED, result=api.world.blobs.put(json.dumps(document).encode()))

    answer = api.request("GET", f"/v1/jobs/{job.id}/result", key=key)

    assert schemas.Result.model_validate(answer.json).compiled_program is None
    assert answer.json["counts"] == DOCUMENT["counts"]


def test_a_result_that_is_not_there_yet_says_when_to_ask_again(api: Api, key: str) -> None:
    job = run(api, JobStatus.EXECUTING)

    answer = api.request("GET", f"/v1/jobs/{job.id}/result", key=key)

    assert (answer.status, answer.json["code"]) == (409, "result-not-ready")
    assert (answer.json["job_status"], answer.headers["retry-after"]) == ("executing", "1")


def test_a_result_that_no_region_can_read_now_is_a_retriable_error(api: Api, key: str) -> None:
    large = {**DOCUMENT, "counts": {f"{n:040b}": n * 7919 % 65537 for n in range(20_000)}}
    job = run(api, JobStatus.SUCCEEDED, result=api.world.blobs.put(json.dumps(large).encode()))
    api.world.blobs.reachable = False

    answer = api.request("GET", f"/v1/jobs/{job.id}/result", key=key)

    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert "retry-after" in answer.headers


def test_a_waiting_job_is_cancelled_at_once(api: Api, key: str) -> None:
    job = stored(api)

    answer = api.request("DELETE", f"/v1/jobs/{job.id}", key=key)

    assert (answer.status, answer.json["status"]) == (200, "cancelled")
    cancelled = api.world.ledger.jobs[job.id]
    assert (cancelled.finished_at, cancelled.usage.writes) == (api.world.clock(), 2)


def test_a_running_job_is_asked_to_stop_and_so_is_its_task(api: Api, key: str) -> None:
    token = Task(
        generation=1,
        client_token="t",
        device_arn="arn:aws:braket:::device/quantum-simulator/amazon/sv1",
        region="us-east-1",
        digest="d",
        shots=1000,
    )
    arn = api.world.tasks.launch(token, job_example().id, "OPENQASM 3.0;")
    job = run(api, JobStatus.EXECUTING, task=token.model_copy(update={"arn": arn}))

    answer = api.request("DELETE", f"/v1/jobs/{job.id}", key=key)

    assert (answer.status, answer.json["status"]) == (200, "executing")
    assert answer.json["cancel_requested"] is True
    assert answer.json["events"][-1]["type"] == "cancel-requested"
    assert api.world.tasks.cancelled == [arn]


def test_a_cancellation_stands_though_the_device_service_is_unreachable(api: Api, key: str) -> None:
    task = Task(
        generation=1,
        client_token="t",
        device_arn="a",
        region="us-east-1",
        digest="d",
        shots=1,
        arn="arn",
    )
    job = run(api, JobStatus.EXECUTING, task=task)
    api.world.tasks.reachable = False

    answer = api.request("DELETE", f"/v1/jobs/{job.id}", key=key)

    assert answer.status == 200
    assert api.world.ledger.jobs[job.id].cancel_requested


def test_asking_twice_to_cancel_changes_the_record_once(api: Api, key: str) -> None:
    job = run(api, JobStatus.COMPILING)

    for _ in range(2):
        assert api.request("DELETE", f"/v1/jobs/{job.id}", key=key).status == 200

    assert api.world.ledger.jobs[job.id].version == job.version + 1


def test_a_cancelled_job_may_be_cancelled_again(api: Api, key: str) -> None:
    job = run(api, JobStatus.CANCELLED)

    answer = api.request("DELETE", f"/v1/jobs/{job.id}", key=key)

    assert (answer.status, answer.json["status"]) == (200, "cancelled")
    assert api.world.ledger.jobs[job.id] == job


@pytest.mark.parametrize("status", [JobStatus.SUCCEEDED, JobStatus.FAILED], ids=str)
def test_a_finished_job_cannot_be_cancelled(api: Api, key: str, status: JobStatus) -> None:
    job = run(api, status)

    answer = api.request("DELETE", f"/v1/jobs/{job.id}", key=key)

    assert (answer.status, answer.json["code"]) == (409, "job-finished")
    assert api.world.ledger.jobs[job.id] == job


def listed(api: Api, key: str, query: str = "") -> tuple[list[str], str | None]:
    answer = api.request("GET", f"/v1/jobs{query}", key=key)
    assert answer.status == 200, answer.text
    page = schemas.JobPage.model_validate(answer.json)
    return [job.id for job in page.jobs], page.next_page_token


def many(api: Api, count: int, **changes: Any) -> list[str]:
    """Ids of jobs stored one second apart, newest first."""
    jobs = [
        stored(api, f"key-{n}", accepted_at=NOON + timedelta(seconds=n), **changes)
        for n in range(count)
    ]
    return [job.id for job in reversed(jobs)]


def test_a_listing_goes_on_where_the_page_before_ended(api: Api, key: str) -> None:
    ids = many(api, 7)

    first, token = listed(api, key, "?limit=3")
    second, token = listed(api, key, f"?limit=3&page_token={token}")
    third, token = listed(api, key, f"?limit=3&page_token={token}")

    assert first + second + third == ids
    assert token is None


def test_a_listing_shows_only_the_own_tenants_jobs(api: Api, key: str) -> None:
    mine = many(api, 2)
    stored(api, "theirs", tenant="blue")

    assert listed(api, key) == (mine, None)


def test_a_listing_filters_by_status_and_device(api: Api, key: str) -> None:
    many(api, 3)
    ion = stored(api, "ion", device="ion-11")
    done = run(api, JobStatus.SUCCEEDED)

    assert listed(api, key, "?device=ion-11")[0] == [ion.id]
    assert listed(api, key, "?status=succeeded")[0] == [done.id]
    assert listed(api, key, "?status=failed") == ([], None)


def page_token(api: Api, key: str, query: str = "?limit=2") -> str:
    many(api, 5)
    token = listed(api, key, query)[1]
    assert token is not None
    return token


def refusal(api: Api, key: str, query: str) -> str:
    answer = api.request("GET", f"/v1/jobs{query}", key=key)
    assert (answer.status, answer.json["code"]) == (400, "page-token-invalid"), answer.text
    return str(answer.json["detail"])


def test_a_page_token_expires_after_an_hour(api: Api, key: str) -> None:
    token = page_token(api, key)

    api.world.clock.advance(timedelta(hours=1))
    assert listed(api, key, f"?limit=2&page_token={token}")[0]

    api.world.clock.advance(timedelta(seconds=1))
    assert "hour" in refusal(api, key, f"?limit=2&page_token={token}")


def test_a_page_token_is_good_for_the_same_filters_only(api: Api, key: str) -> None:
    token = page_token(api, key)

    assert "filters" in refusal(api, key, f"?limit=2&status=failed&page_token={token}")


def test_a_page_token_is_good_for_its_tenant_only(api: Api, key: str) -> None:
    token = page_token(api, key)

    assert "tenant" in refusal(api, api.new_key(tenant="blue"), f"?page_token={token}")


def test_a_page_token_with_any_character_changed_is_refused(api: Api, key: str) -> None:
    token = page_token(api, key)

    for place in range(len(token) - 1):
        other = "A" if token[place] != "A" else "B"
        refusal(api, key, f"?limit=2&page_token={token[:place]}{other}{token[place + 1 :]}")
