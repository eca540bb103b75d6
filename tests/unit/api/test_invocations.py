"""Invoking functions, and waiting for what they return."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest

from bellpair_core.http import function_schemas, schemas
from bellpair_core.logic.functions.function_target import chosen
from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.job import FUNCTIONS_QUEUE, Job, JobError, JobStatus, job_id
from bellpair_core.model.limits import INLINE_BLOB_BYTES_MAX, JOB_DEADLINE
from bellpair_core.model.tenant import Role
from tests.examples import ACME

from .conftest import Api
from .functions import deploy, entry, invoke


def only(api: Api) -> Job:
    (job,) = api.world.ledger.jobs.values()
    return job


def end(api: Api, status: JobStatus, **changes: object) -> None:
    """The only job goes on to its end, or to a pause."""
    job, now = only(api), api.world.clock()
    job = job.moved(now, JobStatus.EXECUTING)
    if status is JobStatus.SUCCEEDED:
        kept = api.world.blobs.put(json.dumps(-1.137).encode())
        job = job.moved(now, JobStatus.PROCESSING, result=kept)
    api.world.ledger.jobs[job.id] = job.moved(now, status, **changes)


def test_a_job_without_a_name_is_listed_by_its_functions_and_version(api: Api, key: str) -> None:
    deploy(api, key)

    for given in ({}, {"name": None}, {"name": ""}):
        assert invoke(api, key, "vqe-h2:1", **given).json["name"] == "vqe-h2:1"
    listed = api.request("GET", "/v1/jobs", key=key).json["jobs"]
    assert [job["name"] for job in listed] == ["vqe-h2:1"] * 3


def test_an_invocation_is_one_job_that_waits_among_functions(api: Api, key: str) -> None:
    deploy(api, key)

    answer = invoke(
        api, key, idempotency_key="first", name="h2", tags={"a": "b"}, max_cost_usd=2.5, seed=7
    )

    job = only(api)
    assert answer.status == 202
    assert job.id == job_id(ACME, "first")
    assert (job.status, job.device, job.queue) == (JobStatus.QUEUED, "any", FUNCTIONS_QUEUE)
    assert api.world.wakeups.queues == [FUNCTIONS_QUEUE]
    function = job.function
    assert function is not None
    assert (function.name, function.version, function.alias) == ("vqe-h2", 1, "latest")
    assert (function.worker, function.entry, function.seed) == ("qiskit", "vqe_h2:VqeH2", 7)
    assert (function.timeout_s, function.max_cost_usd) == (600, 2.5)
    assert json.loads(api.world.blobs.get(function.inputs)) == {"distance": 0.74}
    assert job.deadline - job.accepted_at == timedelta(seconds=600)
    shown = schemas.Job.model_validate(answer.json)
    assert shown.function is not None
    assert (shown.function.version, shown.calls, shown.spent_usd) == (1, 0, 0.0)


def test_the_deadline_is_a_jobs_at_the_latest(api: Api, key: str) -> None:
    deploy(api, key)

    invoke(api, key, timeout_s=46 * 3600)

    assert only(api).deadline - only(api).accepted_at <= JOB_DEADLINE


@pytest.mark.parametrize(
    ("declared", "asked", "device"),
    [
        (None, None, "any"),
        ("sv1", None, "sv1"),
        ("sv1", "ion-11", "ion-11"),
        (None, "any-qpu", "any-qpu"),
    ],
)
def test_the_invocations_device_comes_before_the_functions(
    api: Api, key: str, declared: str | None, asked: str | None, device: str
) -> None:
    api.world.workers.entries = [entry(device=declared)]
    deploy(api, key)

    invoke(api, key, **({} if asked is None else {"device": asked}))

    assert only(api).device == device


def test_the_same_key_and_request_give_the_same_job(api: Api, key: str) -> None:
    deploy(api, key)

    first = invoke(api, key, idempotency_key="k")
    deploy(api, key, "# newer\n")
    again = invoke(api, key, idempotency_key="k")

    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert again.headers["idempotent-replayed"] == "true"
    function = only(api).function
    assert function is not None and function.version == 1


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": {"distance": 0.75}},
        {"seed": 1},
        {"max_cost_usd": 1.0},
        {"timeout_s": 5},
        {"device": "sv1"},
        {"target": "vqe-h2:1"},
    ],
    ids=str,
)
def test_the_same_key_for_another_request_is_a_conflict(
    api: Api, key: str, change: dict[str, object]
) -> None:
    deploy(api, key)
    invoke(api, key, idempotency_key="k")

    answer = invoke(api, key, idempotency_key="k", **change)  # type: ignore[arg-type]

    assert (answer.status, answer.json["code"]) == (409, "idempotency-conflict")
    assert len(api.world.ledger.jobs) == 1


def test_a_circuits_key_is_no_functions(api: Api, key: str) -> None:
    from tests.bad_input import submission

    deploy(api, key)
    invoke(api, key, idempotency_key="k")

    answer = api.request(
        "POST", "/v1/jobs", key=key, headers={"Idempotency-Key": "k"}, body=submission()
    )

    assert answer.json["code"] == "idempotency-conflict"


def test_a_repetition_is_good_when_its_function_is_gone(api: Api, key: str) -> None:
    deploy(api, key)
    first = invoke(api, key, idempotency_key="k")
    api.request("DELETE", "/v1/functions/vqe-h2", key=api.new_key(Role.TENANT_ADMIN))

    again = invoke(api, key, idempotency_key="k")
    other = invoke(api, key, idempotency_key="k", seed=3)

    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert other.json["code"] == "function-not-found"


def test_a_conflict_leaves_nothing_of_large_inputs_behind(api: Api, key: str) -> None:
    api.world.workers.entries = [entry(inputs={})]
    deploy(api, key)
    invoke(api, key, idempotency_key="k")
    puts = api.world.blobs.puts

    answer = invoke(api, key, idempotency_key="k", inputs={"x": "y" * 2 * INLINE_BLOB_BYTES_MAX})

    assert (answer.json["code"], api.world.blobs.puts) == ("idempotency-conflict", puts)


def test_a_seed_follows_from_the_key(api: Api, key: str) -> None:
    deploy(api, key)

    seeds = [invoke(api, key, idempotency_key=name).json["seed"] for name in ("a", "b", "a")]

    assert seeds[0] == seeds[2] != seeds[1]
    assert all(0 <= seed < 1 << 53 for seed in seeds)


def test_a_weighted_alias_gives_each_version_its_part(api: Api, key: str) -> None:
    drawn = Counter(chosen({1: 90, 2: 10}, f"job-{number}") for number in range(2000))

    assert drawn[1] + drawn[2] == 2000
    assert 120 < drawn[2] < 290
    assert chosen({3: 100}, "any") == 3


def test_a_repetition_means_the_version_that_was_drawn(api: Api, key: str) -> None:
    deploy(api, key)
    deploy(api, key, "# 2\n")
    both = {"weights": {"1": 50, "2": 50}}
    api.request("PUT", "/v1/functions/vqe-h2/aliases/canary", key=key, body=both)

    def version(name: str) -> int:
        drawn = invoke(api, key, "vqe-h2:canary", idempotency_key=name)
        number: int = drawn.json["function"]["version"]
        return number

    drawn = [version(f"k{number}") for number in range(20)]
    assert set(drawn) == {1, 2}
    assert [version(f"k{number}") for number in range(20)] == drawn


def test_a_version_is_invoked_by_its_number(api: Api, key: str) -> None:
    deploy(api, key)
    deploy(api, key, "# 2\n")

    shown = invoke(api, key, "vqe-h2:1").json["function"]

    assert (shown["version"], shown["alias"]) == (1, None)


def test_a_result_that_is_there_in_time_is_answered_at_once(api: Api, key: str) -> None:
    deploy(api, key)
    api.world.meanwhile = [lambda: None, lambda: end(api, JobStatus.SUCCEEDED)]

    answer = invoke(api, key, prefer="respond-async, wait=20")

    assert (answer.status, answer.headers["preference-applied"]) == (200, "wait=20")
    shown = function_schemas.InvokedJob.model_validate(answer.json)
    assert shown.result is not None
    assert (shown.status, shown.result.output) == (JobStatus.SUCCEEDED, -1.137)
    alone = api.request("GET", f"/v1/jobs/{shown.id}/result", key=key)
    assert alone.json == answer.json["result"]


def test_a_failure_is_answered_at_once_too(api: Api, key: str) -> None:
    deploy(api, key)
    failure = JobError(code=ErrorCode.FUNCTION_FAILED, message="ValueError: x", remedy="mend it")
    api.world.meanwhile = [lambda: end(api, JobStatus.FAILED, error=failure)]

    answer = invoke(api, key, prefer="wait=20")

    assert (answer.status, answer.json["status"]) == (200, "failed")
    assert answer.json["error"]["code"] == "function-failed"
    assert "result" not in answer.json


def test_a_job_that_is_not_over_in_time_is_answered_as_accepted(api: Api, key: str) -> None:
    deploy(api, key)
    before = api.world.clock()

    answer = invoke(api, key, prefer="wait=3")

    assert (answer.status, answer.json["status"]) == (202, "queued")
    assert answer.headers["preference-applied"] == "wait=3"
    assert api.world.clock() - before == timedelta(seconds=3)


def test_nobody_waits_longer_than_allowed(api: Api, key: str) -> None:
    deploy(api, key)
    before = api.world.clock()

    answer = invoke(api, key, prefer="wait=9999")

    assert answer.headers["preference-applied"] == "wait=25"
    assert api.world.clock() - before == timedelta(seconds=25)


def test_a_paused_job_is_not_waited_for(api: Api, key: str) -> None:
    deploy(api, key)
    api.world.meanwhile = [lambda: end(api, JobStatus.PAUSED, waiting_for="the cap")]
    before = api.world.clock()

    answer = invoke(api, key, prefer="wait=20")

    assert (answer.status, answer.json["status"]) == (202, "paused")
    assert api.world.clock() - before < timedelta(seconds=1)


@pytest.mark.parametrize("prefer", ["respond-async", "wait", "wait=-1", "wait=soon", ""])
def test_a_preference_that_is_none_of_ours_is_passed_over(api: Api, key: str, prefer: str) -> None:
    deploy(api, key)
    before = api.world.clock()

    answer = invoke(api, key, prefer=prefer)

    assert (answer.status, "preference-applied" in answer.headers) == (202, False)
    assert api.world.clock() == before


def test_a_ledger_that_is_away_for_a_moment_does_not_end_the_wait(api: Api, key: str) -> None:
    deploy(api, key)

    def away() -> None:
        api.world.ledger.reachable = False

    def back() -> None:
        api.world.ledger.reachable = True
        end(api, JobStatus.SUCCEEDED)

    api.world.meanwhile = [away, lambda: None, back]

    assert invoke(api, key, prefer="wait=20").status == 200
