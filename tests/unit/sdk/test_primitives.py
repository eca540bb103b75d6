"""Sampling and estimating many circuits in one job."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from bellpair import Client, InvalidRequest
from bellpair.functions.text_circuits import with_values
from bellpair_core.logic.primitives.check_pubs import check_pubs
from tests.unit.sdk.conftest import BELL
from tests.unit.sdk.fake_api import FakeRegion

ANGLE, OTHER = Parameter("a"), Parameter("b")


def ansatz(*, measured: bool) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.ry(2 * ANGLE, 0)
    circuit.rx(ANGLE + OTHER, 1)
    if measured:
        circuit.measure_all()
    return circuit


def sent(east: FakeRegion) -> dict[str, Any]:
    """The body of the invocation."""
    body: dict[str, Any] = east.seen[-1].body
    return body


def test_circuits_of_all_kinds_are_sampled_together(
    client: Client, east: FakeRegion, tmp_path: Path
) -> None:
    file = tmp_path / "bell.qasm"
    file.write_text(BELL)

    client.sampling([BELL, (file, None, 7)], 100, options=["twirling"], device="sv1")

    assert east.seen[-1].path == "/v1/functions/sampling/invocations"
    assert sent(east)["device"] == "sv1"
    assert sent(east)["inputs"] == {
        "pubs": [{"circuit": BELL}, {"circuit": BELL, "shots": 7}],
        "shots": 100,
        "options": ["twirling"],
    }


def test_qiskits_parameters_are_left_open_with_one_value_for_each_angle(
    client: Client, east: FakeRegion
) -> None:
    values = np.array([[[0.1, 0.2]], [[0.3, 0.4]]])

    client.sampling((ansatz(measured=True), values))

    inputs = sent(east)["inputs"]
    (pub,) = inputs["pubs"]
    assert np.allclose(pub["parameters"], [[[0.2, 0.3]], [[0.6, 0.7]]])
    assert "bellpair_1_ = 0.7;" in with_values(pub["circuit"], [0.6, 0.7])
    assert check_pubs("sampling", inputs).programs == 2


def test_observables_are_sent_as_sums_of_strings(client: Client, east: FakeRegion) -> None:
    energy = SparsePauliOp.from_list([("ZZ", 0.5), ("XX", 0.25), ("ZZ", 0.25)])
    pub = (ansatz(measured=False), [["ZI"], [energy]], {"a": [0.1, 0.2, 0.3], "b": [0.0] * 3})

    client.estimation([pub], precision=0.1, level=2)

    assert east.seen[-1].path == "/v1/functions/estimation/invocations"
    inputs = sent(east)["inputs"]
    assert inputs["pubs"][0]["observables"] == [["ZI"], [{"ZZ": 0.75, "XX": 0.25}]]
    assert (inputs["precision"], inputs["level"]) == (0.1, 2)
    assert check_pubs("estimation", inputs).programs == 3


def test_one_circuit_is_estimated_with_its_observable(client: Client, east: FakeRegion) -> None:
    bare = QuantumCircuit(1)
    bare.ry(math.pi, 0)

    client.estimation(bare, {"Z": 1j}, 0.1)

    (pub,) = sent(east)["inputs"]["pubs"]
    assert pub["observables"] == {"Z": {"re": 0.0, "im": 1.0}}
    assert "parameters" not in pub


@pytest.mark.parametrize("pub", [(BELL, None, 1, 2), ()])
def test_a_tuple_that_is_no_pub_is_refused(client: Client, pub: Any) -> None:
    with pytest.raises(InvalidRequest, match="cannot be sampled"):
        client.sampling([pub])


def test_an_estimate_needs_an_observable(client: Client) -> None:
    with pytest.raises(InvalidRequest, match="comes with observables"):
        client.estimation([BELL])


def test_a_circuit_is_submitted_with_options(client: Client, east: FakeRegion) -> None:
    client.submit(BELL, 10, options=[{"name": "twirling", "instances": 2}])
    client.submit(BELL, 10, level=0)

    first, second = (seen.body for seen in east.seen)
    assert first["options"] == [{"name": "twirling", "instances": 2}]
    assert (second["level"], "options" in second) == (0, False)
