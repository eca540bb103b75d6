"""Programs that measure in mid-circuit go to devices that do, and to no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bellpair_core.model.device import DeviceStatus
from tests.bad_input import submission
from tests.examples import BELL, SQUARE_20

from .conftest import Api
from .gateway import HttpAnswer

TELEPORT = Path("examples/teleport.qasm").read_text()
LINE = TELEPORT.splitlines().index("if (c[1] == 1) x q[2];") + 1
ABLE = SQUARE_20.model_copy(update={"mid_circuit": True})


@pytest.fixture
def able(api: Api) -> Api:
    api.world.catalogue.put_device(ABLE)
    return api


def submit(api: Api, key: str, **changes: Any) -> HttpAnswer:
    body = submission(source=TELEPORT, **changes)
    return api.request("POST", "/v1/jobs", key=key, body=body)


@pytest.mark.parametrize("device", ["square-20", "any", "any-qpu"])
def test_a_device_that_measures_in_mid_circuit_is_given_the_job(
    able: Api, key: str, device: str
) -> None:
    answer = submit(able, key, device=device)
    assert answer.status == 202, answer.json
    job = able.world.ledger.jobs[answer.json["id"]]
    assert job.shape is not None
    assert job.shape.mid_circuit


def test_it_alone_is_considered(able: Api, key: str) -> None:
    job = submit(able, key, device="any").json["id"]
    why = able.request("GET", f"/v1/jobs/{job}/why", key=key).json
    reasons = {one["device"]: one["reason"] for one in why["choice"]["considered"]}
    assert "mid-circuit" in reasons["sv1"]
    assert "mid-circuit" in reasons["ion-11"]
    assert "mid-circuit" not in reasons["square-20"]


def test_a_device_without_it_is_refused_at_the_line_that_needs_it(able: Api, key: str) -> None:
    answer = submit(able, key, device="ion-11")
    assert (answer.status, answer.json["code"]) == (422, "program-unsupported")
    assert (answer.json["line"], answer.json["column"]) == (LINE, 1)
    assert "ion-11 does not measure in mid-circuit" in answer.json["detail"]
    assert "square-20" in answer.json["remedy"]
    assert not able.world.ledger.jobs


@pytest.mark.parametrize("status", [DeviceStatus.RETIRED, None], ids=["retired", "none"])
def test_where_no_device_does_it_is_refused(
    api: Api, key: str, status: DeviceStatus | None
) -> None:
    if status is not None:
        api.world.catalogue.put_device(ABLE.model_copy(update={"status": status}))
    answer = submit(api, key, device="any")
    assert answer.json["code"] == "program-unsupported"
    assert "no device does" in answer.json["detail"]


def test_options_are_for_programs_that_measure_at_their_end(able: Api, key: str) -> None:
    answer = submit(able, key, device="square-20", level=1)
    assert (answer.json["code"], answer.json["line"]) == ("program-unsupported", LINE)
    assert "options" in answer.json["remedy"]


def test_what_no_device_does_is_refused_by_all(able: Api, key: str) -> None:
    source = TELEPORT.replace("if (c[1] == 1) x q[2];", "if (c[1] == 1) cx q[0], q[2];")
    answer = able.request(
        "POST", "/v1/jobs", key=key, body=submission(source=source, device="square-20")
    )
    assert answer.json["code"] == "program-unsupported"
    assert "'cx' acts on 2 qubits under an 'if'" in answer.json["detail"]


def test_it_can_be_estimated(able: Api, key: str) -> None:
    for source, mid_circuit in ((TELEPORT, True), (BELL, False)):
        answer = able.request("POST", "/v1/estimates", key=key, body={"source": source})
        assert answer.status == 200, answer.json
        assert answer.json["shape"]["mid_circuit"] is mid_circuit
