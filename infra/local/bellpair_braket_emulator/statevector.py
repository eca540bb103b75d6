"""A batch of state vectors, and gates fused before they reach it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .gates import PAULIS, Matrix

# Single precision halves the memory traffic that bounds the speed; its rounding error stays
# far below the sampling error of 100,000 shots.
AMPLITUDE = np.complex64
_PAULIS = [pauli.astype(AMPLITUDE) for pauli in PAULIS]


class StateBatch:
    """States of ``qubits`` qubits, all starting in |0...0>.

    The batch is the last axis, so that bringing a qubit's axis to the front copies whole runs
    of memory. Axes are not put back after a gate: ``axes`` remembers which qubit each stands
    for.
    """

    def __init__(self, qubits: int) -> None:
        self.qubits = qubits
        self.axes = list(range(qubits))
        self.amplitudes: NDArray[np.complex64] = np.zeros((2,) * qubits + (1,), AMPLITUDE)
        self.amplitudes.reshape(-1)[0] = 1

    def widen(self, size: int) -> None:
        """Make ``size`` copies of a single state."""
        if self.amplitudes.shape[-1] == 1 and size > 1:
            self.amplitudes = np.repeat(self.amplitudes, size, axis=-1)

    def apply(self, matrix: NDArray[np.complex64], targets: Sequence[int]) -> None:
        """Apply a matrix of shape (2**k, 2**k) to k qubits of every state."""
        front = [self.axes.index(qubit) for qubit in targets]
        order = front + [axis for axis in range(self.qubits) if axis not in front]
        shape = self.amplitudes.shape
        moved = self.amplitudes.transpose([*order, self.qubits]).reshape(len(matrix), -1)
        self.amplitudes = (matrix @ moved).reshape(shape)
        self.axes = [self.axes[axis] for axis in order]

    def apply_pauli(self, pauli: int, target: int, states: NDArray[np.intp]) -> None:
        """Apply Pauli 1 (X), 2 (Y) or 3 (Z) to one qubit of some states of the batch."""
        self.apply_to(_PAULIS[pauli], target, states)

    def apply_to(
        self, matrix: NDArray[np.complex64], target: int, states: NDArray[np.intp]
    ) -> None:
        """Apply a matrix of shape (2, 2) to one qubit of some states of the batch."""
        view = np.moveaxis(self.amplitudes, self.axes.index(target), 0)
        part = view[..., states]
        view[..., states] = np.tensordot(matrix, part, axes=(1, 0))

    def measure(self, target: int, draws: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Measure one qubit of every state, which collapses.

        Parameters
        ----------
        draws
            One number from 0 to 1 for each state, by which it is decided.
        """
        view = np.moveaxis(self.amplitudes, self.axes.index(target), 0)
        weights = np.square(np.abs(view)).reshape(2, -1, view.shape[-1]).sum(axis=1)
        ones = draws * weights.sum(axis=0) >= weights[0]
        view[0][..., ones] = 0
        view[1][..., ~ones] = 0
        view /= np.sqrt(np.where(ones, weights[1], weights[0]))
        return np.asarray(ones)

    def probabilities(self) -> NDArray[np.float32]:
        """Probabilities, shape (2**qubits, batch); qubit 0 is the most significant bit."""
        order = [self.axes.index(qubit) for qubit in range(self.qubits)]
        ordered = self.amplitudes.transpose([*order, self.qubits])
        flat = ordered.reshape(2**self.qubits, -1)
        return np.square(flat.real) + np.square(flat.imag)


class FusedGates:
    """Collects gates into two-qubit blocks and applies a block only when it must.

    Fewer, larger matrices mean fewer passes over the state.
    """

    def __init__(self, state: StateBatch) -> None:
        self.state = state
        self.blocks: dict[int, tuple[tuple[int, ...], Matrix]] = {}

    def add(self, matrix: Matrix, targets: tuple[int, ...]) -> None:
        """Take one gate of at most two qubits; larger ones are applied at once."""
        if len(targets) > 2:
            self.flush(targets)
            self.state.apply(matrix.astype(AMPLITUDE), targets)
            return
        held = {self.blocks[q][0] for q in targets if q in self.blocks}
        union = tuple(dict.fromkeys([*targets, *(q for pair in held for q in pair)]))
        if len(union) > 2:
            wide = [q for q in targets if q in self.blocks and len(self.blocks[q][0]) == 2]
            self.flush(wide)
            self.add(matrix, targets)
            return
        for pair in held:
            matrix = matrix_on(union, matrix, targets) @ matrix_on(
                union, self.blocks[pair[0]][1], pair
            )
            targets = union
        for qubit in targets:
            self.blocks[qubit] = (targets, matrix)

    def flush(self, qubits: Sequence[int] | None = None) -> None:
        """Apply the blocks that hold these qubits, or all of them."""
        for qubit in list(self.blocks) if qubits is None else qubits:
            if qubit in self.blocks:
                targets, matrix = self.blocks[qubit]
                for held in targets:
                    del self.blocks[held]
                self.state.apply(matrix.astype(AMPLITUDE), targets)


def matrix_on(order: tuple[int, ...], matrix: Matrix, targets: tuple[int, ...]) -> Matrix:
    """A gate's matrix on one or two qubits, rewritten for the qubits in ``order``."""
    if targets == order:
        return matrix
    if len(targets) == 1:
        identity = np.eye(2, dtype=np.complex128)
        if targets[0] == order[0]:
            return np.kron(matrix, identity).astype(np.complex128)
        return np.kron(identity, matrix).astype(np.complex128)
    return matrix.reshape(2, 2, 2, 2).transpose(1, 0, 3, 2).reshape(4, 4)
