"""Registering callbacks."""

from __future__ import annotations

import pytest

from bellpair_core.http import function_schemas
from bellpair_core.model.limits import CALLBACKS_MAX
from bellpair_core.model.tenant import Role
from tests.examples import ACME

from .conftest import Api
from .functions import deploy, invoke
from .gateway import HttpAnswer

URL = "https://hooks.example.com:8443/bellpair?tenant=acme"


@pytest.fixture
def admin(api: Api) -> str:
    api.world.hosts.known = {"hooks.example.com": ["93.184.216.34"]}
    return api.new_key(Role.TENANT_ADMIN)


def register(api: Api, key: str) -> HttpAnswer:
    return api.request("POST", "/v1/callbacks", key=key, body={"url": URL})


def test_a_callbacks_secret_is_shown_once(api: Api, admin: str, key: str) -> None:
    made = register(api, admin)

    assert (made.status, made.headers["cache-control"]) == (201, "no-store")
    shown = function_schemas.RegisteredCallback.model_validate(made.json)
    assert len(shown.secret) > 40
    listed = api.request("GET", "/v1/callbacks", key=key)
    assert listed.json["callbacks"] == [
        {"id": shown.id, "url": URL, "created_at": made.json["created_at"]}
    ]
    function_schemas.CallbackList.model_validate(listed.json)
    assert register(api, admin).json["secret"] != shown.secret


def test_a_callback_is_deleted_by_its_tenants_admin_only(api: Api, admin: str, key: str) -> None:
    made = register(api, admin).json["id"]
    stranger = api.new_key(Role.TENANT_ADMIN, tenant="blue")

    user = api.request("DELETE", f"/v1/callbacks/{made}", key=key)
    other = api.request("DELETE", f"/v1/callbacks/{made}", key=stranger)
    own = api.request("DELETE", f"/v1/callbacks/{made}", key=admin)
    again = api.request("DELETE", f"/v1/callbacks/{made}", key=admin)

    assert [user.json["code"], other.json["code"]] == ["forbidden", "callback-not-found"]
    assert own.json == {"id": made, "deleted": True}
    assert (again.status, again.json["code"]) == (404, "callback-not-found")


def test_a_user_registers_none(api: Api, admin: str, key: str) -> None:
    assert register(api, key).json["code"] == "forbidden"


def test_a_tenant_has_so_many_callbacks_and_no_more(api: Api, admin: str) -> None:
    answers = [register(api, admin) for _ in range(CALLBACKS_MAX + 1)]

    assert {answer.status for answer in answers[:-1]} == {201}
    assert (answers[-1].status, answers[-1].json["code"]) == (409, "limit-reached")


def test_an_invocation_names_a_callback_of_its_own_tenant(api: Api, admin: str, key: str) -> None:
    deploy(api, key)
    made = register(api, admin).json["id"]
    stranger = api.new_key(tenant="blue")
    deploy(api, stranger)

    answer = invoke(api, key, callback=made)

    assert answer.status == 202
    (job,) = api.world.ledger.jobs.values()
    assert job.function is not None and job.function.callback == made
    assert (job.tenant, invoke(api, stranger, callback=made).status) == (ACME, 404)
