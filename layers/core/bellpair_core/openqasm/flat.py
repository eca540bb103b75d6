"""A program written out: one gate after another, in OpenQASM 2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bellpair_core.openqasm.facts import ProgramFacts
from bellpair_core.openqasm.instances import Head, Instances, LateGate
from bellpair_core.openqasm.late_values import LateStep
from bellpair_core.openqasm.registers import Kind, Register


class FlatProgram(NamedTuple):
    """A program without loops, constants, expressions, aliases and modifiers.

    Attributes
    ----------
    text
        OpenQASM 2.0 with ``qelib1.inc``, which means what the source means up to a global
        phase. Its registers have the source's order and sizes, and its names where
        OpenQASM 2 allows them. X and phase gates with more controls than that library has
        are declared ``opaque``: ``mcx_<n>`` and ``mcp_<n>(angle)``, controls first; and so are
        gates with angles that follow from inputs, under names of their own.
    facts
        What checking the source tells.
    late_gates
        By such a name the gate that it stands for, with its angles.
    late_steps
        The numbers that follow from inputs, each computed from those before it.
    conditions
        By the name of an opaque gate on one qubit the condition under which the next application
        on its qubit is done.
    native
        The gates of its verbatim box, in order, for which there is no text; None where it has
        none.
    reads
        The qubit that each classical bit is measured from in the end, where there is one.
    """

    text: str
    facts: ProgramFacts
    late_gates: Mapping[str, LateGate] = {}
    late_steps: Sequence[LateStep] = ()
    conditions: Mapping[str, Condition] = {}
    native: Sequence[NativeGate] | None = None
    reads: Mapping[int, int] = {}


class Declared(NamedTuple):
    """A register as the program declares it."""

    kind: Kind
    name: str
    size: int


class Condition(NamedTuple):
    """The number of a classical bit, and the value that it is to have."""

    bit: int
    value: int


class NativeGate(NamedTuple):
    """One gate, or barrier, of a verbatim box, on physical qubits."""

    name: str
    params: tuple[float, ...]
    qubits: tuple[int, ...]


class Operation(NamedTuple):
    """An application, a measurement, a reset or a barrier, on registers element by element.

    An application on one qubit may have a condition.
    """

    head: Head
    operands: Sequence[Register]
    condition: Condition | None = None


MEASURE = Head("measure", (), 1)
BARRIER = Head("barrier", (), 1)
RESET = Head("reset", (), 1)


def flat_text(
    declared: Sequence[Declared], operations: Sequence[Operation], instances: Instances
) -> tuple[str, Mapping[str, Condition]]:
    """Write a program that was read, and tell its conditions by the names they have there."""
    labels: dict[Kind, list[str]] = {"qubit": [], "bit": []}
    registers: list[str] = []
    for kind, name, size in declared:
        free = instances.fresh(name)
        registers.append(f"{'qreg' if kind == 'qubit' else 'creg'} {free}[{size}];")
        labels[kind] += [f"{free}[{index}]" for index in range(size)]
    body: list[str] = []
    names: dict[Condition, str] = {}
    for operation in operations:
        marker = None
        if (condition := operation.condition) is not None:
            if condition not in names:
                names[condition] = instances.fresh(f"when_{condition.bit}_{condition.value}")
                instances.text.append(f"opaque {names[condition]} q;")
            marker = names[condition]
        body += _lines(operation, labels["qubit"], labels["bit"], instances, marker)
    # Writing the body may still have declared gates.
    head = ["OPENQASM 2.0;", 'include "qelib1.inc";', *instances.text, *registers]
    text = "\n".join((*head, *body, ""))
    return text, {name: condition for condition, name in names.items()}


def _lines(
    operation: Operation,
    qubits: list[str],
    bits: list[str],
    instances: Instances,
    marker: str | None,
) -> Iterator[str]:
    head, operands, _ = operation
    if head is MEASURE:
        source, target = operands
        for qubit, bit in zip(source.elements, target.elements, strict=True):
            yield f"measure {qubits[qubit]} -> {bits[bit]};"
    elif head is RESET:
        for qubit in operands[0].elements:
            yield f"reset {qubits[qubit]};"
    elif head is BARRIER:
        # A barrier may name a qubit twice, or none and mean all.
        held = dict.fromkeys(qubits[q] for register in operands for q in register.elements)
        yield f"barrier {','.join(held or qubits)};"
    else:
        width = max(register.size for register in operands)
        for turn in range(width):
            places = [r.elements[0 if r.scalar else turn] for r in operands]
            if marker is not None:
                yield f"{marker} {qubits[places[0]]};"
            yield instances.call(head, [qubits[place] for place in places])
