"""Measurements in mid-circuit, and what follows from them, written for devices that feed forward.

Such a device measures a qubit within a program and keeps what it reads under a key, and does
one-qubit gates where 1 was kept. It returns only what is measured at the end, so a result that is
wanted, of a qubit that is used again, is copied to a qubit of its own.

All else follows: a reset is a measurement and a flip where 1 was read; a gate that is done where
0 was read is done in any case, and undone where 1 was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import pi
from typing import NamedTuple, NoReturn

from qiskit import QuantumCircuit
from qiskit.circuit import (
    CircuitInstruction,
    ClassicalRegister,
    Clbit,
    Gate,
    IfElseOp,
    Instruction,
    Operation,
    Qubit,
)
from qiskit.circuit.exceptions import CircuitError
from qiskit.circuit.library import UGate
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Operator
from qiskit.synthesis import OneQubitEulerDecomposer

from bellpair_quantum.errors import CompileError
from bellpair_quantum.program import MEASURED

CONDITIONAL = "cc_u"
"""What is the gate ``u`` where 1 was kept; its last parameter is the key."""

_FLIP = (pi, 0.0, pi)
_SUPPORTED = (
    "Write conditions on one measured bit, such as 'if (c[0] == 1) x q[1];', with gates on single "
    "qubits in them."
)
_ANGLES = OneQubitEulerDecomposer("U")


def has_feed_forward(circuit: QuantumCircuit) -> bool:
    """Whether the circuit was `lowered` to something that only some devices do."""
    return any(each.operation.name == MEASURED for each in circuit.data)


def lowered(circuit: QuantumCircuit) -> QuantumCircuit:
    """Write a circuit as gates, with those of this module, and measurements at its end.

    Qubits for results that are wanted later come after the circuit's own. What nothing needs to
    be known of before the end is measured there.

    Raises
    ------
    CompileError
        ``program-unsupported``, naming the statement: a condition on anything but one bit, or of
        anything but gates on single qubits.
    """
    return _Writer(circuit).written()


class _Measurement(NamedTuple):
    """What becomes of a measurement.

    Attributes
    ----------
    early
        Whether it has to be done where it stands.
    kept
        Whether its bit still has its result at the end.
    used_again
        Whether something is done to its qubit later.
    """

    early: bool
    kept: bool
    used_again: bool


class _Writer:
    """Writes one circuit."""

    def __init__(self, circuit: QuantumCircuit) -> None:
        self._source = circuit
        self._made = circuit.copy_empty_like()
        self._keys = 0
        # Of each bit, and of each qubit since nothing was done to it, the key of its result and
        # the qubit that was measured.
        self._of_bit: dict[Clbit, tuple[int, Qubit]] = {}
        self._of_qubit: dict[Qubit, int] = {}
        self._touched: set[Qubit] = set()
        self._reads: dict[Clbit, Qubit] = {}

    def written(self) -> QuantumCircuit:
        """The circuit."""
        fates = _fates(self._source)
        for number, each in enumerate(self._source.data):
            operation, name = each.operation, each.operation.name
            if name == "measure":
                self._measure(each, fates[number])
            elif name == "reset":
                self._reset(each.qubits[0])
            elif isinstance(operation, IfElseOp):
                self._if_else(operation, each.qubits)
            else:
                # What is not known here is refused where the circuit is read on.
                self._made.append(operation, each.qubits, each.clbits, copy=False)
                if name != "barrier":
                    self._touch(each.qubits)
        for bit, qubit in self._reads.items():
            self._made.measure(qubit, bit)
        return self._made

    def _append(self, operation: Operation, qubits: Sequence[Qubit]) -> None:
        self._made.append(operation, qubits, copy=False)

    def _touch(self, qubits: Sequence[Qubit]) -> None:
        self._touched.update(qubits)
        for qubit in qubits:
            self._of_qubit.pop(qubit, None)

    def _measure(self, each: CircuitInstruction, fate: _Measurement) -> None:
        qubit, bit = each.qubits[0], each.clbits[0]
        self._reads.pop(bit, None)
        self._of_bit.pop(bit, None)
        if fate.early:
            key = self._read_now(qubit)
            self._of_bit[bit] = (key, qubit)
            if fate.kept and fate.used_again:
                self._reads[bit] = self._copied(key, qubit)
                return
        if fate.kept:
            self._reads[bit] = qubit

    def _read_now(self, qubit: Qubit) -> int:
        """The key of what the qubit is measured to be now."""
        key = self._of_qubit.get(qubit)
        if key is None:
            key = self._of_qubit[qubit] = self._keys
            self._keys += 1
            # No gate for Qiskit, which would multiply it with its neighbours.
            self._append(Instruction(MEASURED, 1, 0, [float(key)]), [qubit])
            self._touched.add(qubit)
        return key

    def _copied(self, key: int, qubit: Qubit) -> Qubit:
        copy = Qubit()
        self._made.add_bits([copy])
        self._conditional(_FLIP, copy, key, qubit)
        return copy

    def _reset(self, qubit: Qubit) -> None:
        if qubit not in self._touched:
            return
        key = self._read_now(qubit)
        self._conditional(_FLIP, qubit, key, qubit)
        self._touch([qubit])

    def _conditional(
        self, angles: tuple[float, float, float], qubit: Qubit, key: int, source: Qubit
    ) -> None:
        if qubit != source:
            # Nothing else says that the measurement comes first.
            self._made.barrier([source, qubit])
        self._append(Instruction(CONDITIONAL, 1, 0, [*angles, float(key)]), [qubit])

    def _if_else(self, operation: IfElseOp, qubits: Sequence[Qubit]) -> None:
        bit, value = _condition(operation)
        for body, wanted in zip(operation.params, (value, not value), strict=False):
            if body is not None:
                for angles, place in _gates(body):
                    self._where(bit, wanted, angles, qubits[place])

    def _where(
        self, bit: Clbit, value: bool, angles: tuple[float, float, float], qubit: Qubit
    ) -> None:
        """One gate where the bit has this value."""
        if bit not in self._of_bit:
            # What was never measured is 0.
            if not value:
                self._append(UGate(*angles), [qubit])
                self._touch([qubit])
            return
        key, source = self._of_bit[bit]
        if not value:
            self._append(UGate(*angles), [qubit])
            theta, phi, lam = angles
            angles = (-theta, -lam, -phi)
        self._conditional(angles, qubit, key, source)
        self._touch([qubit])


def _fates(circuit: QuantumCircuit) -> dict[int, _Measurement]:
    """What becomes of each measurement, by its place; read from the end."""
    found: dict[int, _Measurement] = {}
    busy: set[Qubit] = set()
    asked: set[Clbit] = set()
    written: set[Clbit] = set()
    for number in reversed(range(len(circuit.data))):
        each = circuit.data[number]
        operation = each.operation
        if operation.name == "measure":
            qubit, bit = each.qubits[0], each.clbits[0]
            again = qubit in busy
            found[number] = _Measurement(again or bit in asked, bit not in written, again)
            asked.discard(bit)
            written.add(bit)
        elif isinstance(operation, IfElseOp):
            asked.add(_condition(operation)[0])
            busy.update(each.qubits)
        elif operation.name != "barrier":
            busy.update(each.qubits)
    return found


def _condition(operation: IfElseOp) -> tuple[Clbit, bool]:
    """The one bit that is tested, and the value that it is to have."""
    condition = operation.condition
    if not isinstance(condition, tuple):
        _refuse("The program tests an expression with 'if'.")
    tested, value = condition
    if isinstance(tested, ClassicalRegister):
        if len(tested) != 1:
            _refuse(f"The program tests the {len(tested)} bits of {tested.name} at once.")
        tested = tested[0]
    return tested, bool(value)


def _gates(body: QuantumCircuit) -> Iterator[tuple[tuple[float, float, float], int]]:
    """Angles of ``u`` of each gate of a condition's body, and its qubit's place."""
    for each in body.data:
        name = each.operation.name
        if not isinstance(each.operation, Gate) or len(each.qubits) != 1:
            _refuse(f"The program does {name} on {len(each.qubits)} qubits under an 'if'.")
        try:
            matrix = Operator(each.operation).data
        except (QiskitError, CircuitError, TypeError) as error:
            raise CompileError(
                "program-unsupported",
                f"The gate {name} under an 'if' has no matrix with numbers.",
                "Give its parameters their values, and use standard gates there.",
            ) from error
        theta, phi, lam = _ANGLES.angles(matrix)
        yield (theta, phi, lam), body.find_bit(each.qubits[0]).index


def _refuse(what: str) -> NoReturn:
    raise CompileError("program-unsupported", what, _SUPPORTED)
