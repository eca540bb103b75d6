"""Compiled programs: their text, what they measure and what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

MEASURED = "measure_ff"
"""What measures a qubit within a program; its parameter is the key under which the result is."""


class Operation(NamedTuple):
    """One gate on qubits of the device; ``params`` are angles in radians."""

    name: str
    params: tuple[float, ...]
    qubits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CompiledProgram:
    """A program as its device takes it.

    Attributes
    ----------
    program
        OpenQASM 3 as Amazon Braket accepts it: no includes; for a QPU one verbatim box of
        native gates on physical qubits, for a simulator gates on one register ``q``.
    bits
        For each classical bit of the source (registers in the order of their declaration,
        bit 0 of the first one first) the device qubit that is measured into it; ``None``
        where nothing is measured into the bit, which then reads 0. Two bits may name the
        same qubit.

        Counts come from a task's result in this way: the value of bit ``i`` in a shot is the
        shot's measurement in the column at which ``bits[i]`` stands in the result's
        ``measuredQubits``, or 0 for ``None``; a bit string has one character for each bit,
        the rightmost for bit 0. The program's own classical bits (``b``) play no part.
    calibration_id
        The calibration that the program was compiled against.
    depth
        Layers of gates, where gates on different qubits may share a layer.
    one_qubit_gates, two_qubit_gates
        Gates by size; the second number has those on three qubits too (on simulators).
    layout
        For each qubit of the source, in the order of declaration, the device qubit that it
        starts on; ``None`` for one that the program never uses. Routing may move it: where
        it is measured is said by ``bits``.
    estimated_success
        Probability that no gate, wait or readout errs, by the calibration
        (`bellpair_quantum.score`); 1.0 for simulators. Where the calibration was not trusted,
        by the medians of its rates.
    operations
        The program's gates, in order.
    notes
        What else `metrics` tells: how the program was come by.
    """

    program: str
    bits: tuple[int | None, ...]
    calibration_id: str
    depth: int
    one_qubit_gates: int
    two_qubit_gates: int
    layout: tuple[int | None, ...]
    estimated_success: float
    operations: tuple[Operation, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the program's text, hexadecimal."""
        return sha256(self.program.encode()).hexdigest()

    @property
    def metrics(self) -> dict[str, Any]:
        """Everything but the program and its bits, ready for JSON."""
        return {
            "depth": self.depth,
            "one_qubit_gates": self.one_qubit_gates,
            "two_qubit_gates": self.two_qubit_gates,
            "layout": list(self.layout),
            "estimated_success": self.estimated_success,
            "calibration_id": self.calibration_id,
            "digest": self.digest,
            "native_two_qubit_gates": self.two_qubit_gates,
            **self.notes,
        }


def depth(operations: Iterable[Operation]) -> int:
    """Length of the longest chain of operations that share qubits."""
    layer: dict[int, int] = {}
    for operation in operations:
        below = max(layer.get(qubit, 0) for qubit in operation.qubits)
        layer.update(dict.fromkeys(operation.qubits, below + 1))
    return max(layer.values(), default=0)
