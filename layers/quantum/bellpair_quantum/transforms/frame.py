"""Writing a program again with more rotations in it, and no more pulses than needed.

Rotations put in between the program's gates wait until the next pulse on their qubit, and become
part of it; only where a two-qubit gate comes first they take a pulse of their own, unless they are
about Z, which costs nothing (`bellpair_quantum.native`). The program's own pulses are not joined
with one another, because folding repeats them on purpose.
"""

from __future__ import annotations

from collections import defaultdict

from bellpair_quantum.native import Rotations, to_native
from bellpair_quantum.program import Operation
from bellpair_quantum.transforms.rotations import (
    IDENTITY,
    Matrix,
    about_z,
    euler,
    product,
    pulse,
)


class Frame:
    """Takes operations and rotations in order, and writes native operations.

    Parameters
    ----------
    rotations
        What one-qubit gates are written in.
    """

    def __init__(self, rotations: Rotations) -> None:
        self._rotations = rotations
        self._written: list[Operation] = []
        self._waiting: defaultdict[int, Matrix] = defaultdict(lambda: IDENTITY)
        self._holding: set[int] = set()

    def operation(self, operation: Operation) -> None:
        """One of the program's own native operations."""
        if len(operation.qubits) == 1:
            (qubit,) = operation.qubits
            if qubit in self._holding:
                self._write(qubit)
            self.rotate(qubit, pulse(operation))
            self._holding.add(qubit)
        elif operation.name == "ms":
            # ms(p, q, theta) is rxx(theta) between rotations about Z by -p and -q, and back.
            *phases, angle = operation.params
            for qubit, phi in zip(operation.qubits, phases, strict=True):
                self.rotate(qubit, about_z(-phi))
            self._pair(Operation("rxx", (angle,), operation.qubits))
            for qubit, phi in zip(operation.qubits, phases, strict=True):
                self.rotate(qubit, about_z(phi))
        else:
            name = "rzz" if operation.name == "zz" else operation.name
            self._pair(Operation(name, operation.params, operation.qubits))

    def rotate(self, qubit: int, matrix: Matrix) -> None:
        """A rotation beside the program's own."""
        self._waiting[qubit] = product(matrix, self._waiting[qubit])

    def operations(self) -> list[Operation]:
        """What was taken, in native gates, but for rotations about Z at the end."""
        for qubit in sorted(self._waiting):
            self._write(qubit)
        native, _ = to_native(self._written, self._rotations)
        return native

    def _pair(self, operation: Operation) -> None:
        for qubit in operation.qubits:
            self._write(qubit)
        self._written.append(operation)

    def _write(self, qubit: int) -> None:
        self._written.append(Operation("u", euler(self._waiting.pop(qubit, IDENTITY)), (qubit,)))
        self._holding.discard(qubit)
