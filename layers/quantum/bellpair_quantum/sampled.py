"""Circuits reduced to what a device samples: gates, then measurements."""

from __future__ import annotations

from dataclasses import dataclass

from qiskit import QuantumCircuit
from qiskit.circuit import Clbit, ControlFlowOp, Gate, Operation, Qubit

from bellpair_core.openqasm import ProgramLimits
from bellpair_quantum.errors import CompileError
from bellpair_quantum.feed_forward import CONDITIONAL
from bellpair_quantum.program import MEASURED

MAX_GATES = ProgramLimits().max_operations
"""Gates that a program may come to when its own definitions are written out."""

MAX_NESTING = 4 * ProgramLimits().max_depth
"""How deep gate definitions may lie within each other; modifiers add some of their own."""


@dataclass(frozen=True, slots=True)
class SampledCircuit:
    """A program as a circuit that ends in measurements.

    Attributes
    ----------
    circuit
        Only the qubits that the program uses. Each measured one is measured once, at the
        end, in ascending order, into classical bits 0, 1, …
    qubits
        For each qubit of ``circuit`` its number among the source's qubits.
    width
        Qubits of the source, used or not.
    bits
        For each classical bit of the source the qubit of ``circuit`` that it reads, or
        ``None``.
    """

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    width: int
    bits: tuple[int | None, ...]

    @property
    def measured(self) -> tuple[int, ...]:
        """Qubits of ``circuit`` that are measured, ascending."""
        return tuple(sorted({qubit for qubit in self.bits if qubit is not None}))


def sampled(circuit: QuantumCircuit) -> SampledCircuit:
    """Check that a circuit can be sampled and bring it into that form.

    A reset of a qubit that nothing was done to is left out; measuring a qubit again without
    a gate in between is the same measurement.

    Raises
    ------
    CompileError
        ``program-unsupported`` naming what a device cannot do (measurement before a gate,
        classical control, reset, delay, classical variables, physical qubits, opaque
        gates, too many gates), or
        ``program-invalid`` where nothing is measured.
    """
    _refuse_other_programs(circuit)
    gates, reads = _gates_and_reads(circuit)
    if not reads:
        raise CompileError(
            "program-invalid",
            "The program measures nothing, so it has no counts.",
            "Measure its qubits at the end: c = measure q; (OpenQASM 2: measure q -> c;).",
        )
    gates = _without_last_barriers(gates)
    used = {qubit for operation, qubits in gates if _acts(operation) for qubit in qubits}
    used.update(reads.values())
    kept = [qubit for qubit in circuit.qubits if qubit in used]
    place = {qubit: index for index, qubit in enumerate(kept)}
    bits = tuple(place[reads[bit]] if bit in reads else None for bit in circuit.clbits)
    measured = sorted({place[qubit] for qubit in reads.values()})

    reduced = QuantumCircuit(len(kept), len(measured))
    for operation, qubits in gates:
        targets = [place[qubit] for qubit in qubits if qubit in place]
        if targets:
            reduced.append(_fitting(operation, len(targets)), targets, copy=False)
    reduced.measure(measured, range(len(measured)))
    numbers = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    return SampledCircuit(
        reduced, tuple(numbers[qubit] for qubit in kept), circuit.num_qubits, bits
    )


def _refuse_other_programs(circuit: QuantumCircuit) -> None:
    names = [variable.name for variable in circuit.iter_vars()]
    if names:
        raise CompileError(
            "program-unsupported",
            f"The program has classical variables: {', '.join(sorted(names))}.",
            "Use parameters, whose values are given before it runs.",
        )
    if circuit.layout is not None:
        raise CompileError(
            "program-unsupported",
            "The program names physical qubits ($0, $1, …), which compiling would rename.",
            "Declare qubits instead: qubit[n] q;",
        )


Gates = list[tuple[Operation, tuple[Qubit, ...]]]
Reads = dict[Clbit, Qubit]


def _gates_and_reads(circuit: QuantumCircuit) -> tuple[Gates, Reads]:
    """The gates in order, and the qubit that each classical bit reads in the end."""
    gates: Gates = []
    reads: Reads = {}
    touched: set[Qubit] = set()
    measured: set[Qubit] = set()
    sizes: dict[tuple[str, int], int] = {}
    total = 0
    for instruction in circuit.data:
        operation, qubits = instruction.operation, instruction.qubits
        if operation.name == "measure":
            reads[instruction.clbits[0]] = qubits[0]
            measured.update(qubits)
            continue
        if operation.name == "barrier":
            gates.append((operation, qubits))
            continue
        if operation.name == "reset" and qubits[0] not in touched | measured:
            continue
        if operation.name not in (MEASURED, CONDITIONAL):
            _refuse_non_gate(operation)
        if early := [qubit for qubit in qubits if qubit in measured]:
            raise CompileError(
                "program-unsupported",
                f"Gate {operation.name} acts on {_label(circuit, early[0])} after its measurement.",
                "Move measurements to the end; measurement in mid-circuit is not supported.",
            )
        total += _gates_within(operation, sizes, MAX_NESTING)
        if total > MAX_GATES:
            raise CompileError(
                "program-unsupported",
                f"The program comes to more than {MAX_GATES:,} gates when its gate "
                "definitions are written out.",
                "Use fewer gates.",
            )
        touched.update(qubits)
        gates.append((operation, qubits))
    return gates, reads


def _without_last_barriers(gates: Gates) -> Gates:
    """Leave out barriers that no gate comes after: they keep nothing apart."""
    kept: Gates = []
    later: set[Qubit] = set()
    for operation, qubits in reversed(gates):
        if _acts(operation):
            later.update(qubits)
        elif later.isdisjoint(qubits):
            continue
        kept.append((operation, qubits))
    return kept[::-1]


_WHY = {
    "reset": "Reset in mid-circuit is not supported; use a fresh qubit.",
    "delay": "Take the delay out; timing is not supported.",
}


def _refuse_non_gate(operation: Operation) -> None:
    if isinstance(operation, ControlFlowOp):
        raise CompileError(
            "program-unsupported",
            f"The program uses classical control ({operation.name}).",
            "Write out loops, and take out conditions on measured bits.",
        )
    if not isinstance(operation, Gate):
        raise CompileError(
            "program-unsupported",
            f"The program uses {operation.name}, which is no gate.",
            _WHY.get(operation.name, "Use gates and final measurements only."),
        )


def _gates_within(operation: Operation, sizes: dict[tuple[str, int], int], nesting: int) -> int:
    """How many gates an operation comes to, counting a gate of Qiskit's library as one.

    Definitions that use one another twice double at each level: counting each just once
    finds that out without writing them out.
    """
    key = (operation.name, operation.num_qubits)
    if key not in sizes:
        sizes[key] = _size(operation, sizes, nesting) if _defined_in_program(operation) else 1
    return sizes[key]


def _size(operation: Operation, sizes: dict[tuple[str, int], int], nesting: int) -> int:
    if nesting == 0:
        raise too_deep(operation)
    if operation.definition is None:
        raise CompileError(
            "program-unsupported",
            f"Gate {operation.name} is opaque: it has no definition.",
            f"Define {operation.name} in terms of standard gates.",
        )
    inside = operation.definition.data
    return sum(_gates_within(each.operation, sizes, nesting - 1) for each in inside)


def too_deep(operation: Operation) -> CompileError:
    """The refusal of a gate whose definitions lie too deep within each other."""
    return CompileError(
        "program-unsupported",
        f"Gate definitions lie more than {MAX_NESTING} deep within each other, "
        f"down to {operation.name}.",
        "Write out some of the definitions.",
    )


def _defined_in_program(operation: Operation) -> bool:
    return not operation.base_class.__module__.startswith("qiskit.circuit.")


def _acts(operation: Operation) -> bool:
    return bool(operation.name != "barrier")


def _fitting(operation: Operation, width: int) -> Operation:
    """The same barrier on fewer qubits, where some are not used."""
    if operation.name == "barrier" and operation.num_qubits != width:
        return type(operation)(width)
    return operation


def _label(circuit: QuantumCircuit, qubit: Qubit) -> str:
    index, registers = circuit.find_bit(qubit)
    if not registers:
        return f"qubit {index}"
    register, place = registers[0]
    return f"{register.name}[{place}]"
