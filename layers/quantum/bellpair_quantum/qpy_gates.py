"""What the gates of a circuit from a stranger come to, before anything is synthesized.

A file of a kilobyte can hold a gate whose synthesis takes gigabytes. So the gates of Qiskit's
library that are read are listed here, each with the most qubits that it may have and about as many
gates as it comes to; all others must bring a definition, which is looked into the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeGuard

from qiskit import QuantumCircuit
from qiskit.circuit import (
    Barrier,
    BreakLoopOp,
    ContinueLoopOp,
    ControlFlowOp,
    ControlledGate,
    Delay,
    Gate,
    Measure,
    Operation,
    Reset,
    library,
)
from qiskit.circuit.library import PauliEvolutionGate, get_standard_gate_name_mapping
from qiskit.synthesis import LieTrotter, SuzukiTrotter

from bellpair_quantum.errors import CompileError
from bellpair_quantum.sampled import MAX_GATES, MAX_NESTING, too_deep

MATRIX_QUBITS_MAX = 6
"""Qubits of a gate that is given by numbers, whose synthesis grows exponentially with them."""

WIDE_QUBITS_MAX = 64
"""Qubits of a gate whose synthesis grows with their square."""

_SUZUKI_ORDER_MAX = 8
_TERMS_MAX = 2000  # of a time evolution, which looks at all pairs of them


class _Wide(NamedTuple):
    """A gate of the library that has any number of qubits."""

    qubits_max: int
    gates: Callable[[int], int]


_BY_NUMBERS = _Wide(MATRIX_QUBITS_MAX, lambda width: 4**width)
_QUADRATIC = _Wide(WIDE_QUBITS_MAX, lambda width: 8 * width**2)
_WIDE = {
    **dict.fromkeys(
        (
            library.UnitaryGate,
            library.DiagonalGate,
            library.StatePreparation,
            library.HamiltonianGate,
            library.UCRXGate,
            library.UCRYGate,
            library.UCRZGate,
        ),
        _BY_NUMBERS,
    ),
    **dict.fromkeys(
        (
            library.MCXGate,
            library.MCPhaseGate,
            library.PermutationGate,
            library.QFTGate,
            library.PauliGate,
            library.LinearFunction,
        ),
        _QUADRATIC,
    ),
}
_STANDARD = frozenset(
    [
        *(gate.base_class for gate in get_standard_gate_name_mapping().values()),
        library.C3XGate,
        library.C4XGate,
        library.RVGate,
    ]
)
# Which of these may stand where is said when it is compiled.
_READ_TOO = frozenset([Measure, Reset, Delay, BreakLoopOp, ContinueLoopOp])
_DEFINED = frozenset([Gate, ControlledGate])


def require_bounded(circuit: QuantumCircuit) -> None:
    """Let pass a circuit whose gates all come to no more than a program may.

    Raises
    ------
    CompileError
        Naming the gate that is not read, too wide, or one too many.
    """
    _Looking().size_of(circuit, MAX_NESTING)


class _Looking:
    """Through a circuit, each definition once, however often it is used."""

    def __init__(self) -> None:
        # With the definitions themselves: what is let go of might leave its id to another.
        self._sizes: dict[int, tuple[QuantumCircuit, int]] = {}

    def size_of(self, circuit: QuantumCircuit, nesting: int) -> int:
        """How many gates a circuit comes to, all definitions written out."""
        size = 0
        for each in circuit.data:
            operation = each.operation
            if operation.num_qubits != len(each.qubits):
                raise CompileError(
                    "program-invalid",
                    f"Gate {operation.name} has {operation.num_qubits} qubits, and stands on "
                    f"{len(each.qubits)}.",
                    "Write the file again with qiskit.qpy.dump.",
                )
            size += self._size(operation, nesting)
            if size > MAX_GATES:
                raise CompileError(
                    "program-unsupported",
                    f"The program comes to more than {MAX_GATES:,} gates when its gates are "
                    f"written out, up to {operation.name}.",
                    "Use fewer gates.",
                )
        return size

    def _size(self, operation: Operation, nesting: int) -> int:
        kind = getattr(operation, "base_class", type(operation))
        if kind is Barrier or kind in _STANDARD:
            return 1
        if isinstance(operation, ControlFlowOp):
            return 1 + sum(self._inside(block, operation, nesting) for block in operation.blocks)
        if kind in _WIDE:
            return _checked_width(operation, _WIDE[kind])
        if kind is PauliEvolutionGate:
            return _evolution_size(operation)
        if kind in _DEFINED:
            return self._defined(operation, nesting)
        if kind in _READ_TOO:
            return 1
        raise CompileError(
            "program-unsupported",
            f"The circuit has the gate {operation.name} ({kind.__name__}), which is not read.",
            "Write it as smaller gates, as qiskit.transpile or QuantumCircuit.decompose do.",
        )

    def _defined(self, operation: Gate, nesting: int) -> int:
        if isinstance(operation, ControlledGate):
            self._size(operation.base_gate, nesting)
        definition = operation.definition
        if definition is None:
            return 1  # it is named as opaque when it is compiled
        if definition.num_qubits != operation.num_qubits:
            raise CompileError(
                "program-invalid",
                f"Gate {operation.name} has {operation.num_qubits} qubits, and its definition "
                f"{definition.num_qubits}.",
                "Write the file again with qiskit.qpy.dump.",
            )
        return self._inside(definition, operation, nesting)

    def _inside(self, circuit: QuantumCircuit, operation: Operation, nesting: int) -> int:
        if nesting == 0:
            raise too_deep(operation)
        if id(circuit) not in self._sizes:
            self._sizes[id(circuit)] = circuit, self.size_of(circuit, nesting - 1)
        return self._sizes[id(circuit)][1]


def _checked_width(operation: Operation, wide: _Wide) -> int:
    width = operation.num_qubits
    if width > wide.qubits_max:
        given = ", given by numbers" if wide is _BY_NUMBERS else ""
        raise CompileError(
            "program-unsupported",
            f"The circuit has the gate {operation.name} on {width} qubits{given}; the limit is "
            f"{wide.qubits_max} qubits.",
            "Write it as smaller gates, as qiskit.transpile does.",
        )
    return wide.gates(width)


def _evolution_size(gate: PauliEvolutionGate) -> int:
    """Of an evolution in time, by its product formula."""
    formula = gate.synthesis
    order, reps = getattr(formula, "order", None), getattr(formula, "reps", None)
    if (
        type(formula) not in (LieTrotter, SuzukiTrotter)
        or not _whole(order, _SUZUKI_ORDER_MAX)
        or not _whole(reps, MAX_GATES)
    ):
        raise CompileError(
            "program-unsupported",
            f"The circuit has the gate {gate.name} with {type(formula).__name__} of order {order} "
            f"and {reps} repetitions; only product formulas up to order {_SUZUKI_ORDER_MAX} are "
            "read.",
            "Use LieTrotter or SuzukiTrotter, or write it as smaller gates.",
        )
    operators: Sequence[Any] = gate.operator if isinstance(gate.operator, list) else [gate.operator]
    terms = sum(len(operator) for operator in operators)
    if terms > _TERMS_MAX:
        raise CompileError(
            "program-unsupported",
            f"The circuit has the gate {gate.name} of {terms:,} terms; the limit is "
            f"{_TERMS_MAX:,}.",
            "Divide it into several gates.",
        )
    stages = 1 if order == 1 else 2 * 5 ** (order // 2 - 1)
    # A term takes a rotation, and for each of its qubits two gates there and back at most.
    return int(terms * stages * reps * (1 + 4 * gate.num_qubits))


def _whole(number: object, most: int) -> TypeGuard[int]:
    return isinstance(number, int) and 1 <= number <= most
