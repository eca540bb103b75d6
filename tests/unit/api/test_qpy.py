"""Submitting circuits in Qiskit's own format, of which only the head is looked at."""

from __future__ import annotations

import pytest

from bellpair_core.http import schemas
from bellpair_core.model.job import job_id
from bellpair_core.model.limits import RESULT_BITS_MAX, SOURCE_BYTES_MAX
from tests.bad_input import submission
from tests.qpy_files import BITS, QUBITS, qpy_head_of, sent

from .conftest import Api
from .gateway import HttpAnswer


def submit(api: Api, key: str, data: bytes | str, **changes: object) -> HttpAnswer:
    source = data if isinstance(data, str) else sent(data)
    body = submission(source=source, language="qpy", **changes)
    return api.request("POST", "/v1/jobs", key=key, headers={"Idempotency-Key": "k"}, body=body)


@pytest.mark.parametrize("version", [13, 16])
def test_a_circuit_is_accepted_by_its_head(api: Api, key: str, version: int) -> None:
    source = sent(qpy_head_of(version=version))
    answer = submit(api, key, source)

    assert answer.status == 202, answer.json
    schemas.Job.model_validate(answer.json)
    job = api.world.ledger.jobs[job_id("acme", "k")]
    assert (job.num_qubits, job.num_bits, job.language_version) == (QUBITS, BITS, "qpy")
    assert job.shape is None
    assert api.world.blobs.get(job.program).decode() == source


def test_the_devices_are_compared_without_an_expected_success(api: Api, key: str) -> None:
    submit(api, key, qpy_head_of(), device="any")

    why = api.request("GET", f"/v1/jobs/{job_id('acme', 'k')}/why", key=key)
    assert why.status == 200, why.json
    assert why.json["shape"] is None


REFUSED = (
    (b"not base64 at all".decode(), "program-invalid", "base64"),
    (sent(b"OPENQASM 3.0; qubit q;"), "program-invalid", "QISKIT"),
    (sent(qpy_head_of()[:30]), "program-invalid", "ends before"),
    (sent(qpy_head_of(version=12)), "program-unsupported", "QPY version 12; versions 13 to"),
    (sent(qpy_head_of(version=99)), "program-unsupported", "QPY version 99; versions 13 to"),
    (sent(qpy_head_of(circuits=2)), "program-unsupported", "2 circuits"),
    (sent(qpy_head_of(qubits=0)), "program-invalid", "no qubits"),
    (sent(qpy_head_of(bits=0)), "program-invalid", "no classical bits"),
    (sent(qpy_head_of(qubits=1001)), "program-too-wide", "1,001 qubits"),
    (sent(qpy_head_of(bits=10_001)), "program-unsupported", "10,001 classical bits"),
    (sent(qpy_head_of(operations=10**9)), "program-unsupported", "1,000,000,000 operations"),
    ("A" * (SOURCE_BYTES_MAX + 1), "source-too-large", str(SOURCE_BYTES_MAX)),
)


@pytest.mark.parametrize(("source", "code", "named"), REFUSED, ids=lambda value: str(value)[-20:])
def test_what_its_head_shows_refuses_it(
    api: Api, key: str, source: str, code: str, named: str
) -> None:
    answer = submit(api, key, source)

    assert (answer.json["code"], answer.json["pointer"]) == (code, "#/source")
    assert named in answer.json["detail"]
    assert answer.json["remedy"]
    assert not api.world.ledger.jobs


def test_a_circuit_wider_than_the_device_is_refused(api: Api, key: str) -> None:
    answer = submit(api, key, qpy_head_of(qubits=35))
    assert answer.json["code"] == "program-too-wide"


def test_a_result_too_large_to_be_fetched_is_refused(api: Api, key: str) -> None:
    answer = submit(api, key, qpy_head_of(bits=10_000), shots=RESULT_BITS_MAX // 10_000 + 1)
    assert answer.json["code"] == "result-too-large"


@pytest.mark.parametrize("wrap", [{"options": ["twirling"]}, {"level": 1}], ids=str)
def test_options_are_for_openqasm(api: Api, key: str, wrap: dict[str, object]) -> None:
    answer = submit(api, key, qpy_head_of(), **wrap)
    assert (answer.json["code"], answer.json["pointer"]) == ("program-unsupported", "#/language")
    assert "qasm3.dumps" in answer.json["remedy"]


def test_a_success_that_nobody_can_foretell_cannot_be_asked_for(api: Api, key: str) -> None:
    answer = submit(api, key, qpy_head_of(), device="any", constraints={"min_fidelity": 0.5})
    assert (answer.json["code"], answer.json["pointer"]) == (
        "constraints-unmet",
        "#/constraints/min_fidelity",
    )


def test_the_same_text_in_another_language_is_another_request(api: Api, key: str) -> None:
    submit(api, key, qpy_head_of())
    body = submission()
    again = api.request("POST", "/v1/jobs", key=key, headers={"Idempotency-Key": "k"}, body=body)
    assert again.json["code"] == "idempotency-conflict"


def test_an_unknown_language_is_refused_by_name(api: Api, key: str) -> None:
    body = submission(language="quil")
    answer = api.request("POST", "/v1/jobs", key=key, body=body)
    assert (answer.json["code"], answer.json["pointer"]) == ("request-invalid", "#/language")
    assert "qpy" in answer.json["detail"]
