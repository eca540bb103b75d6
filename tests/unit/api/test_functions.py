"""Deploying functions, and their versions and aliases."""

from __future__ import annotations

import pytest
from openapi_spec_validator import validate

from bellpair_core.http import function_schemas
from bellpair_core.model.function import FunctionRecord, FunctionVersion
from bellpair_core.model.limits import ALIASES_MAX, FUNCTIONS_MAX, VERSIONS_MAX
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.tenant import Role
from bellpair_core.ports import WorkerRefused
from tests.examples import ACME, NOON

from .conftest import Api
from .functions import deploy, deployment, entry, invoke, own_functions, package

OTHER = "# changed\n"


@pytest.fixture
def admin(api: Api) -> str:
    return api.new_key(Role.TENANT_ADMIN)


def record(api: Api, name: str = "vqe-h2") -> FunctionRecord:
    found = api.world.functions.record(ACME, name)
    assert found is not None
    return found


def version(api: Api, number: int) -> FunctionVersion:
    found = api.world.functions.version(ACME, "vqe-h2", number)
    assert found is not None
    return found


def test_a_deployment_makes_a_version_and_moves_the_alias(api: Api, key: str) -> None:
    answer = deploy(api, key)

    assert answer.status == 201
    shown = function_schemas.DeployedVersion.model_validate(answer.json)
    assert (shown.version, shown.worker, shown.timeout_s) == (1, "qiskit", 600)
    assert not shown.existed
    assert record(api).aliases == {"latest": {1: 100}}
    kept = api.world.blobs.get(version(api, 1).package)
    assert kept == package()
    assert api.world.workers.inspected == [("qiskit", ACME, None)]


def test_the_same_source_is_the_version_that_it_was(api: Api, key: str) -> None:
    deploy(api, key)
    deploy(api, key, OTHER)

    again = deploy(api, key)

    assert (again.status, again.json["version"], again.json["existed"]) == (200, 1, True)
    assert record(api).latest == 2
    assert record(api).aliases == {"latest": {1: 100}}


def test_another_worker_makes_another_version(api: Api, key: str) -> None:
    deploy(api, key)

    other = deploy(api, key, worker="python")

    assert (other.status, other.json["version"], other.json["worker"]) == (201, 2, "python")


@pytest.mark.parametrize("writes", range(4))
def test_a_deployment_that_is_broken_off_is_completed_by_its_repetition(
    api: Api, key: str, writes: int
) -> None:
    functions = api.world.functions
    deploy(api, key, OTHER)
    functions.fail_after = writes

    broken = deploy(api, key)
    functions.fail_after = None
    again = deploy(api, key)

    assert broken.status == 503
    assert again.status in (200, 201)
    number = again.json["version"]
    assert version(api, number).digest == again.json["digest"]
    assert record(api).aliases == {"latest": {number: 100}}
    same = {v.digest for v in functions.versions(ACME, "vqe-h2", limit=10)}
    assert len(same) == len(functions.versions(ACME, "vqe-h2", limit=10)) == 2


def test_a_deployment_may_name_alias_and_function(api: Api, key: str) -> None:
    deploy(api, key, name="h2", alias="next")

    assert record(api, "h2").aliases == {"next": {1: 100}}
    assert api.world.functions.record(ACME, "vqe-h2") is None


def test_a_function_declares_its_worker(api: Api, key: str) -> None:
    api.world.workers.entries = [entry(worker="python")]

    assert deploy(api, key).json["worker"] == "python"
    assert [asked[0] for asked in api.world.workers.inspected] == ["qiskit", "python"]


def test_workers_that_did_not_describe_themselves_are_asked_when_it_matters(
    api: Api, key: str
) -> None:
    deploy(api, key)
    assert api.world.workers.described == []
    assert api.request("GET", "/v1/workers", key=key).json == {"workers": []}
    api.world.workers.missing["qiskit"] = "pennylane"

    deploy(api, key, OTHER)
    deploy(api, key, OTHER)

    python, qiskit = api.request("GET", "/v1/workers", key=key).json["workers"]
    assert (python["name"], qiskit["packages"]["qiskit"]) == ("python", "2.6.2")
    function_schemas.Worker.model_validate(qiskit)
    assert api.world.workers.described == ["python", "qiskit"]


def test_a_function_goes_to_the_worker_that_has_what_it_imports(api: Api, key: str) -> None:
    api.world.workers.packages["python"]["pennylane"] = "0.43"
    api.world.workers.missing["qiskit"] = "pennylane.numpy"

    assert deploy(api, key).json["worker"] == "python"
    elsewhere = deploy(api, key, OTHER, worker="qiskit")
    assert elsewhere.json["code"] == "function-invalid"
    assert "Deploy it to worker python" in elsewhere.json["remedy"]


def test_what_no_worker_has_is_refused_with_the_workers(api: Api, key: str) -> None:
    api.world.workers.missing = {"qiskit": "cudaq", "python": "cudaq"}

    answer = deploy(api, key)

    assert (answer.status, answer.json["code"]) == (422, "function-invalid")
    assert "needs cudaq" in answer.json["detail"]
    assert "qiskit (Python 3.11.9" in answer.json["detail"]
    assert answer.json["workers"] == ["python", "qiskit"]
    assert api.world.functions.record(ACME, "vqe-h2") is None


def test_what_does_not_import_is_refused_with_the_workers_words(api: Api, key: str) -> None:
    api.world.workers.refusal = WorkerRefused("ZeroDivisionError in vqe_h2.py, line 3", "Mend it.")

    answer = deploy(api, key)

    assert (answer.status, answer.json["code"]) == (422, "function-invalid")
    assert "ZeroDivisionError in vqe_h2.py, line 3." in answer.json["detail"]
    assert answer.json["remedy"] == "Mend it."
    assert api.world.blobs.puts == 0


def test_a_worker_that_does_not_answer_is_a_fault_that_may_pass(api: Api, key: str) -> None:
    api.world.workers.silent.add("qiskit")

    answer = deploy(api, key)

    assert (answer.status, answer.json["code"]) == (503, "unavailable")


def test_a_function_shows_its_newest_version_and_its_own_openapi(api: Api, key: str) -> None:
    deploy(api, key)
    deploy(api, key, OTHER)

    answer = api.request("GET", "/v1/functions/vqe-h2", key=key)

    shown = function_schemas.SeenFunction.model_validate(answer.json)
    assert shown.newest is not None
    assert (shown.latest, shown.newest.version, shown.description) == (2, 2, "The energy of H2")
    validate(answer.json["openapi"])
    (listed,) = own_functions(api, key)
    assert function_schemas.Function.model_validate(listed).name == "vqe-h2"


def test_versions_are_listed_newest_first_in_pages(api: Api, key: str) -> None:
    for number in range(3):
        deploy(api, key, f"# {number}\n")

    first = api.request("GET", "/v1/functions/vqe-h2/versions?limit=2", key=key).json
    token = first["next_page_token"]
    rest = api.request(
        "GET", f"/v1/functions/vqe-h2/versions?limit=2&page_token={token}", key=key
    ).json

    assert [shown["version"] for shown in first["versions"]] == [3, 2]
    assert [shown["version"] for shown in rest["versions"]] == [1]
    assert rest["next_page_token"] is None
    function_schemas.VersionPage.model_validate(first)
    one = api.request("GET", "/v1/functions/vqe-h2/versions/2", key=key)
    assert function_schemas.Version.model_validate(one.json).version == 2


def test_an_alias_stands_for_several_versions(api: Api, key: str, admin: str) -> None:
    deploy(api, key)
    deploy(api, key, OTHER)

    body = {"weights": {"1": 90, "2": 10}}
    answer = api.request("PUT", "/v1/functions/vqe-h2/aliases/stable", key=key, body=body)

    assert (answer.status, answer.json["aliases"]["stable"]) == (200, {"1": 90, "2": 10})
    gone = api.request("DELETE", "/v1/functions/vqe-h2/aliases/stable", key=admin)
    assert (gone.status, list(gone.json["aliases"])) == (200, ["latest"])
    again = api.request("DELETE", "/v1/functions/vqe-h2/aliases/stable", key=admin)
    assert (again.status, again.json["code"]) == (404, "function-not-found")


@pytest.mark.parametrize(
    ("weights", "status", "said"),
    [
        ({"1": 60, "2": 60}, 400, "add up to 120"),
        ({"1": 0, "2": 100}, 400, "from 1 to 100"),
        ({"one": 100}, 400, "no version's number"),
        ({}, 400, "weights"),
        ({"1": 99.5}, 400, "weights"),
        ({"9": 100}, 404, "no version 9"),
    ],
    ids=str,
)
def test_weights_that_do_not_add_up_are_refused(
    api: Api, key: str, weights: dict[str, object], status: int, said: str
) -> None:
    deploy(api, key)

    body = {"weights": weights}
    answer = api.request("PUT", "/v1/functions/vqe-h2/aliases/stable", key=key, body=body)

    assert (answer.status, said in answer.json["detail"]) == (status, True), answer.text
    assert record(api).aliases == {"latest": {1: 100}}


def test_a_version_that_an_alias_stands_for_stays(api: Api, key: str, admin: str) -> None:
    deploy(api, key)
    deploy(api, key, OTHER)

    held = api.request("DELETE", "/v1/functions/vqe-h2/versions/2", key=admin)
    free = api.request("DELETE", "/v1/functions/vqe-h2/versions/1", key=admin)

    assert (held.status, held.json["code"], held.json["aliases"]) == (
        409,
        "function-changed",
        ["latest"],
    )
    assert (free.status, free.json["deleted_at"] is not None) == (200, True)
    listed = api.request("GET", "/v1/functions/vqe-h2/versions", key=key).json["versions"]
    assert [shown["version"] for shown in listed] == [2]


def test_a_deleted_version_is_refused_and_deployed_anew_under_a_new_number(
    api: Api, key: str, admin: str
) -> None:
    deploy(api, key)
    deploy(api, key, OTHER)
    api.request("DELETE", "/v1/functions/vqe-h2/versions/1", key=admin)

    refused = invoke(api, key, "vqe-h2:1")
    assert (refused.status, refused.json["code"]) == (404, "function-not-found")
    assert "Version 1 of function vqe-h2 was deleted." in refused.json["detail"]
    assert api.world.ledger.jobs == {}

    assert deploy(api, key).json["version"] == 3
    assert deploy(api, key).json["version"] == 3


def test_a_deleted_function_is_gone_with_its_versions_and_numbers(
    api: Api, key: str, admin: str
) -> None:
    deploy(api, key)

    gone = api.request("DELETE", "/v1/functions/vqe-h2", key=admin)

    assert (gone.status, gone.json["aliases"]) == (200, {})
    assert own_functions(api, key) == []
    shown = api.request("GET", "/v1/functions/vqe-h2", key=key)
    assert (shown.status, "was deleted" in shown.json["detail"]) == (404, True)
    assert invoke(api, key).status == 404
    again = deploy(api, key)
    assert (again.status, again.json["version"]) == (201, 2)
    assert invoke(api, key, "vqe-h2:1").json["code"] == "function-not-found"


def test_a_function_that_there_is_not_is_named(api: Api, key: str) -> None:
    deploy(api, key)

    for answer in (
        api.request("GET", "/v1/functions/vqe-h3", key=key),
        api.request("GET", "/v1/functions/vqe-h3/versions/1", key=key),
        invoke(api, key, "vqe-h3:stable"),
    ):
        assert (answer.status, answer.json["code"]) == (404, "function-not-found")
        assert answer.json["detail"] == "This tenant has no function vqe-h3."
    odd = api.request("GET", "/v1/functions/vqe_h2", key=key)
    assert (odd.status, "names no function" in odd.json["detail"]) == (404, True)
    assert "no alias stable" in invoke(api, key, "vqe-h2:stable").json["detail"]
    assert "no version 7" in invoke(api, key, "vqe-h2:7").json["detail"]


@pytest.mark.parametrize("path", ["", "/versions/1", "/aliases/latest"])
def test_only_admins_delete(api: Api, key: str, path: str) -> None:
    deploy(api, key)

    answer = api.request("DELETE", f"/v1/functions/vqe-h2{path}", key=key)

    assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert record(api).aliases == {"latest": {1: 100}}


def test_another_tenants_function_is_as_unknown_as_none(api: Api, key: str) -> None:
    deploy(api, key)
    stranger = api.new_key(tenant="blue")

    there = api.request("GET", "/v1/functions/vqe-h2", key=stranger)
    absent = api.request("GET", "/v1/functions/absent", key=stranger)

    assert (there.status, absent.status) == (404, 404)
    assert there.json["detail"].replace("vqe-h2", "absent") == absent.json["detail"]
    assert invoke(api, stranger).status == 404


def test_a_passive_region_changes_nothing(api: Api, key: str, admin: str) -> None:
    deploy(api, key)
    writes = api.world.functions.writes
    api.world.clock.now = api.world.clock.now.replace(hour=13)
    api.world.ledger.pair_record = PairRecord(active="us-west-2", passive="us-east-1", epoch=2)

    put = {"weights": {"1": 100}}
    answers = [
        deploy(api, key, OTHER),
        invoke(api, key),
        api.request("PUT", "/v1/functions/vqe-h2/aliases/stable", key=key, body=put),
        api.request("DELETE", "/v1/functions/vqe-h2", key=admin),
        api.request("DELETE", "/v1/functions/vqe-h2/versions/1", key=admin),
        api.request("DELETE", "/v1/functions/vqe-h2/aliases/latest", key=admin),
    ]

    assert {answer.json["code"] for answer in answers} == {"region-passive"}
    assert api.world.functions.writes == writes
    assert api.request("GET", "/v1/functions/vqe-h2", key=key).status == 200


def test_a_tenant_has_so_many_functions_and_no_more(api: Api, key: str) -> None:
    for number in range(FUNCTIONS_MAX):
        made = {"tenant": ACME, "name": f"f{number}", "latest": 1, "aliases": {}}
        new = FunctionRecord(**made, created_at=NOON, changed_at=NOON)
        api.world.functions.replace_record(None, new)

    answer = deploy(api, key)

    assert (answer.status, answer.json["code"]) == (409, "limit-reached")


def test_a_function_has_so_many_versions_and_no_more(api: Api, key: str) -> None:
    deploy(api, key)
    full = record(api).model_copy(update={"latest": VERSIONS_MAX, "revision": 9})
    api.world.functions.replace_record(record(api), full)

    answer = deploy(api, key, OTHER)

    assert (answer.status, answer.json["code"]) == (409, "limit-reached")
    assert deploy(api, key).status == 200


def test_a_function_has_so_many_aliases_and_no_more(api: Api, key: str) -> None:
    deploy(api, key)
    aliases = {f"a{number}": {1: 100} for number in range(ALIASES_MAX)}
    full = record(api).model_copy(update={"aliases": aliases, "revision": 9})
    api.world.functions.replace_record(record(api), full)

    route, body = "/v1/functions/vqe-h2/aliases", {"weights": {"1": 100}}
    answer = api.request("PUT", f"{route}/stable", key=key, body=body)

    assert (answer.status, answer.json["code"]) == (409, "limit-reached")
    assert f"has {ALIASES_MAX} aliases" in answer.json["detail"]
    assert api.request("PUT", f"{route}/a0", key=key, body=body).status == 200


def test_a_lost_catalogue_does_not_give_a_number_twice(api: Api, key: str) -> None:
    """As after a failover that came before the record did, but after the version."""
    deploy(api, key)
    before = record(api)
    deploy(api, key, OTHER)
    lost = before.model_copy(update={"revision": record(api).revision})
    api.world.functions.replace_record(record(api), lost.model_copy(update={"revision": 20}))

    answer = deploy(api, key, "# third\n")

    assert (answer.status, answer.json["version"]) == (201, 3)
    assert version(api, 2).digest != version(api, 3).digest


def test_a_body_is_checked_before_a_worker_is_asked(api: Api, key: str) -> None:
    api.world.workers.silent.add("qiskit")

    answer = api.request("POST", "/v1/functions", key=key, body=deployment(b"no zip"))

    assert (answer.status, answer.json["code"]) == (422, "function-invalid")
