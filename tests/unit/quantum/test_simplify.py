"""Fewer gates, the same measured distribution."""

from __future__ import annotations

import random
from math import pi

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector

from bellpair_quantum.program import Operation
from bellpair_quantum.rotations import angles_of, rotation_u
from bellpair_quantum.simplify import simplified


def u(qubit: int, *angles: float) -> Operation:
    return Operation("u", angles, (qubit,))


def cz(a: int, b: int) -> Operation:
    return Operation("cz", (), (a, b))


def rzz(angle: float, a: int, b: int) -> Operation:
    return Operation("rzz", (angle,), (a, b))


def rxx(angle: float, a: int, b: int) -> Operation:
    return Operation("rxx", (angle,), (a, b))


def h(qubit: int) -> Operation:
    return u(qubit, pi / 2, 0.0, pi)


def barrier(*qubits: int) -> Operation:
    return Operation("barrier", (), qubits)


def probabilities(gates: list[Operation], width: int, measured: set[int]) -> np.ndarray:
    circuit = QuantumCircuit(width)
    for name, params, qubits in gates:
        if name == "barrier":
            circuit.barrier(qubits)
        else:
            getattr(circuit, name)(*params, *qubits)
    return np.asarray(Statevector(circuit).probabilities(sorted(measured)))


def random_gates(dice: random.Random, width: int) -> list[Operation]:
    def angle() -> float:
        special = [0.0, pi, -pi, pi / 2, -pi / 2, 2 * pi, 1e-12, 1e-10]
        return dice.choice([*special, dice.uniform(-7, 7), dice.uniform(-7, 7)])

    kinds = dice.choice([["u", "cz"], ["u", "rxx"], ["u", "rzz"], ["u", "cz", "rxx", "rzz"]])
    gates = []
    for _ in range(dice.randint(1, 20)):
        a, b = dice.sample(range(width), 2)
        match dice.choice([*kinds, "barrier"] if dice.random() < 0.2 else kinds):
            case "u":
                gates.append(u(a, dice.choice([0.0, 0.0, pi, pi / 2, angle()]), angle(), angle()))
            case "cz":
                gates.append(cz(a, b))
            case "rzz":
                gates.append(rzz(angle(), a, b))
            case "rxx":
                gates.append(rxx(angle(), a, b))
            case _:
                gates.append(barrier(a, b))
    return gates


@pytest.mark.parametrize("block", range(8))
def test_random_gates_keep_their_distribution_and_never_grow(block: int) -> None:
    for seed in range(50 * block, 50 * block + 50):
        dice = random.Random(seed)
        width = dice.randint(2, 4)
        gates = random_gates(dice, width)
        measured = set(dice.sample(range(width), dice.randint(1, width)))
        fewer = simplified(gates, measured)
        assert sum(len(g.qubits) == 2 for g in fewer) <= sum(len(g.qubits) == 2 for g in gates)
        expected = probabilities(gates, width, measured)
        assert np.abs(probabilities(fewer, width, measured) - expected).max() < 1e-7, seed


@pytest.mark.parametrize(
    ("gates", "left"),
    [
        ([h(0), u(0, 0.3, 0.1, 0.2), u(0, 0.4, 0.5, 0.6), h(1), cz(0, 1), h(1)], 1),
        ([h(0), h(1), cz(0, 1), u(0, 0.0, 0.0, 0.4), cz(1, 0), h(0), h(1)], 0),
        ([h(0), h(1), h(2), cz(0, 1), cz(1, 2), cz(0, 1), h(0), h(1), h(2)], 1),
        ([h(0), h(1), rzz(0.3, 0, 1), rzz(0.4, 0, 1), h(0), h(1)], 1),
        ([h(0), h(1), rzz(0.3, 0, 1), rzz(pi - 0.3, 0, 1), h(0), h(1)], 0),
        ([rxx(0.3, 0, 1), u(0, 0.9, -pi / 2, pi / 2), rxx(0.4, 1, 0)], 1),
        ([cz(0, 1), h(1), cz(0, 1), h(0)], 0),
        ([u(0, pi, 0.0, pi), h(1), cz(0, 1), h(1)], 0),
        ([h(0), h(1), cz(0, 1)], 0),
        ([h(0), h(1), cz(0, 1), h(1), cz(1, 2)], 1),
        ([h(0), h(1), barrier(0, 1), cz(0, 1), barrier(0, 1), cz(0, 1), h(0), h(1)], 2),
        ([barrier(0, 1), cz(0, 1), h(0)], 1),
    ],
)
def test_two_qubit_gates_that_change_nothing_are_left_out(
    gates: list[Operation], left: int
) -> None:
    fewer = simplified(gates, {0, 1, 2})
    assert sum(gate.name in ("cz", "rzz", "rxx") for gate in fewer) == left


def test_what_no_measurement_sees_is_left_out() -> None:
    gates = [h(0), h(1), cz(0, 1), h(1), u(0, 0.3, 0.0, 0.0)]
    assert simplified(gates, {0}) != []
    assert simplified([h(0), h(1), cz(0, 1), h(0)], {2}) == []
    # A gate on a qubit that nothing sees any more is not needed for the other either.
    assert all(gate.qubits == (0,) for gate in simplified([h(0), h(1), cz(0, 1)], {0}))


@pytest.mark.parametrize("angles", [(0.3, 0.5, 0.7), (0.0, 0.4, 0.1), (pi, 0.4, 0.1), (-2, 3, 9)])
def test_rotations_tell_their_angles(angles: tuple[float, float, float]) -> None:
    rotation = rotation_u(*angles)
    again = rotation_u(*angles_of(rotation))
    turn = sum(one * other.conjugate() for one, other in zip(again, rotation, strict=True))
    assert abs(turn) == pytest.approx(1)
