"""Verbatim boxes are for the QPU that they were written for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bad_input import submission

from .conftest import Api
from .gateway import HttpAnswer

# The highest of the device's labels, which begin with 1.
BOX = """OPENQASM 3.0;
bit[2] b;
#pragma braket verbatim
box {
  prx(pi, 0) $20;
  cz $19, $20;
}
b[0] = measure $19;
b[1] = measure $20;
"""


def submit(api: Api, key: str, **changes: Any) -> HttpAnswer:
    return api.request("POST", "/v1/jobs", key=key, body=submission(source=BOX, **changes))


def test_a_box_goes_to_the_qpu_that_is_named(api: Api, key: str) -> None:
    answer = submit(api, key, device="square-20")
    assert answer.status == 202, answer.json
    assert api.world.ledger.jobs[answer.json["id"]].num_qubits == 2


@pytest.mark.parametrize("device", ["any", "any-qpu", "sv1"])
def test_a_box_for_any_device_is_refused_at_its_place(api: Api, key: str, device: str) -> None:
    answer = submit(api, key, device=device)
    assert (answer.status, answer.json["code"]) == (422, "program-unsupported")
    assert answer.json["line"] == 3
    assert "Name that QPU" in answer.json["remedy"]


def test_options_are_not_done_to_a_box(api: Api, key: str) -> None:
    answer = submit(api, key, device="square-20", options=["twirling"])
    assert (answer.json["code"], answer.json["line"]) == ("program-unsupported", 3)
