"""``runtime.estimator`` agrees with Qiskit's estimator, within the errors that it states."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from braket.circuits import Circuit, FreeParameter
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import Pauli, SparsePauliOp

from bellpair.functions import Estimate
from bellpair.functions.errors import InvalidCall
from bellpair.functions.estimation import Estimator, shots_needed
from bellpair.functions.observables import grouped, observables_array
from bellpair.functions.plan import Measured, Origin

from .simulated import make

PRECISION = 0.02


def ansatz() -> QuantumCircuit:
    """No symmetry between its qubits."""
    theta = ParameterVector("t", 3)
    circuit = QuantumCircuit(3)
    circuit.ry(theta[0], 0)
    circuit.rx(theta[1], 1)
    circuit.cx(0, 1)
    circuit.h(2)
    circuit.rz(theta[2], 2)
    circuit.cx(2, 1)
    circuit.s(0)
    return circuit


HAMILTONIAN = SparsePauliOp.from_list(
    [("IIZ", 0.7), ("XIX", -0.3), ("YZI", 0.4), ("ZZZ", 0.2), ("IYI", 0.5), ("III", -1.5)]
)
OBSERVABLES: dict[str, Any] = {
    "string": "IYX",
    "operator": HAMILTONIAN,
    "list": ["IIZ", "XIX", HAMILTONIAN],
    "column": [["IIZ"], ["IIX"]],
    "mappings": [{"IIZ": 0.5, "XYZ": 2.0}, {"III": 3.0}],
    "pauli": Pauli("-ZIY"),
}
SHAPES: list[tuple[int, ...]] = [(), (1,), (3,), (2, 3), (4, 1, 1)]


def exact(observables: Any, values: Any) -> Any:
    wanted = observables
    if isinstance(observables, Pauli):
        wanted = SparsePauliOp(observables)
    return StatevectorEstimator().run([(ansatz(), wanted, values)]).result()[0].data.evs


@pytest.mark.parametrize("name", OBSERVABLES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_and_shapes_are_those_of_qiskits_estimator(
    name: str, shape: tuple[int, ...]
) -> None:
    values = np.random.default_rng(5).uniform(-3, 3, (*shape, 3))
    observables = OBSERVABLES[name]
    try:
        expected = np.asarray(exact(observables, values))
    except ValueError:
        with pytest.raises(InvalidCall, match="broadcast"):
            Estimator(make)(ansatz(), observables, values, PRECISION)
        return
    estimate = Estimator(make)(ansatz(), observables, values, PRECISION)

    assert estimate.shape == estimate.standard_errors.shape == expected.shape
    assert np.all(estimate.standard_errors <= PRECISION * 1.05)
    assert np.all(np.abs(estimate.values - expected) < 5 * PRECISION)


def test_pairs_are_one_observable() -> None:
    pairs = [("IIZ", 0.5), ("XIX", 0.25)]
    one, other = (
        Estimator(make)(ansatz(), observable, [0.1, 0.2, 0.3], PRECISION)
        for observable in (pairs, dict(pairs))
    )

    assert one.value == other.value


@pytest.mark.parametrize(
    ("observable", "value"),
    [("IIZ", -1), ("IZI", 1), ("IIX", 0), ("IXI", 0), ("XII", 1), ("YII", 0), ("IZZ", -1)],
)
def test_the_rightmost_letter_is_for_qubit_0(observable: str, value: float) -> None:
    text = 'OPENQASM 3; include "stdgates.inc"; qubit[2] a; qubit b; x a[0]; h b;'
    estimate = Estimator(make)(text, observable, precision=0.05)

    assert abs(estimate.value - value) < 0.2
    assert estimate.standard_error == (0 if value else pytest.approx(0.05, rel=0.1))


def test_y_has_its_sign() -> None:
    circuit = QuantumCircuit(2)
    circuit.rx(-math.pi / 2, 0)
    circuit.rx(math.pi / 2, 1)

    assert Estimator(make)(circuit, ["IY", "YI"]).values.tolist() == [1.0, -1.0]


def test_brakets_first_qubit_is_qubit_0() -> None:
    circuit = Circuit().rx(0, FreeParameter("a")).i(1)
    estimate = Estimator(make)(circuit, ["IZ", "ZI"], {"a": math.pi})

    assert estimate.values.tolist() == [-1.0, 1.0]


def test_strings_that_agree_qubit_by_qubit_share_a_circuit() -> None:
    groups = grouped(["ZZI", "IZX", "XXI", "YIZ", "IIX"])

    assert groups == (("ZZX", ("ZZI", "IZX", "IIX")), ("XXI", ("XXI",)), ("YIZ", ("YIZ",)))


def test_shots_are_shared_out_by_the_groups_weights() -> None:
    observable = observables_array({"ZZ": 0.6, "ZI": 0.2, "XX": -0.2, "II": 9.0}, 2)[()]
    precision = 0.01
    shots = shots_needed(observable, precision)

    assert shots == {"ZZ": 8000, "XX": 2000}
    assert 0.8**2 / shots["ZZ"] + 0.2**2 / shots["XX"] == pytest.approx(precision**2)


def test_observables_of_one_set_of_parameters_share_circuits() -> None:
    call = Estimator(make).later(ansatz(), ["IIZ", "IZZ", "ZII", "XII"], [[0.1] * 3] * 4)
    alone = Estimator(make).later(ansatz(), [["IIZ"], ["IZZ"], ["ZII"], ["XII"]], [[0.1] * 3])

    assert len(call.programs) == 4
    assert len(alone.programs) == 2


def test_the_stated_error_is_that_of_the_measured_spread() -> None:
    call = Estimator(make).later("qubit[2] q;", {"IZ": 2.0, "ZI": 1.0}, precision=0.3)
    counts = {"00": 30, "01": 10, "10": 40, "11": 20}
    estimate = call.read([Measured(counts, 100, 2)], Origin("d", "c", 1.5))
    values = np.repeat([3, -1, 1, -3], [30, 10, 40, 20])

    assert estimate.value == pytest.approx(values.mean())
    assert estimate.standard_error == pytest.approx(values.std(ddof=1) / 10)
    assert (estimate.device, estimate.cost_usd) == ("d", 1.5)


def test_one_shot_tells_no_spread_and_states_the_bound() -> None:
    call = Estimator(make).later("qubit q;", "Z", precision=10)

    assert call.read([Measured({"1": 1}, 1, 1)], Origin()).standard_error == 1.0


def test_the_identity_needs_no_circuit() -> None:
    call = Estimator(make).later(ansatz(), {"III": 2.5}, [0.1, 0.2, 0.3])

    assert call.programs == ()
    assert call.read([], Origin()).value == 2.5


def test_what_is_sent_does_not_depend_on_the_order_of_terms() -> None:
    pairs = [("IIZ", 0.5), ("XIX", 0.25), ("YYI", 0.25)]
    one, other = (
        Estimator(make).later(ansatz(), dict(order), [0.1] * 3) for order in (pairs, pairs[::-1])
    )

    assert one.programs == other.programs


def test_a_list_gives_a_list_of_estimates() -> None:
    estimates = Estimator(make)(
        [(ansatz(), "IIZ", [0.1] * 3), ("qubit q;", ["Z", "X"], None, 0.1)], precision=0.05
    )

    assert [one.shape for one in estimates] == [(), (2,)]
    assert [one.precision for one in estimates] == [0.05, 0.1]
    assert estimates[1].values[0] == 1
    assert Estimate.to_dict(estimates[1])["values"][0] == 1


BAD: list[tuple[Any, ...]] = [
    (ansatz(), None, [0.1] * 3),
    (ansatz(), "ZZ", [0.1] * 3),
    (ansatz(), "ZZQ", [0.1] * 3),
    (ansatz(), "", [0.1] * 3),
    (ansatz(), 5, [0.1] * 3),
    (ansatz(), {"ZZZ": 1j}, [0.1] * 3),
    (ansatz(), {"ZZZ": float("nan")}, [0.1] * 3),
    (ansatz(), {"ZZZ": "much"}, [0.1] * 3),
    (ansatz(), ["ZZZ", ["ZZZ"]], [0.1] * 3),
    (ansatz(), SparsePauliOp("ZZ"), [0.1] * 3),
    (ansatz(), ["ZZZ"] * 2, [[0.1] * 3] * 3),
    (ansatz(), "ZZZ", [0.1] * 2),
    (ansatz(), "ZZZ", [0.1] * 3, 0),
    (ansatz(), "ZZZ", [0.1] * 3, -0.1),
    (ansatz(), "ZZZ", [0.1] * 3, float("nan")),
    (ansatz(), "ZZZ", [0.1] * 3, "fine"),
    (ansatz(), "ZZZ", [0.1] * 3, 1e-4),
    ("OPENQASM 3; U(0, 0, 0) $0;", "Z"),
    ("OPENQASM 3; const int n = 2; qubit[n] q;", "ZZ"),
    ([ansatz()],),
    ([(ansatz(),)],),
    ([(ansatz(), "ZZZ", [0.1] * 3)], "ZZZ"),
]


@pytest.mark.parametrize("arguments", BAD, ids=range(len(BAD)))
def test_a_call_that_cannot_be_made_is_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidCall) as caught:
        Estimator(make)(*arguments)
    assert caught.value.remedy


@pytest.mark.parametrize("precision", [1e-160, 1e-170, math.inf, -1.0, 10**400])
def test_a_precision_beyond_what_can_be_counted_is_refused(precision: float) -> None:
    with pytest.raises(InvalidCall, match="cannot be a precision"):
        Estimator(make)("qubit q;", "Z", precision=precision)


@pytest.mark.parametrize("coefficient", [1e300, -1e10, 10**400])
def test_a_coefficient_beyond_what_can_be_counted_is_refused(coefficient: float) -> None:
    with pytest.raises(InvalidCall, match=r"coefficient of Z is beyond 1e\+09"):
        Estimator(make)("qubit q;", {"Z": coefficient})


def test_no_precision_and_coefficient_are_too_far_apart_to_be_told_what_would_do() -> None:
    with pytest.raises(InvalidCall, match="at most 100,000") as caught:
        Estimator(make)("qubit q;", {"Z": 1e9}, precision=1e-9)
    assert "precision of 3.2e+06" in str(caught.value.remedy)


def test_a_precision_that_takes_too_many_shots_is_told_what_would_do() -> None:
    with pytest.raises(InvalidCall, match=r"0\.0032") as caught:
        Estimator(make)(ansatz(), "ZZZ", [0.1] * 3, 0.001)
    Estimator(make).later(ansatz(), "ZZZ", [0.1] * 3, 0.0032)
    assert "1,000,000" in caught.value.detail
