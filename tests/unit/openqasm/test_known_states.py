"""Gates that qubits' known states spare are not counted as needed."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector, partial_trace

from bellpair_core.openqasm import check_program
from bellpair_core.openqasm.known_states import KnownStates

EXAMPLES = Path(__file__).parents[3] / "examples"
SINGLE = ("id", "h", "x", "y", "z", "s", "tdg", "rz", "sx")
PAIRS = ("cx", "cy", "cz", "ch", "cp", "crz", "swap")
STATES = {"0": [1, 0], "1": [0, 1], "+": [1, 1], "-": [1, -1]}


def needed(body: str) -> int:
    head = 'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; bit[3] c;'
    return check_program(f"{head} {body} c = measure q;").shape.needed_two_qubit_gates


@pytest.mark.parametrize("seed", range(60))
def test_what_is_said_of_states_is_so(seed: int) -> None:
    draw = random.Random(seed)
    circuit, states, interacted = QuantumCircuit(3), KnownStates(3), False
    for _ in range(12):
        name, qubits = draw.choice(SINGLE), [draw.randrange(3)]
        if draw.random() < 0.5:
            name, qubits = draw.choice(PAIRS), draw.sample(range(3), 2)
        angles = [0.7] if name in ("rz", "cp", "crz") else []
        getattr(circuit, name)(*angles, *qubits)
        interacted |= states.needs(name, qubits)
        state = Statevector(circuit)
        for qubit, known in enumerate(states.known):
            assert not known or is_in(state, qubit, STATES[known]), (circuit, qubit, known)
            rest = [other for other in range(3) if other != qubit]
            assert interacted or partial_trace(state, rest).purity() == pytest.approx(1)


def is_in(state: Statevector, qubit: int, expected: list[int]) -> bool:
    """Whether the qubit is in this state, whatever the others are in."""
    amplitudes = np.moveaxis(np.asarray(state).reshape((2, 2, 2)), 2 - qubit, 0).reshape(2, 4)
    across = np.array([-expected[1], expected[0]])
    return bool(np.allclose(across @ amplitudes, 0, atol=1e-9))


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("cx q[0], q[1];", 0),
        ("h q[0]; cx q[0], q[1]; cx q[1], q[2];", 2),
        ("x q[0]; cx q[0], q[1]; cx q[1], q[2];", 0),
        ("h q[0]; x q[1]; cp(0.3) q[0], q[1];", 0),
        ("h q[0]; h q[1]; cp(0.3) q[0], q[1];", 2),
        ("h q[0]; h q[1]; cx q[0], q[1];", 0),
        ("h q[0]; x q[1]; h q[1]; cx q[0], q[1]; h q[0]; cx q[0], q[2];", 0),
        ("h q[0]; swap q[0], q[1]; cx q[0], q[2]; cx q[1], q[2];", 1),
        ("rx(0.2) q[0]; cx q[0], q[1]; reset q[0]; cx q[0], q[1];", 1),
        ("gate own a, b { cx a, b; cx b, a; } own q[0], q[1];", 2),
    ],
)
def test_gates_that_are_needed_are_counted(body: str, left: int) -> None:
    assert needed(body) == left


def test_a_transform_of_a_number_needs_no_pair() -> None:
    shape = check_program((EXAMPLES / "qft5.qasm").read_text()).shape

    assert shape.two_qubit_gates == 26
    assert shape.needed_two_qubit_gates == 0
