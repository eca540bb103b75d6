"""What programs mean, as matrices."""

from __future__ import annotations

import numpy as np

from bellpair.functions.straight_line import applied, read_program


def unitary_of(source: str) -> np.ndarray:
    """The program's unitary; qubit 0 is the index's most significant bit."""
    program = read_program(source)
    state = np.eye(2**program.qubits, dtype=complex).reshape((2,) * program.qubits + (-1,))
    for matrix, qubits in program.gates:
        state = applied(matrix, qubits, state)
    return state.reshape(2**program.qubits, -1)


def same_up_to_phase(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(abs(abs(np.trace(one.conj().T @ other)) - len(one)) < 1e-9)
