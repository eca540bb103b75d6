"""Bad deployments, invocations and callbacks are refused with the place and the remedy."""

from __future__ import annotations

import base64
import stat
from io import BytesIO
from typing import Any
from zipfile import ZipFile, ZipInfo

import pytest

from bellpair_core.model.limits import (
    FUNCTION_INPUT_BYTES_MAX,
    PACKAGE_BYTES_MAX,
    PACKAGE_UNZIPPED_BYTES_MAX,
)
from bellpair_core.model.tenant import Role
from tests.examples import version_example

from .conftest import Api
from .functions import SOURCE, deploy, deployment, entry, invoke, package


def linked() -> bytes:
    """A zip with a symbolic link."""
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        archive.writestr("vqe_h2.py", SOURCE)
        link = ZipInfo("secrets.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return made.getvalue()


def bomb() -> bytes:
    """A small zip of what is large."""
    made = BytesIO()
    with ZipFile(made, "w", compression=8) as archive:
        archive.writestr("vqe_h2.py", b"#" * (PACKAGE_UNZIPPED_BYTES_MAX + 1))
    return made.getvalue()


def damaged() -> bytes:
    """A zip in which a byte of the source has changed."""
    return package().replace(SOURCE.encode(), SOURCE.upper().encode())


def twice() -> bytes:
    """A zip with two files of one name."""
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        archive.writestr("vqe_h2.py", SOURCE)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("vqe_h2.py", "")
    return made.getvalue()


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        ({}, 400, "request-invalid", "#/package: it is missing"),
        ({"package": "%%%"}, 400, "request-invalid", "it is not base64"),
        (deployment(b"no zip"), 422, "function-invalid", "no zip archive"),
        (deployment(damaged()), 422, "function-invalid", "damaged"),
        (deployment(package({"../x.py": ""})), 422, "function-invalid", "outside of its folder"),
        (deployment(package({"/x.py": ""})), 422, "function-invalid", "outside of its folder"),
        (deployment(package({"a\\x.py": ""})), 422, "function-invalid", "name is not good"),
        (deployment(package({"x.txt": ""})), 422, "function-invalid", "no Python module"),
        (
            deployment(package({f"m{number}.py": "" for number in range(501)})),
            422,
            "function-invalid",
            "501 files",
        ),
        (deployment(linked()), 422, "function-invalid", "secrets.py"),
        (deployment(bomb()), 413, "package-too-large", "unzipped"),
        (
            {"package": base64.b64encode(bytes(PACKAGE_BYTES_MAX + 1)).decode()},
            413,
            "package-too-large",
            "1048576",
        ),
        (deployment(worker="cirq"), 422, "worker-unknown", "python, qiskit"),
        (deployment(name="VQE"), 400, "request-invalid", "#/name"),
        (deployment(alias="7"), 400, "request-invalid", "#/alias"),
        (deployment(entry=""), 400, "request-invalid", "#/entry"),
        (deployment(entry="../zz:zz"), 400, "request-invalid", "a module's name"),
        (deployment(entry="..zz"), 400, "request-invalid", "a module's name"),
        (deployment(entry=":zz"), 400, "request-invalid", "a module's name"),
        (deployment(entry="a b"), 400, "request-invalid", "a module's name"),
        (deployment(colour="red"), 400, "request-invalid", "no such field"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)
def test_a_bad_deployment_is_refused_before_a_worker_is_asked(
    api: Api, key: str, body: dict[str, Any], status: int, code: str, said: str
) -> None:
    api.world.workers.entries = [entry()]

    answer = api.request("POST", "/v1/functions", key=key, body=body)

    assert (answer.status, answer.json["code"]) == (status, code), answer.text
    assert said in answer.json["detail"]
    assert answer.json["remedy"]
    assert api.world.workers.inspected == []
    assert (api.world.functions.writes, api.world.blobs.puts) == (0, 0)


def test_a_file_that_is_there_twice_is_refused(api: Api, key: str) -> None:
    answer = api.request("POST", "/v1/functions", key=key, body=deployment(twice()))

    assert "twice" in answer.json["detail"]


@pytest.mark.parametrize(
    ("entries", "code", "said"),
    [
        ([], "function-invalid", "no entry point"),
        (
            [entry(), entry(entry="vqe_h2:Other", name="other")],
            "function-invalid",
            "2 entry points: vqe_h2:VqeH2, vqe_h2:Other",
        ),
        ([entry(name="Vqe H2")], "function-invalid", "cannot be a name"),
        ([entry(name=None)], "function-invalid", "cannot be a name"),
        ([entry(timeout_s=10**6)], "function-invalid", "timeout is 1000000 s"),
        ([entry(timeout_s=0)], "function-invalid", "timeout is 0 s"),
        ([entry(device="sv9")], "device-unknown", "sv1, ion-11"),
        ([entry(worker="cirq")], "worker-unknown", "python, qiskit"),
        ([entry(inputs={"type": "numbre"})], "function-invalid", "inputs is not good"),
        (
            [entry(inputs={"$ref": "http://169.254.169.254/"})],
            "function-invalid",
            "leads out of it",
        ),
        ([entry(inputs={"enum": ["x" * 70_000]})], "function-invalid", "the limit is 65536"),
        ([entry(output={"$schema": "urn:other"})], "function-invalid", "$schema"),
    ],
    ids=str,
)
def test_a_bad_function_is_refused_and_nothing_is_stored(
    api: Api, key: str, entries: list[Any], code: str, said: str
) -> None:
    api.world.workers.entries = entries

    answer = api.request("POST", "/v1/functions", key=key, body=deployment())

    assert (answer.status, answer.json["code"]) == (422, code), answer.text
    assert said in answer.json["detail"]
    assert answer.json["remedy"]
    assert list(api.world.functions.records("acme")) == []
    assert api.world.blobs.puts == 0


@pytest.mark.parametrize(
    ("inputs", "pointer", "said"),
    [
        ({}, "#/inputs/distance", "it is missing"),
        ({"distance": "far"}, "#/inputs/distance", "type number"),
        ({"distance": True}, "#/inputs/distance", "type number"),
        ({"distance": 1, "steps": 1.5}, "#/inputs/steps", "type integer"),
        ({"distance": 1, "a/b": 1}, "#/inputs/a~1b", "there are: distance, steps"),
        ({"distance": 1, "steps": None}, "#/inputs/steps", "type integer"),
        ({"distance": [[1]]}, "#/inputs/distance", "type number"),
    ],
    ids=str,
)
def test_inputs_that_do_not_fit_are_refused_each_with_its_place(
    api: Api, key: str, inputs: dict[str, Any], pointer: str, said: str
) -> None:
    deploy(api, key)
    puts = api.world.blobs.puts

    answer = invoke(api, key, inputs=inputs)

    assert (answer.status, answer.json["code"]) == (422, "inputs-invalid"), answer.text
    assert [(found["pointer"], said in found["detail"]) for found in answer.json["errors"]] == [
        (pointer, True)
    ]
    assert (api.world.ledger.jobs, api.world.wakeups.queues) == ({}, [])
    assert api.world.blobs.puts == puts


def test_all_wrong_inputs_are_told_at_once_without_their_values(api: Api, key: str) -> None:
    deploy(api, key)

    answer = invoke(api, key, inputs={"distance": "s3cret", "steps": "s3cret", "z": "s3cret"})

    assert [found["pointer"] for found in answer.json["errors"]] == [
        "#/inputs/distance",
        "#/inputs/steps",
        "#/inputs/z",
    ]
    assert "s3cret" not in answer.text


def test_the_parts_of_nested_inputs_are_named(api: Api, key: str) -> None:
    schema = {
        "type": "object",
        "properties": {"points": {"type": "array", "items": {"$ref": "#/$defs/Point"}}},
        "$defs": {
            "Point": {
                "type": "object",
                "properties": {"x": {"type": "number", "minimum": 0}},
                "required": ["x"],
            }
        },
    }
    api.world.workers.entries = [entry(inputs=schema)]
    deploy(api, key)

    answer = invoke(api, key, inputs={"points": [{"x": 1}, {"x": -1}, {}]})

    assert answer.json["errors"] == [
        {"pointer": "#/inputs/points/1/x", "detail": "it must be at least 0"},
        {"pointer": "#/inputs/points/2/x", "detail": "it is missing"},
    ]


def test_a_pattern_that_would_take_for_ever_is_left_to_the_function(api: Api, key: str) -> None:
    slow = {"type": "object", "properties": {"word": {"type": "string", "pattern": "^(a+)+$"}}}
    api.world.workers.entries = [entry(inputs=slow)]
    deploy(api, key)

    assert invoke(api, key, inputs={"word": "a" * 60 + "!"}).status == 202


@pytest.mark.parametrize(
    ("changes", "status", "code", "said"),
    [
        ({"inputs": []}, 400, "request-invalid", "#/inputs"),
        (
            {"inputs": {"distance": 1, "z": "x" * FUNCTION_INPUT_BYTES_MAX}},
            422,
            "inputs-invalid",
            "262144",
        ),
        ({"device": "sv9"}, 422, "device-unknown", "sv1, ion-11"),
        ({"device": "sv0"}, 422, "device-retired", "sv0"),
        ({"device": "dm1"}, 409, "device-offline", "dm1"),
        ({"callback": "cb-0"}, 404, "callback-not-found", "no callback"),
        ({"max_cost_usd": -1}, 400, "request-invalid", "#/max_cost_usd"),
        ({"seed": -1}, 400, "request-invalid", "#/seed"),
        ({"seed": 1 << 53}, 400, "request-invalid", "#/seed"),
        ({"timeout_s": 0}, 400, "request-invalid", "#/timeout_s"),
        ({"timeout_s": 10**6}, 400, "request-invalid", "from 1 to"),
        ({"name": "\x07"}, 400, "request-invalid", "printable"),
        ({"colour": "red"}, 400, "request-invalid", "no such field"),
    ],
    ids=str,
)
def test_a_bad_invocation_is_refused(
    api: Api, key: str, changes: dict[str, Any], status: int, code: str, said: str
) -> None:
    deploy(api, key)

    answer = invoke(api, key, **changes)

    assert (answer.status, answer.json["code"]) == (status, code), answer.text
    assert said in answer.json["detail"]
    assert (api.world.ledger.jobs, api.world.wakeups.queues) == ({}, [])


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_number_is_refused(api: Api, key: str, number: str) -> None:
    deploy(api, key)

    answer = api.request(
        "POST",
        "/v1/functions/vqe-h2/invocations",
        key=key,
        body=f'{{"inputs": {{"distance": {number}}}}}'.encode(),
    )

    assert answer.status in (400, 422), answer.text
    assert api.world.ledger.jobs == {}


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("absent", "no function absent"),
        ("vqe-h2:absent", "its aliases are latest"),
        ("vqe-h2:7", "no version 7"),
        ("vqe-h2:0", "names no function"),
        ("VQE", "names no function"),
        ("vqe-h2:", "names no function"),
        ("vqe-h2:1:2", "names no function"),
    ],
)
def test_what_names_no_version_is_refused(api: Api, key: str, target: str, said: str) -> None:
    deploy(api, key)

    answer = invoke(api, key, target)

    assert (answer.status, answer.json["code"]) == (404, "function-not-found")
    assert said in answer.json["detail"]


HOSTS = {
    "good.example.com": ["93.184.216.34", "2606:2800:220:1::1"],
    "inside.example.com": ["10.0.0.7"],
    "both.example.com": ["93.184.216.34", "127.0.0.1"],
    "metadata.example.com": ["169.254.169.254"],
    "mapped.example.com": ["::ffff:169.254.169.254"],
    "translated.example.com": ["64:ff9b::a9fe:a9fe"],
    "shared.example.com": ["100.64.0.1"],
    "group.example.com": ["224.0.0.1"],
    "own.example.com": ["fd00::1"],
    "local.example.com": ["fe80::1%eth0"],
}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://good.example.com/", "must be https"),
        ("ftp://good.example.com/", "must be https"),
        ("good.example.com", "must be https"),
        ("https://user:word@good.example.com/", "user name or password"),
        ("https://@good.example.com/", "user name or password"),
        ("https://good.example.com/#part", "fragment"),
        ("https://good.example.com:0/", "port"),
        ("https://good.example.com:99999/", "cannot be read"),
        ("https://good.example.com\\@inside.example.com/", "backslash"),
        ("https://good.example.com/\n", "printable"),
        ("https://" + "x" * 3000 + ".com/", "2000"),
        ("https://127.0.0.1/", "full name"),
        ("https://2130706433/", "full name"),
        ("https://0x7f.1/", "full name"),
        ("https://[::1]/", "full name"),
        ("https://localhost/", "full name"),
        ("https://nowhere.example.com/", "has no address"),
        *(
            (f"https://{host}/", "on the public Internet")
            for host in HOSTS
            if host != "good.example.com"
        ),
    ],
    ids=lambda value: value[:40],
)
def test_a_url_that_may_not_be_called_back_is_refused(api: Api, url: str, said: str) -> None:
    api.world.hosts.known = HOSTS
    admin = api.new_key(Role.TENANT_ADMIN)

    answer = api.request("POST", "/v1/callbacks", key=admin, body={"url": url})

    assert (answer.status, answer.json["code"]) == (422, "callback-invalid"), answer.text
    assert said in answer.json["detail"]
    assert "10.0.0.7" not in answer.text
    assert api.world.functions.writes == 0


def test_the_example_of_a_version_is_one_that_can_be_invoked(api: Api, key: str) -> None:
    deploy(api, key)

    assert invoke(api, key).status == 202
    assert version_example().inputs == entry().inputs
