"""Native gates with virtual Z rotations are the unitary that they stand for."""

from __future__ import annotations

import random
from math import pi

import numpy as np
import pytest
from braket.default_simulator import gate_operations
from qiskit import QuantumCircuit
from qiskit.circuit.library import CZGate, RXXGate, RZZGate, UGate
from qiskit.quantum_info import Operator

from bellpair_quantum.native import Rotations, to_native
from bellpair_quantum.program import Operation

WIDTH = 3
QISKIT = {"u": UGate, "cz": CZGate, "rxx": RXXGate, "rzz": RZZGate}
BRAKET = {
    "prx": gate_operations.PRx,
    "gpi": gate_operations.GPi,
    "gpi2": gate_operations.GPi2,
    "ms": gate_operations.MS,
    "zz": gate_operations.ZZ,
    "cz": gate_operations.CZ,
    "rz": gate_operations.RotZ,
}
SPECIAL = (0.0, pi / 2, -pi / 2, pi, -pi, 3 * pi / 2, 2 * pi, 2.5, -0.3, 9.0, 1e-12)


def random_gates(entangler: str, seed: int) -> list[Operation]:
    dice = random.Random(seed)

    def angle() -> float:
        return dice.choice((*SPECIAL, dice.uniform(-10, 10)))

    gates = []
    for _ in range(20):
        a, b = dice.sample(range(WIDTH), 2)
        gates.append(Operation("u", (angle(), angle(), angle()), (a,)))
        gates.append(Operation(entangler, () if entangler == "cz" else (angle(),), (a, b)))
    return gates


def by_qiskit(gates: list[Operation]) -> np.ndarray:
    circuit = QuantumCircuit(WIDTH)
    for name, params, qubits in gates:
        circuit.append(QISKIT[name](*params), qubits)
    # Qiskit's qubit 0 is the least significant bit, Braket's the most significant.
    return Operator(circuit.reverse_bits()).data


def by_braket(gates: list[Operation]) -> np.ndarray:
    circuit = QuantumCircuit(WIDTH)
    for name, params, qubits in gates:
        matrix = BRAKET[name](qubits, *params).matrix
        circuit.unitary(matrix, list(reversed(qubits)))
    return Operator(circuit.reverse_bits()).data


def equal_up_to_phase(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.isclose(abs(np.vdot(one, other)), one.shape[0], atol=1e-6))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("rotations", ["prx", "gpi"])
@pytest.mark.parametrize("entangler", ["cz", "rxx", "rzz"])
def test_native_gates_and_the_pending_phases_make_the_same_unitary(
    rotations: Rotations, entangler: str, seed: int
) -> None:
    gates = random_gates(entangler, seed)

    native, phases = to_native(gates, rotations)

    pending = [Operation("rz", (angle,), (qubit,)) for qubit, angle in phases.items()]
    assert equal_up_to_phase(by_qiskit(gates), by_braket(native + pending))


@pytest.mark.parametrize("theta", SPECIAL)
@pytest.mark.parametrize(("rotations", "most"), [("prx", 1), ("gpi", 2)])
def test_a_one_qubit_gate_costs_at_most_what_its_angle_needs(
    rotations: Rotations, most: int, theta: float
) -> None:
    native, phases = to_native([Operation("u", (theta, 0.4, -1.1), (0,))], rotations)

    if abs(theta) < 1e-9 or theta == 2 * pi:
        assert native == []
        assert phases[0] == pytest.approx(0.4 - 1.1)
    elif theta in (pi / 2, -pi / 2, pi, -pi, 3 * pi / 2):
        assert len(native) == 1
    else:
        assert len(native) == most


@pytest.mark.parametrize("theta", [*SPECIAL, 1.6, -1.6, 3.0, 4.7])
@pytest.mark.parametrize(("entangler", "name"), [("rxx", "ms"), ("rzz", "zz")])
def test_entangling_angles_stay_within_a_quarter_turn(
    entangler: str, name: str, theta: float
) -> None:
    native, _ = to_native([Operation(entangler, (theta,), (0, 1))], "gpi")
    angles = [operation.params[-1] for operation in native if operation.name == name]
    assert len(angles) <= 1
    assert all(abs(angle) <= pi / 2 + 1e-9 for angle in angles)
    assert name == "zz" or all(angle >= 0 for angle in angles)


def test_a_gate_without_native_form_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="ccx"):
        to_native([Operation("ccx", (), (0, 1, 2))], "prx")
