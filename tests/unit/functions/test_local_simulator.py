"""The simulator in this process agrees with Qiskit's, and Braket's gates with Braket's."""

from __future__ import annotations

import math
import random

import pytest
from braket.circuits import Circuit, Gate, Instruction
from braket.circuits.serialization import IRType
from qiskit import QuantumCircuit, qasm2, qasm3
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.quantum_info import Operator, Statevector

from bellpair.braket_export import preamble
from bellpair.functions.errors import InvalidCall
from bellpair.functions.statevector import sampled_counts
from bellpair_core.openqasm import check_program

from .unitaries import same_up_to_phase, unitary_of

GATES = [
    "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "p", "rx", "ry", "rz", "u", "cx",
    "cy", "cz", "ch", "csx", "cp", "crx", "cry", "crz", "cu", "swap", "ccx", "ccz", "cswap",
    "rxx", "ryy", "rzz", "rzx", "ecr", "iswap", "dcx",
]  # fmt: skip


def chosen_circuit(seed: int) -> QuantumCircuit:
    choice = random.Random(seed)
    known = get_standard_gate_name_mapping()
    circuit = QuantumCircuit(4)
    for _ in range(20):
        gate = known[choice.choice(GATES)].to_mutable()
        gate.params = [choice.uniform(-7, 7) for _ in gate.params]
        circuit.append(gate, choice.sample(range(4), gate.num_qubits))
    return circuit


@pytest.mark.parametrize("seed", range(5))
def test_exported_circuits_mean_what_they_mean_to_qiskit(seed: int) -> None:
    circuit = chosen_circuit(seed)
    expected = Operator(circuit.reverse_bits()).data

    assert same_up_to_phase(unitary_of(qasm3.dumps(circuit)), expected)
    assert same_up_to_phase(unitary_of(qasm2.dumps(circuit)), expected)


def test_modifiers_definitions_constants_and_broadcasts_are_read() -> None:
    source = """OPENQASM 3; include "stdgates.inc"; // a comment with gate x y { }
    const float a = pi / 4; gate half(t) u, v { cx u, v; inv @ rz(t/2) v; ctrl @ x v, u; }
    qubit[2] q; qubit r; h q; half(3*a) q[1], r; ctrl(2) @ inv @ s q[0], q[1], r;
    pow(3) @ t r; negative_free_gphase: ;""".replace("negative_free_gphase: ;", "")
    circuit = QuantumCircuit(3)
    circuit.h([0, 1])
    circuit.cx(1, 2)
    circuit.rz(-3 * math.pi / 8, 2)
    circuit.cx(2, 1)
    circuit.mcp(-math.pi / 2, [0, 1], 2)
    circuit.p(3 * math.pi / 4, 2)

    assert same_up_to_phase(unitary_of(source), Operator(circuit.reverse_bits()).data)


def test_counts_have_bit_0_at_the_right_and_depend_on_the_seed_alone() -> None:
    source = """OPENQASM 3; include "stdgates.inc"; qubit[3] q; bit[2] a; bit[2] b;
    x q[0]; h q[1]; a[0] = measure q[0]; b[1] = measure q[1];"""
    counts = sampled_counts(source, 1000, 5)

    assert set(counts) == {"0001", "1001"}
    assert counts == sampled_counts(source, 1000, 5)
    assert counts != sampled_counts(source, 1000, 6)


def test_probabilities_are_those_of_the_state() -> None:
    circuit = chosen_circuit(3)
    expected = Statevector(circuit).probabilities_dict()
    circuit.measure_all()
    counts = sampled_counts(qasm3.dumps(circuit), 200_000, 1)

    assert all(abs(counts.get(bits, 0) / 2e5 - p) < 0.01 for bits, p in expected.items())


@pytest.mark.parametrize(
    "source",
    [
        "qubit q; bit c; for int i in [0:3] U(0,0,i) q; c = measure q;",
        "qubit q; bit c; c = measure q; U(1,0,0) q;",
        "qubit q; bit c; bogus q; c = measure q;",
        "qubit[2] q; bit c; c = measure q[7];",
        "qubit q; bit c; U(nonsense,0,0) q; c = measure q;",
        "qubit q; U(1,0,0) q;",
        "qubit[30] q; bit c; c = measure q[0];",
        "#pragma braket noise bit_flip(0.1) q[0]\nqubit q; bit c; c = measure q;",
    ],
)
def test_what_is_not_simulated_is_refused(source: str) -> None:
    with pytest.raises(InvalidCall):
        sampled_counts(source, 10, 0)


BRAKET = [
    Gate.I(), Gate.Si(), Gate.Ti(), Gate.V(), Gate.Vi(), Gate.PhaseShift(0.3), Gate.GPi(0.7),
    Gate.GPi2(0.7), Gate.PRx(0.3, 1.1), Gate.CNot(), Gate.CV(), Gate.CCNot(), Gate.CSwap(),
    Gate.CPhaseShift(0.3), Gate.CPhaseShift00(0.3), Gate.CPhaseShift01(0.3),
    Gate.CPhaseShift10(0.3), Gate.ECR(), Gate.ISwap(), Gate.PSwap(0.4), Gate.XX(0.4),
    Gate.YY(0.4), Gate.ZZ(0.4), Gate.XY(0.4), Gate.MS(0.1, 0.9, 0.4), Gate.U(0.1, 0.2, 0.3),
    Gate.H(), Gate.CY(), Gate.CZ(), Gate.Swap(), Gate.Rx(0.2), Gate.Ry(0.2), Gate.Rz(0.2),
]  # fmt: skip


@pytest.mark.parametrize("gate", BRAKET, ids=lambda gate: gate.name)
def test_brakets_gates_are_defined_as_braket_means_them(gate: Gate) -> None:
    circuit = Circuit().add_instruction(Instruction(gate, range(gate.qubit_count)))
    body = circuit.to_ir(IRType.OPENQASM).source.removeprefix("OPENQASM 3.0;\n")

    assert same_up_to_phase(unitary_of(preamble(body) + body), gate.to_matrix())
    assert check_program(preamble(body) + body).obstacle is None
