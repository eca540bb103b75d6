"""Following jobs that run functions: progress, events, what is printed; and letting them go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.http import function_schemas, schemas
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.job import FUNCTIONS_QUEUE, Job, JobStatus
from bellpair_core.model.journal import Call, Line, Progress
from bellpair_core.model.limits import EVENTS_MAX, LOG_PAGE_LINES, OUTPUT_SHOWN_CHARACTERS_MAX
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.tenant import Role, Tenant
from tests.examples import ACME, NOON

from .conftest import Api
from .functions import deploy, invoke
from .gateway import HttpAnswer


@pytest.fixture
def job(api: Api, key: str) -> Job:
    """A job that a function runs in."""
    deploy(api, key)
    invoke(api, key, max_cost_usd=2.0)
    (made,) = api.world.ledger.jobs.values()
    running = made.moved(api.world.clock(), JobStatus.EXECUTING)
    api.world.ledger.jobs[made.id] = running
    return running


def wrote(api: Api, job: Job, **content: Any) -> None:
    """The next line of the job's journal; it carries on what was told before."""
    before = api.world.journal.last(job.id)
    carried = {"progress": before.progress, "spent_usd": before.spent_usd} if before else {}
    number = before.number + 1 if before else 1
    line = Line(
        number=number, at=api.world.clock(), epoch=1, attempt=1, run=1, **(carried | content)
    )
    api.world.journal.append(job.id, line)


def pause(api: Api, job: Job, needs_usd: float | None = None) -> Job:
    paused = job.moved(
        api.world.clock(), JobStatus.PAUSED, waiting_for="at its cap", needs_usd=needs_usd
    )
    api.world.ledger.jobs[job.id] = paused
    return paused


def get(api: Api, key: str, path: str) -> Any:
    answer = api.request("GET", path, key=key)
    assert answer.status == 200, answer.text
    return answer.json


def test_a_job_shows_how_far_its_function_is(api: Api, key: str, job: Job) -> None:
    wrote(api, job, progress=Progress(fraction=0.5, message="half"), calls=3, spent_usd=0.25)

    shown = schemas.Job.model_validate(get(api, key, f"/v1/jobs/{job.id}"))

    assert shown.progress is not None
    assert (shown.progress.fraction, shown.calls, shown.spent_usd) == (0.5, 3, 0.25)
    assert (shown.max_cost_usd, shown.timeout_s) == (2.0, 600)


def test_what_is_printed_is_told_from_where_one_is(api: Api, key: str, job: Job) -> None:
    wrote(api, job)
    wrote(api, job, output="one\n")
    first = get(api, key, f"/v1/jobs/{job.id}/logs")
    wrote(api, job, output="two\n")

    rest = get(api, key, f"/v1/jobs/{job.id}/logs?after={first['next']}")
    end = get(api, key, f"/v1/jobs/{job.id}/logs?after={rest['next']}")

    assert (first["text"], rest["text"], end["text"]) == ("one\n", "two\n", "")
    assert (first["next"], rest["next"], end["next"]) == (2, 3, 3)
    function_schemas.Logs.model_validate(first)


def test_a_long_log_comes_in_pages(api: Api, key: str, job: Job) -> None:
    for number in range(LOG_PAGE_LINES + 1):
        wrote(api, job, output=f"{number}\n")

    first = get(api, key, f"/v1/jobs/{job.id}/logs")
    rest = get(api, key, f"/v1/jobs/{job.id}/logs?after={first['next']}")

    assert (first["more"], rest["more"]) == (True, False)
    text = first["text"] + rest["text"]
    assert text.split() == [str(number) for number in range(LOG_PAGE_LINES + 1)]


def test_what_was_printed_and_not_kept_is_counted(api: Api, key: str, job: Job) -> None:
    wrote(api, job, output="x", printed=OUTPUT_SHOWN_CHARACTERS_MAX + 5)

    assert get(api, key, f"/v1/jobs/{job.id}/logs")["dropped"] == 5


def test_events_and_progress_come_once_each_in_order(api: Api, key: str, job: Job) -> None:
    clock = api.world.clock
    clock.advance(timedelta(seconds=1))
    wrote(api, job, progress=Progress(fraction=0.1, message="a"))
    wrote(api, job, output="x")
    first = get(api, key, f"/v1/jobs/{job.id}/events")
    wrote(api, job, output="y")
    clock.advance(timedelta(seconds=1))
    wrote(api, job, progress=Progress(fraction=0.2, message="b"))
    clock.advance(timedelta(seconds=1))
    pause(api, job)

    rest = get(api, key, f"/v1/jobs/{job.id}/events?after={first['next']}")
    end = get(api, key, f"/v1/jobs/{job.id}/events?after={rest['next']}")

    assert [event["type"] for event in first["events"]] == ["queued", "executing", "progress"]
    assert [event["type"] for event in rest["events"]] == ["progress", "paused"]
    assert [event.get("fraction") for event in rest["events"]] == [0.2, None]
    assert (end["events"], end["next"]) == ([], rest["next"])
    function_schemas.Happened.model_validate(first)


def test_no_event_is_missed_when_the_log_was_shortened(api: Api, key: str, job: Job) -> None:
    seen: list[str] = []
    after = 0
    for number in range(EVENTS_MAX + 20):
        stored = api.world.ledger.jobs[job.id]
        api.world.ledger.jobs[job.id] = stored.moved(NOON, event="noted", message=str(number))
        page = get(api, key, f"/v1/jobs/{job.id}/events?after={after}")
        seen += [event["message"] for event in page["events"] if event["type"] == "noted"]
        after = page["next"]

    assert seen == [str(number) for number in range(EVENTS_MAX + 20)]


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=1e3", "limit=5", "after=" + "9" * 30]
)
@pytest.mark.parametrize("what", ["logs", "events"])
def test_a_place_that_is_none_is_refused(
    api: Api, key: str, job: Job, what: str, query: str
) -> None:
    answer = api.request("GET", f"/v1/jobs/{job.id}/{what}?{query}", key=key)

    assert (answer.status, answer.json["code"]) == (400, "request-invalid")


@pytest.mark.parametrize("what", ["logs", "events"])
def test_another_tenants_log_is_as_unknown_as_none(api: Api, job: Job, what: str) -> None:
    stranger = api.new_key(tenant="blue")

    answer = api.request("GET", f"/v1/jobs/{job.id}/{what}", key=stranger)

    assert (answer.status, answer.json["code"]) == (404, "job-not-found")


def test_a_circuit_has_events_and_an_empty_log(api: Api, key: str) -> None:
    from tests.bad_input import submission

    made = api.request("POST", "/v1/jobs", key=key, body=submission()).json["id"]

    assert get(api, key, f"/v1/jobs/{made}/logs")["text"] == ""
    (event,) = get(api, key, f"/v1/jobs/{made}/events")["events"]
    assert event["type"] == "queued"


def resume(api: Api, key: str, job: Job, **body: Any) -> HttpAnswer:
    return api.request("POST", f"/v1/jobs/{job.id}/resume", key=key, body=body)


def test_a_paused_job_goes_on_with_a_higher_cap(api: Api, key: str, job: Job) -> None:
    wrote(api, job, spent_usd=1.5, calls=4)
    pause(api, job)
    api.world.wakeups.queues.clear()

    answer = resume(api, key, job, max_cost_usd=5)

    assert (answer.status, answer.json["status"], answer.json["calls"]) == (202, "queued", 4)
    assert answer.json["waiting_for"] is None
    stored = api.world.ledger.jobs[job.id]
    assert stored.function is not None and stored.function.max_cost_usd == 5.0
    assert api.world.wakeups.queues == [FUNCTIONS_QUEUE]


def test_a_paused_job_may_keep_its_cap(api: Api, key: str, job: Job) -> None:
    pause(api, job)

    assert resume(api, key, job).status == 202
    stored = api.world.ledger.jobs[job.id]
    assert stored.function is not None and stored.function.max_cost_usd == 2.0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"max_cost_usd": 1.9}, "under a cap of 2 USD"),
        ({"max_cost_usd": -1}, "#/max_cost_usd"),
        ({"max_cost_usd": "5"}, "#/max_cost_usd"),
        ({"cap": 5}, "no such field"),
    ],
    ids=str,
)
def test_a_cap_that_lets_nothing_go_on_is_refused(
    api: Api, key: str, job: Job, body: dict[str, Any], said: str
) -> None:
    wrote(api, job, spent_usd=1.5)
    paused = pause(api, job)

    answer = resume(api, key, job, **body)

    assert (answer.status, answer.json["code"]) == (400, "request-invalid")
    assert said in answer.json["detail"]
    assert api.world.ledger.jobs[job.id] == paused


@pytest.mark.parametrize("body", [{}, {"max_cost_usd": 2.5}], ids=str)
def test_a_job_that_would_pause_again_at_once_is_not_resumed(
    api: Api, key: str, job: Job, body: dict[str, float]
) -> None:
    wrote(api, job, spent_usd=1.5)
    paused = pause(api, job, needs_usd=1234.567891)

    answer = resume(api, key, job, **body)

    assert (answer.status, answer.json["code"]) == (400, "request-invalid")
    assert "would pause again at once" in answer.json["detail"]
    assert answer.json["remedy"] == "Give at least 1234.567891 USD."
    assert api.world.ledger.jobs[job.id] == paused
    assert resume(api, key, job, max_cost_usd=1234.567891).status == 202
    assert api.world.ledger.jobs[job.id].needs_usd is None


def test_a_job_with_an_open_call_may_need_less_than_is_reserved(
    api: Api, key: str, job: Job
) -> None:
    call = Call(
        operation="op",
        index=0,
        name="sample",
        programs=BlobRef.within(b"[]"),
        device="sv1",
        device_arn="arn",
        region="us-east-1",
        calibration_id="",
        tasks=(),
        reserved_usd=1.5,
    )
    wrote(api, job, spent_usd=1.5, call=call)
    pause(api, job, needs_usd=3.0)

    assert resume(api, key, job).status == 202


def test_only_a_paused_job_is_resumed(api: Api, key: str, job: Job) -> None:
    answer = resume(api, key, job, max_cost_usd=5)

    assert (answer.status, answer.json["code"]) == (409, "not-paused")
    assert answer.json["job_status"] == "executing"


def test_a_job_of_the_epoch_before_is_resumed_by_the_region_that_took_over(
    api: Api, key: str, job: Job
) -> None:
    pause(api, job)
    api.world.clock.advance(timedelta(seconds=10))
    api.world.ledger.pair_record = PairRecord(active="us-east-1", passive="us-west-2", epoch=2)

    assert resume(api, key, job, max_cost_usd=5).status == 202
    stored = api.world.ledger.jobs[job.id]
    assert (stored.epoch, stored.status) == (2, JobStatus.QUEUED)


def test_a_passive_region_resumes_nothing(api: Api, key: str, job: Job) -> None:
    pause(api, job)
    api.world.clock.advance(timedelta(seconds=10))
    api.world.ledger.pair_record = PairRecord(active="us-west-2", passive="us-east-1", epoch=2)

    assert resume(api, key, job, max_cost_usd=5).json["code"] == "region-passive"


def test_operators_cap_what_a_tenant_spends_in_a_month(api: Api, key: str) -> None:
    api.world.catalogue.add_tenant(Tenant(name=ACME, created_at=NOON))
    api.world.journal.reserve(ACME, "2026-01", 1.25, None)
    operator = api.new_key(Role.OPERATOR, tenant="operators")
    # What is not added up is not shown as nothing.
    assert get(api, key, "/v1/tenants/acme/spending")["spent_usd"] is None

    capped = api.request(
        "PUT", "/v1/tenants/acme/cap", key=operator, body={"max_usd_per_month": 10}
    )

    assert capped.status == 200
    shown = function_schemas.Spending.model_validate(get(api, key, "/v1/tenants/acme/spending"))
    assert (shown.month, shown.spent_usd, shown.max_usd_per_month) == ("2026-01", 1.25, 10.0)
    stored = api.world.catalogue.tenant(ACME)
    assert stored is not None and stored.max_usd_per_month == 10.0


@pytest.mark.parametrize(
    ("role", "tenant", "body", "code"),
    [
        (Role.USER, ACME, {"max_usd_per_month": 1}, "forbidden"),
        (Role.TENANT_ADMIN, ACME, {"max_usd_per_month": 1}, "forbidden"),
        (Role.OPERATOR, "absent", {"max_usd_per_month": 1}, "tenant-not-found"),
        (Role.OPERATOR, ACME, {"max_usd_per_month": -1}, "request-invalid"),
        (Role.OPERATOR, ACME, {}, "request-invalid"),
    ],
    ids=str,
)
def test_a_bad_cap_is_refused(
    api: Api, role: Role, tenant: str, body: dict[str, Any], code: str
) -> None:
    api.world.catalogue.add_tenant(Tenant(name=ACME, created_at=NOON))

    answer = api.request("PUT", f"/v1/tenants/{tenant}/cap", key=api.new_key(role), body=body)

    assert answer.json["code"] == code
    stored = api.world.catalogue.tenant(ACME)
    assert stored is not None and stored.max_usd_per_month is None


def test_a_strangers_spending_is_not_shown(api: Api) -> None:
    stranger = api.new_key(Role.TENANT_ADMIN, tenant="blue")

    answers = [
        api.request("GET", f"/v1/tenants/{tenant}/spending", key=stranger)
        for tenant in (ACME, "absent")
    ]

    assert {answer.json["code"] for answer in answers} == {"forbidden"}
