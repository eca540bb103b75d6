"""A program is estimated on every device, and nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest

from bellpair_core.http import schemas
from bellpair_core.model.device import DeviceKind, DeviceTarget
from tests.examples import BELL, ION_11

from .conftest import Api
from .gateway import HttpAnswer
from .test_why import RATES, with_rates


def estimate(api: Api, key: str, **body: Any) -> HttpAnswer:
    return api.request("POST", "/v1/estimates", key=key, body={"source": BELL, **body})


def test_each_device_has_its_success_price_and_wait(api: Api, key: str) -> None:
    with_rates(api)

    answer = estimate(api, key, shots=1000)

    assert answer.status == 200
    found = schemas.Estimate.model_validate(answer.json)
    assert (found.num_qubits, found.num_gates, found.shape.two_qubit_gates) == (2, 2, 1)
    success = {one.device: one.expected_success for one in found.devices}
    assert success["sv1"] == 1.0
    assert success["ion-11"] == pytest.approx(0.9498, abs=1e-4)
    assert {one.cost_usd for one in found.devices if one.device == "ion-11"} == {1.3}
    assert found.chosen == "sv1"
    assert not api.world.ledger.jobs


def test_a_shot_takes_as_long_as_the_device_says(api: Api, key: str) -> None:
    target = DeviceTarget(
        device="ion-11",
        kind=DeviceKind.QPU,
        qubits=tuple(range(11)),
        one_qubit_us=10.0,
        two_qubit_us=200.0,
        readout_us=100.0,
        calibration_id="c",
    )
    kept = api.world.blobs.put(target.model_dump_json().encode())
    api.world.catalogue.put_device(ION_11.model_copy(update={**RATES, "target": kept}))

    found = schemas.Estimate.model_validate(estimate(api, key, device="ion-11").json)

    assert [(one.device, one.duration_us) for one in found.devices] == [("ion-11", 500.0)]


def test_constraints_say_which_devices_are_left_out(api: Api, key: str) -> None:
    with_rates(api)

    found = schemas.Estimate.model_validate(
        estimate(api, key, shots=1000, constraints={"kind": "qpu", "max_cost_usd": 0.1}).json
    )

    assert found.chosen is None
    assert {one.verdict for one in found.devices} == {"excluded"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"source": "OPENQASM 3; qubit q; x q;"}, "program-invalid"),
        ({"shots": 0}, "request-invalid"),
        ({"shots": 10**15}, "request-invalid"),
        ({"device": "nosuch"}, "device-unknown"),
        ({"speed": 1}, "request-invalid"),
    ],
)
def test_what_could_not_be_submitted_is_not_estimated(
    api: Api, key: str, body: dict[str, Any], code: str
) -> None:
    assert estimate(api, key, **body).json["code"] == code


def test_a_key_is_needed(api: Api) -> None:
    assert api.request("POST", "/v1/estimates", body={"source": BELL}).status == 401
