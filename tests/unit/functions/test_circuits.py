"""Circuits of each kind become text with their parameters' values in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from braket.circuits import Circuit, FreeParameter, Observable
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2, qaoa_ansatz
from qiskit.quantum_info import Operator, SparsePauliOp

from bellpair import Client
from bellpair.functions.circuits import bare_template, sampled_template
from bellpair.functions.errors import InvalidCall
from bellpair.functions.template import Template
from bellpair.programs import openqasm_source
from bellpair_core.openqasm import check_program, flatten_program

from .unitaries import same_up_to_phase, unitary_of

TEXT = """OPENQASM 3; // input float ghost;
include "stdgates.inc";
input float[64] b; input angle a; input int[32] n;
qubit[2] q; qubit r;
rx(a * n) q[0]; ry(b) q[1]; cx q[0], r;
"""


def qiskit_circuits() -> dict[str, QuantumCircuit]:
    theta, gamma = ParameterVector("θ", 3), Parameter("gamma")
    expressions = QuantumCircuit(3, global_phase=gamma)
    expressions.ry(theta[0] / 3, 0)
    expressions.rz(2 * theta[1] + gamma.sin(), 1)
    expressions.rzz(gamma, 0, 1)
    expressions.crx(theta[2] * gamma, 0, 2)
    expressions.u(gamma, 1 / 3, -gamma, 2)
    inner = QuantumCircuit(2, name="inner")
    inner.rx(gamma, 0)
    inner.cx(0, 1)
    composite = QuantumCircuit(3)
    composite.append(inner.to_gate(), [2, 0])
    composite.ry(theta[0], 1)
    loop = QuantumCircuit(3)
    with loop.for_loop(range(2)):
        loop.rx(gamma, 0)
    two = QuantumCircuit(QuantumRegister(1, "a"), QuantumRegister(2, "b"))
    two.rx(gamma, 2)
    two.cx(2, 0)
    return {
        "expressions": expressions,
        "composite": composite,
        "registers": two,
        "evolution": qaoa_ansatz(SparsePauliOp(["ZZI", "IZZ"]), reps=1),
        "opaque": loop,
        "library": efficient_su2(3, reps=1),
        "fixed": qaoa_ansatz(SparsePauliOp("ZZI"), reps=1).assign_parameters([0.1, 0.2]),
    }


@pytest.mark.parametrize("name", qiskit_circuits())
def test_a_qiskit_circuit_is_written_with_its_values(name: str) -> None:
    circuit = qiskit_circuits()[name]
    template = bare_template(circuit)
    values = np.linspace(-2, 3, len(template.parameters)).tolist()
    bound = circuit.assign_parameters(values)

    assert template.parameters == tuple(one.name for one in circuit.parameters)
    text = template.write(values)
    check_program(template.measured_in(text, "XYZ"))
    if name != "opaque":  # which has a loop
        assert same_up_to_phase(unitary_of(text), Operator(bound.reverse_bits()).data)


def test_a_circuit_that_was_changed_is_written_anew() -> None:
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("a"), 0)
    before = bare_template(circuit).write([0.5])

    assert bare_template(circuit) is bare_template(circuit)
    circuit.data[0] = circuit.data[0].replace(operation=QuantumCircuit(1).rx(0.25, 0)[0].operation)
    assert bare_template(circuit).parameters == ()
    assert bare_template(circuit).write([]) != before


def test_a_measured_qiskit_circuit_keeps_its_registers() -> None:
    circuit = QuantumCircuit(QuantumRegister(2, "q"), ClassicalRegister(1, "a"))
    circuit.add_register(ClassicalRegister(2, "b"))
    circuit.rx(Parameter("t"), 0)
    circuit.measure([0, 1], [2, 0])
    text = sampled_template(circuit).write([0.5])

    assert check_program(text).num_bits == 3
    assert "rx(0.5)" in text


def test_openqasm_text_declares_its_parameters() -> None:
    template = bare_template(TEXT)
    text = template.write([0.5, -0.25, 2.0])

    assert template.parameters == ("b", "a", "n")
    assert template.qubits == ("q[0]", "q[1]", "r")
    assert "const float[64] b = 0.5;" in text
    assert "const int[32] n = 2;" in text
    measured = template.measured_in(text, "ZIX")
    assert check_program(measured).num_measurements == 2
    assert flatten_program(measured).text.count("measure r[0]") == 1


def test_an_integer_parameter_takes_whole_numbers() -> None:
    with pytest.raises(InvalidCall, match="integer"):
        bare_template(TEXT).write([0.5, -0.25, 2.5])


def test_openqasm_2_is_measured_in_its_own_words() -> None:
    template = bare_template('OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; h q[1];')

    assert check_program(template.measured_in(template.write([]), "YI")).version == "2.0"


def braket_circuit() -> Circuit:
    a, b = FreeParameter("a"), FreeParameter("h")
    return Circuit().h(0).rx(1, b).rz(0, 2 * a + 0.25).cnot(0, 1).xx(0, 1, -b).v(1)


def test_a_braket_circuit_is_written_with_its_values_in_the_order_of_their_names() -> None:
    template = bare_template(braket_circuit())
    text = template.write([-0.5, 0.75])
    expected = braket_circuit()(a=-0.5, h=0.75).to_unitary()

    assert template.parameters == ("a", "h")
    assert same_up_to_phase(unitary_of(text), expected)
    check_program(template.measured_in(text, "XY"))


def test_a_braket_circuit_is_sampled_with_its_own_measurements_or_all() -> None:
    some = Circuit().h(0).cnot(0, 1).measure(1)

    assert check_program(sampled_template(some).write([])).num_measurements == 1
    assert check_program(sampled_template(braket_circuit()).write([1, 2])).num_measurements == 2


def test_a_braket_circuit_can_be_submitted_as_it_is() -> None:
    source = openqasm_source(Circuit().h(0).cnot(0, 1).v(1))

    assert check_program(source).num_gates == 3


def test_a_measurement_inside_of_an_instruction_counts() -> None:
    inner = QuantumCircuit(1, 1)
    inner.measure(0, 0)
    circuit = QuantumCircuit(1, 1)
    circuit.append(inner.to_instruction(), [0], [0])

    with pytest.raises(InvalidCall, match=r"decompose\(\)"):
        sampled_template(circuit)
    assert "measure" in sampled_template(circuit.decompose()).write([])
    with pytest.raises(InvalidCall, match="measurements"):
        bare_template(circuit)


def no_measurement() -> QuantumCircuit:
    return QuantumCircuit(1, 1)


def measured() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    return circuit


@pytest.mark.parametrize(
    ("template", "circuit", "told"),
    [
        (sampled_template, no_measurement(), "measure_all"),
        (sampled_template, "qubit q; U(0,0,0) q;", "measures nothing"),
        (sampled_template, 42, "not a program"),
        (sampled_template, "", "empty"),
        (sampled_template, None, "not a program"),
        (bare_template, measured(), "remove_final_measurements"),
        (bare_template, "qubit q; bit c; c = measure q;", "measurements"),
        (bare_template, Circuit().h(0).measure(0), "measurements"),
        (bare_template, Client, "not a program"),
    ],
)
def test_what_is_no_circuit_for_its_call_is_refused(template: Any, circuit: Any, told: str) -> None:
    with pytest.raises(InvalidCall, match=told):
        template(circuit)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("kind", ["qiskit", "text", "braket"])
def test_a_value_that_is_no_number_is_refused(kind: str, value: float) -> None:
    circuits: dict[str, Any] = {
        "qiskit": qiskit_circuits()["composite"],
        "text": TEXT,
        "braket": braket_circuit(),
    }
    template: Template = bare_template(circuits[kind])
    with pytest.raises(InvalidCall, match="finite"):
        template.write([value] * len(template.parameters))


@pytest.mark.parametrize("template", [sampled_template, bare_template])
def test_brakets_result_types_are_refused(template: Any) -> None:
    with pytest.raises(InvalidCall, match="result types"):
        template(Circuit().h(0).expectation(Observable.Z(), 0))


def test_a_bad_circuit_is_a_value_error_too() -> None:
    with pytest.raises(ValueError, match="not a program"):
        sampled_template(object())
