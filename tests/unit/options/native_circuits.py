"""Random native programs, and what they mean as matrices."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import pi
from typing import Any

import numpy as np
from braket.default_simulator import gate_operations

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.program import Operation

WIDTH = 3
_GATES = {
    "prx": gate_operations.PRx,
    "gpi": gate_operations.GPi,
    "gpi2": gate_operations.GPi2,
    "ms": gate_operations.MS,
    "zz": gate_operations.ZZ,
    "cz": gate_operations.CZ,
}
SPECIAL = (0.0, pi / 2, -pi / 2, pi, -pi)


def device(entangler: str, **changes: Any) -> DeviceTarget:
    """A device of three connected qubits; ``cz`` goes with ``prx``, the others with ``gpi``."""
    rotations = ("prx",) if entangler == "cz" else ("gpi", "gpi2")
    values: dict[str, Any] = {
        "device": "three",
        "kind": "qpu",
        "qubits": range(WIDTH),
        "native_gates": (*rotations, entangler),
        "one_qubit_error": {0: 0.001, 1: 0.0005, 2: 0.002},
        "two_qubit_error": {"0-1": 0.006, "0-2": 0.01, "1-2": 0.004},
        "one_qubit_us": 0.04,
        "two_qubit_us": 0.06,
        "calibration_id": "noon",
    }
    return DeviceTarget(**values | changes)


def native_program(entangler: str, seed: int, gates: int = 12) -> list[Operation]:
    """Gates at random, runs on one pair and on one qubit among them."""
    dice = random.Random(seed)

    def angle() -> float:
        return dice.choice((*SPECIAL, dice.uniform(-pi, pi)))

    program = []
    for _ in range(gates):
        a, b = dice.sample(range(WIDTH), 2)
        if dice.random() < 0.5:
            if entangler == "cz":
                program.append(Operation("prx", (abs(angle()), angle()), (a,)))
            else:
                program.append(Operation(dice.choice(("gpi", "gpi2")), (angle(),), (a,)))
        elif entangler == "cz":
            program.append(Operation("cz", (), (a, b)))
        elif entangler == "zz":
            program.append(Operation("zz", (dice.uniform(-pi / 2, pi / 2),), (a, b)))
        else:
            angles = (angle(), angle(), dice.choice((pi / 2, dice.uniform(0.1, pi / 2))))
            program.append(Operation("ms", angles, (a, b)))
    return program


def unitary(operations: Sequence[Operation]) -> np.ndarray:
    """Qubit 0 is the index's most significant bit."""
    state = np.eye(2**WIDTH, dtype=complex).reshape((2,) * WIDTH + (-1,))
    for name, params, qubits in operations:
        matrix = _GATES[name](qubits, *params).matrix.reshape((2,) * (2 * len(qubits)))
        axes = list(range(len(qubits), 2 * len(qubits)))
        state = np.moveaxis(
            np.tensordot(matrix, state, axes=(axes, qubits)), range(len(qubits)), qubits
        )
    return state.reshape(2**WIDTH, -1)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal up to a global phase."""
    return bool(abs(abs(np.trace(one.conj().T @ other)) - len(one)) < 1e-8)


def same_before_measurement(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal up to rotations about Z of single qubits at the end, and a global phase."""
    change = other @ one.conj().T
    phases = np.diag(change)
    if not np.allclose(np.abs(phases), 1, atol=1e-8):
        return False
    # A product of rotations has the phases of the single flips, added up.
    single = [phases[2 ** (WIDTH - 1 - qubit)] / phases[0] for qubit in range(WIDTH)]
    expected = [
        np.prod([single[q] for q in range(WIDTH) if index >> (WIDTH - 1 - q) & 1])
        for index in range(2**WIDTH)
    ]
    return bool(np.allclose(phases / phases[0], expected, atol=1e-7))
