"""Keys, tenants, devices, health, ids, logs and the API's description."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from pydantic import ValidationError

from bellpair_core.http import schemas
from bellpair_core.http.openapi import openapi_document
from bellpair_core.http.problem import gateway_problems
from bellpair_core.http.write_docs import generated_pages
from bellpair_core.logic.devices.device_breaker import note_failure
from bellpair_core.logic.tenants.tenant_command import tenant_command
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.job import Job
from bellpair_core.model.limits import (
    CACHE_SECONDS,
    FUNCTION_INPUT_BYTES_MAX,
    PACKAGE_BYTES_MAX,
    SOURCE_BYTES_MAX,
)
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.tenant import CANARY_TENANT, Principal, Role, hash_api_key
from tests.bad_input import submission
from tests.examples import BELL
from tests.fakes import FakeWorld, MemoryLedger

from .conftest import Api
from .gateway import REQUEST_ID

DOCS = Path(__file__).parents[3] / "docs"
FUNCTIONS = Path(__file__).parents[3] / "functions"


def test_a_disabled_key_is_refused(api: Api) -> None:
    answer = api.request("GET", "/v1/jobs", key=api.new_key(disabled=True))

    assert (answer.status, answer.json["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_key_that_is_disabled_stops_working_soon(api: Api, key: str) -> None:
    assert api.request("GET", "/v1/jobs", key=key).status == 200
    bearer = api.world.catalogue.principal(hash_api_key(key))
    assert bearer is not None
    disabled = bearer.model_copy(update={"disabled": True})
    api.world.catalogue.add_principal(hash_api_key(key), disabled)

    api.world.clock.advance(timedelta(seconds=CACHE_SECONDS + 0.1))

    assert api.request("GET", "/v1/jobs", key=key).status == 401


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.TENANT_ADMIN], ids=str)
def test_a_disabled_key_opens_nothing_any_more(api: Api, role: Role) -> None:
    key, other = api.new_key(), api.new_key()
    chief = api.new_key(role, tenant="operators" if role is Role.OPERATOR else "acme")
    assert api.request("GET", "/v1/jobs", key=key).status == 200

    answers = [api.request("DELETE", path_of(key), key=chief) for _ in range(2)]
    api.world.clock.advance(timedelta(seconds=CACHE_SECONDS + 0.1))

    for answer in answers:
        assert answer.status == 200
        shown = schemas.DisabledKey.model_validate(answer.json)
        assert (shown.tenant, shown.key_id) == ("acme", key.split("_")[1])
    assert api.request("GET", "/v1/jobs", key=key).status == 401
    assert api.request("GET", "/v1/jobs", key=other).status == 200


@pytest.mark.parametrize(
    ("role", "tenant"),
    [(Role.USER, "acme"), (Role.TENANT_ADMIN, "blue"), (Role.TENANT_ADMIN, "operators")],
)
def test_a_key_is_disabled_only_by_those_above_it(api: Api, role: Role, tenant: str) -> None:
    key = api.new_key()
    chiefs = api.new_key(Role.OPERATOR, tenant="operators")
    stranger = api.new_key(role, tenant=tenant)

    theirs = api.request("DELETE", path_of(key), key=stranger)
    operators = api.request("DELETE", path_of(chiefs, "operators"), key=stranger)

    for answer in (theirs, operators):
        assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert api.request("GET", "/v1/jobs", key=key).status == 200
    assert api.request("GET", "/v1/jobs", key=chiefs).status == 200


@pytest.mark.parametrize("key_id", ["00000000", "0", "x" * 3000, "0000000%23"])
def test_a_key_that_never_was_cannot_be_disabled(api: Api, key_id: str) -> None:
    admin = api.new_key(Role.TENANT_ADMIN)

    answer = api.request("DELETE", f"/v1/tenants/acme/keys/{key_id}", key=admin)

    assert (answer.status, answer.json["code"]) == (404, "key-not-found")


def path_of(key: str, tenant: str = "acme") -> str:
    """The resource of an API key."""
    return f"/v1/tenants/{tenant}/keys/{key.split('_')[1]}"


def test_the_scheme_may_be_written_in_any_case(api: Api, key: str) -> None:
    assert api.request("GET", "/v1/jobs", authorization=f"bearer {key}").status == 200


def test_an_unreachable_catalogue_is_no_reason_to_say_that_a_key_is_wrong(
    api: Api, key: str
) -> None:
    api.world.catalogue.reachable = False

    answer = api.request("GET", "/v1/jobs", key=key)

    assert (answer.status, answer.json["code"]) == (503, "unavailable")


@pytest.fixture
def unasked(api: Api) -> Api:
    """The API behind a gateway that knows no authorizers, and told so."""
    api.asks = False
    api.world.settings = api.world.settings.model_copy(update={"api_authorizes": True})
    return api


def test_behind_a_gateway_without_authorizers_the_api_asks_for_the_key(unasked: Api) -> None:
    key = unasked.new_key()
    other, disabled = unasked.new_key(), unasked.new_key(disabled=True)

    assert unasked.request("GET", "/v1/jobs", key=key).status == 200
    for wrong in (None, disabled, "bp_0"):
        answer = unasked.request("GET", "/v1/jobs", key=wrong)
        assert (answer.status, answer.json["code"]) == (401, "unauthenticated")
    assert unasked.request("GET", "/v1/health").status == 200
    unasked.world.catalogue.reachable = False
    assert unasked.request("GET", "/v1/jobs", key=other).status == 503
    assert unasked.request("GET", "/v1/health", key=other).status == 200, "it asks for no key"


def test_a_key_that_cannot_be_looked_up_is_not_said_to_be_wrong(unasked: Api, key: str) -> None:
    def busy(key_hash: str) -> Principal | None:
        raise BellpairError(ErrorCode.UNAVAILABLE, "The catalogue is busy.")

    unasked.world.catalogue.principal = busy  # type: ignore[method-assign]

    answer = unasked.request("GET", "/v1/jobs", key=key)

    assert (answer.status, answer.json["code"]) == (503, "unavailable")


def test_an_api_that_relies_on_an_authorizer_lets_nobody_in_whom_it_was_not_told(api: Api) -> None:
    api.asks = False

    answer = api.request("GET", "/v1/jobs", key=api.new_key())

    assert (answer.status, answer.json["code"]) == (401, "unauthenticated")


def test_one_answer_of_the_authorizer_opens_every_route(api: Api, key: str) -> None:
    # API Gateway keeps the answer per key, so a policy for one route would close the others.
    for method, path in [("GET", "/v1/devices"), ("GET", "/v1/jobs"), ("POST", "/v1/jobs")]:
        assert api.request(method, path, key=key, body=submission()).status < 300


@pytest.mark.parametrize(
    ("mine", "new", "allowed"),
    [
        (Role.USER, Role.USER, False),
        (Role.TENANT_ADMIN, Role.USER, True),
        (Role.TENANT_ADMIN, Role.TENANT_ADMIN, True),
        (Role.TENANT_ADMIN, Role.OPERATOR, False),
    ],
)
def test_who_may_make_keys_of_the_own_tenant(
    api: Api, mine: Role, new: Role, allowed: bool
) -> None:
    made(api, "acme")

    answer = api.request(
        "POST", "/v1/tenants/acme/keys", key=api.new_key(mine), body={"role": new.value}
    )

    assert answer.status == (201 if allowed else 403), answer.text


def operator(api: Api) -> str:
    return tenant_command(api.world.catalogue, api.world.clock, {"action": "bootstrap-operator"})[
        "api_key"
    ]


def made(api: Api, tenant: str) -> str:
    """The first key of a new tenant."""
    answer = api.request("POST", "/v1/tenants", key=operator(api), body={"name": tenant})
    assert answer.status == 201, answer.text
    return str(schemas.IssuedKey.model_validate(answer.json).api_key)


def test_an_operator_makes_a_tenant_whose_key_works(api: Api) -> None:
    key = made(api, "blue")

    assert api.request("POST", "/v1/jobs", key=key, body=submission()).status == 202
    assert next(iter(api.world.ledger.jobs.values())).tenant == "blue"


def test_only_the_hash_of_a_key_is_stored(api: Api) -> None:
    key = made(api, "blue")

    assert hash_api_key(key) in api.world.catalogue.key_hashes
    assert key not in api.world.catalogue.key_hashes


def test_a_tenant_is_made_once_over_http(api: Api) -> None:
    made(api, "blue")

    answer = api.request("POST", "/v1/tenants", key=operator(api), body={"name": "blue"})

    assert (answer.status, answer.json["code"]) == (409, "tenant-exists")


def test_nobody_gets_the_tenant_of_the_platforms_own_jobs(api: Api) -> None:
    answer = api.request("POST", "/v1/tenants", key=operator(api), body={"name": CANARY_TENANT})

    assert (answer.status, answer.json["code"]) == (409, "tenant-exists")
    with pytest.raises(BellpairError):
        tenant_command(
            api.world.catalogue,
            api.world.clock,
            {"action": "create-tenant", "tenant": CANARY_TENANT},
        )
    assert api.world.catalogue.tenant(CANARY_TENANT) is None


@pytest.mark.parametrize("name", ["", "a", "Blue", "blue_1", "1blue", "b" * 64, "blue\n", "../x"])
def test_a_tenants_name_has_a_form(api: Api, name: str) -> None:
    answer = api.request("POST", "/v1/tenants", key=operator(api), body={"name": name})

    assert (answer.status, answer.json["pointer"]) == (400, "#/name")


def test_a_tenant_admin_makes_no_keys_of_other_tenants(api: Api) -> None:
    made(api, "blue")

    answer = api.request(
        "POST", "/v1/tenants/blue/keys", key=api.new_key(Role.TENANT_ADMIN), body={}
    )

    assert answer.status == 403


def test_a_key_of_a_tenant_that_is_none_is_not_made(api: Api) -> None:
    answer = api.request("POST", "/v1/tenants/blue/keys", key=operator(api), body={})

    assert (answer.status, answer.json["code"]) == (404, "tenant-not-found")


def test_operator_keys_belong_to_the_operators_only(api: Api) -> None:
    body = {"name": "blue", "role": "operator"}

    answer = api.request("POST", "/v1/tenants", key=operator(api), body=body)

    assert (answer.status, answer.json["pointer"]) == (403, "#/role")
    assert api.world.catalogue.tenant("blue") is None


def test_every_bootstrap_gives_a_new_operator_key(world: FakeWorld) -> None:
    command = {"action": "bootstrap-operator"}
    first, second = (tenant_command(world.catalogue, world.clock, command) for _ in range(2))

    assert first["api_key"] != second["api_key"]
    for issued in (first, second):
        bearer = world.catalogue.principal(hash_api_key(issued["api_key"]))
        assert bearer is not None
        assert (bearer.tenant, bearer.role) == ("operators", Role.OPERATOR)


def test_the_command_to_create_a_tenant_may_be_repeated(world: FakeWorld) -> None:
    command = {"action": "create-tenant", "tenant": "blue", "role": "tenant-admin"}
    first, second = (tenant_command(world.catalogue, world.clock, command) for _ in range(2))

    assert first["api_key"] != second["api_key"]
    assert {first["tenant"], second["tenant"]} == {"blue"}
    assert len(world.catalogue.key_hashes) == 2


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"action": "drop"},
        {"action": "create-tenant"},
        {"action": "create-tenant", "tenant": "X"},
    ],
)
def test_a_command_of_another_form_is_refused(world: FakeWorld, event: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        tenant_command(world.catalogue, world.clock, event)

    assert world.catalogue.key_hashes == frozenset()


def test_the_devices_are_listed_in_configured_order(api: Api, key: str) -> None:
    answer = api.request("GET", "/v1/devices", key=key)

    devices = schemas.DeviceList.model_validate(answer.json).devices
    assert [device.name for device in devices] == ["sv1", "ion-11", "square-20", "sv0", "dm1"]


def test_a_device_tells_what_keeps_jobs_off_it(api: Api, key: str) -> None:
    note_failure(api.world.ledger, api.world.clock, "ion-11", "it is tired", at_once=True)
    note_failure(api.world.ledger, api.world.clock, "square-20", "it failed a task")

    answer = api.request("GET", "/v1/devices", key=key)

    breakers = {device["name"]: device["breaker"] for device in answer.json["devices"]}
    assert breakers["ion-11"].items() >= {("state", "open"), ("reason", "it is tired")}
    assert breakers["ion-11"]["retry_at"] > breakers["ion-11"]["since"]
    assert breakers["square-20"] is None


def test_health_needs_no_key_and_tells_the_pair(api: Api) -> None:
    api.world.ledger.pair_record = PairRecord(active="us-west-2", passive="us-east-1", epoch=3)

    answer = api.request("GET", "/v1/health")

    seen = schemas.Health.model_validate(answer.json)
    assert (seen.region, seen.role, seen.active_region) == ("us-east-1", "passive", "us-west-2")
    assert (seen.epoch, seen.accepting) == (3, False)


def test_active_health_is_good_in_the_active_region_only(api: Api) -> None:
    before = api.request("GET", "/v1/health/active")
    api.world.ledger.pair_record = PairRecord(active="us-west-2", passive="us-east-1", epoch=3)
    after = api.request("GET", "/v1/health/active")

    assert (before.status, schemas.Health.model_validate(before.json).role) == (200, "active")
    assert (after.status, after.json["code"]) == (503, "region-passive")
    assert (after.json["active_region"], after.headers["retry-after"]) == ("us-west-2", "1")


@pytest.mark.parametrize("path", ["/v1/health", "/v1/health/active"])
def test_a_region_without_the_ledger_is_not_healthy(api: Api, path: str) -> None:
    api.world.ledger.reachable = False

    answer = api.request("GET", path)

    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert answer.json["region"] == "us-east-1"


def test_a_fault_is_told_by_one_line_that_no_refusal_writes(api: Api, log: StringIO) -> None:
    api.world.ledger.pair_record = PairRecord(active="us-west-2", passive="us-east-1", epoch=3)
    api.request("GET", "/v1/health/active")
    api.world.ledger.reachable = False
    api.request("GET", "/v1/health/active")

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    answered = [
        (line["level"], line["code"], line["status"])
        for line in lines
        if line["message"] == "answered"
    ]
    # An alarm counts the second kind, also where the stage logs nothing but errors.
    assert answered == [("INFO", "region-passive", 503), ("ERROR", "unavailable", 503)]


def test_every_answer_has_the_requests_ids(api: Api, key: str) -> None:
    trace = "1-67891233-abcdef012345678912345678"
    sent = {"X-Amzn-Trace-Id": f"Root={trace};Parent=53995c3f42cd8ad8;Sampled=1"}

    for path in ("/v1/health", "/v1/jobs", "/v1/jobs/job-none"):
        answer = api.request("GET", path, key=key, headers=sent)
        assert answer.headers["x-request-id"] == REQUEST_ID
        assert answer.headers["x-trace-id"] == trace
    assert (answer.json["request_id"], answer.json["trace_id"]) == (REQUEST_ID, trace)
    assert answer.json["instance"] == "/v1/jobs/job-none"


def test_a_trace_id_of_another_form_is_not_taken_over(api: Api, log: StringIO) -> None:
    answer = api.request("GET", "/v1/health", headers={"X-Amzn-Trace-Id": 'Root="}evil'})

    assert answer.headers["x-trace-id"].startswith("1-")
    assert "evil" not in log.getvalue()


def test_each_request_is_one_log_line_with_its_ids(api: Api, key: str, log: StringIO) -> None:
    answer = api.request("POST", "/v1/jobs", key=key, body=submission())

    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (line["request_id"], line["trace_id"]) == (REQUEST_ID, answer.headers["x-trace-id"])
    assert (line["tenant"], line["job_id"], line["status"]) == ("acme", answer.json["id"], 202)


def test_a_request_does_not_inherit_the_ids_of_the_one_before(
    api: Api, key: str, log: StringIO
) -> None:
    api.request("POST", "/v1/jobs", key=key, body=submission())
    api.request("GET", "/v1/health")

    last = json.loads(log.getvalue().splitlines()[-1])
    assert last.get("tenant") is None
    assert last.get("job_id") is None


def test_the_layers_own_log_lines_have_the_ids_too(api: Api, key: str, log: StringIO) -> None:
    api.request("GET", "/v1/jobs", key=key)

    logging.getLogger("bellpair_core.logic.jobs.cancel_job").warning("something of note")

    line = json.loads(log.getvalue().splitlines()[-1])
    assert (line["message"], line["request_id"]) == ("something of note", REQUEST_ID)


class BrokenLedger(MemoryLedger):
    """Fails with a text that nobody outside may read."""

    def job(self, job_id: str) -> Job | None:
        raise RuntimeError("password=hunter2")


def test_an_unexpected_error_is_told_without_its_text_and_logged_with_its_stack(
    world: FakeWorld, log: StringIO
) -> None:
    world.ledger = BrokenLedger()
    api = Api(world)

    answer = api.request("GET", "/v1/jobs/job-a", key=api.new_key())

    assert (answer.status, answer.json["code"]) == (500, "internal")
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    assert "Traceback" in log.getvalue()
    assert answer.json["request_id"] in log.getvalue()


def test_neither_keys_nor_programs_get_into_the_log(api: Api, log: StringIO) -> None:
    key = made(api, "blue")
    secret = key.rsplit("_", 1)[1]
    for body in (submission(), submission(source=BELL + "secret_gate q;"), {"source": BELL}):
        api.request("POST", "/v1/jobs", key=key, body=body)
    api.request("GET", f"/v1/jobs/{key}", key=key)
    api.request("GET", f"/v1/jobs?page_token={key}&status={key}", key=key)
    api.request("GET", "/v1/jobs", key=key[:-1] + "x")
    api.world.ledger.reachable = False
    api.request("POST", "/v1/jobs", key=key, body=submission())

    assert log.getvalue()
    for hidden in (secret[:-1], hash_api_key(key), "qubit[2]", "secret_gate"):
        assert hidden not in log.getvalue()


def test_a_wrong_value_is_not_repeated_in_the_error(api: Api, key: str) -> None:
    body = submission(shots="bp_secret", name=["bp_secret"], tags={"t": {"bp_secret": 1}})

    answer = api.request("POST", "/v1/jobs", key=key, body=body)

    assert len(answer.json["errors"]) == 3
    assert "bp_secret" not in answer.text


def test_the_openapi_document_is_valid() -> None:
    validate(openapi_document())


def references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [inner] if key == "$ref" else references(inner)


def test_every_reference_in_the_openapi_document_leads_somewhere() -> None:
    document = openapi_document()

    for reference in set(references(document)):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in place, reference
            place = place[step]


def test_the_openapi_document_is_served_without_a_key(api: Api) -> None:
    answer = api.request("GET", "/v1/openapi.json")

    assert (answer.status, answer.json) == (200, openapi_document())


@pytest.mark.parametrize("page", sorted(generated_pages()))
def test_the_generated_pages_are_up_to_date(page: str) -> None:
    written = (DOCS / page).read_text(encoding="utf-8")

    assert written == generated_pages()[page], (
        "run python -m bellpair_core.http.write_docs docs and commit the pages"
    )


def test_every_route_is_described(api: Api) -> None:
    served = {(path, method.lower()) for path, methods in api.routes.items() for method in methods}
    described = {
        (path, method)
        for path, methods in openapi_document()["paths"].items()
        for method in methods
        if method != "parameters"
    }

    assert served == described


def test_packaging_can_import_the_app_where_nothing_is_deployed() -> None:
    names = "import app; print(app.app.app_name, app.authorize.name)"

    done = subprocess.run(
        [sys.executable, "-c", names],
        cwd=FUNCTIONS / "api",
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "bellpair authorize\n"), done.stderr


def test_a_gateways_own_problem_has_the_members_of_every_problem() -> None:
    for kind, problem in gateway_problems().items():
        document = json.loads(_text(problem))
        shown = schemas.Problem.model_validate(document)
        assert str(shown.status) == problem["status_code"], kind


def test_a_request_that_is_too_large_is_told_the_limits_of_every_kind() -> None:
    problem = gateway_problems()["REQUEST_TOO_LARGE"]
    said = json.loads(_text(problem))

    assert (problem["status_code"], said["code"]) == ("413", "request-too-large")
    assert "10 MB" in said["detail"]
    for limit in (SOURCE_BYTES_MAX, PACKAGE_BYTES_MAX):
        assert f"{limit // 1024**2} MiB" in said["remedy"]
    assert f"inputs {FUNCTION_INPUT_BYTES_MAX // 1024} KiB" in said["remedy"]


def test_too_many_requests_are_told_from_a_region_that_cannot_answer() -> None:
    problem = gateway_problems()["THROTTLED"]

    assert (problem["status_code"], json.loads(_text(problem))["code"]) == ("429", "throttled")
    assert int(problem["response_parameters"]["gatewayresponse.header.Retry-After"].strip("'")) > 0


def _text(problem: dict[str, Any]) -> str:
    text: str = problem["response_templates"]["application/json"]
    return text


def test_a_role_includes_the_ones_before_it() -> None:
    bearer = Principal(tenant="acme", key_id="0", role=Role.TENANT_ADMIN)

    assert [bearer.role.includes(role) for role in Role] == [True, True, False]
