"""A program written out: one gate after another, in OpenQASM 2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bellpair_core.openqasm.facts import ProgramFacts
from bellpair_core.openqasm.instances import Head, Instances, call
from bellpair_core.openqasm.registers import Kind, Register


class FlatProgram(NamedTuple):
    """A program without loops, constants, expressions, aliases and modifiers.

    Attributes
    ----------
    text
        OpenQASM 2.0 with ``qelib1.inc``, which means what the source means up to a global
        phase. Its registers have the source's order and sizes, and its names where
        OpenQASM 2 allows them. X and phase gates with more controls than that library has
        are declared ``opaque``: ``mcx_<n>`` and ``mcp_<n>(angle)``, controls first.
    facts
        What checking the source tells.
    """

    text: str
    facts: ProgramFacts


class Declared(NamedTuple):
    """A register as the program declares it."""

    kind: Kind
    name: str
    size: int


class Operation(NamedTuple):
    """An application, a measurement or a barrier, on registers element by element."""

    head: Head
    operands: Sequence[Register]


MEASURE = Head("measure", (), 1)
BARRIER = Head("barrier", (), 1)


def flat_text(
    declared: Sequence[Declared], operations: Sequence[Operation], instances: Instances
) -> str:
    """Write a program that was read."""
    labels: dict[Kind, list[str]] = {"qubit": [], "bit": []}
    registers: list[str] = []
    for kind, name, size in declared:
        free = instances.fresh(name)
        registers.append(f"{'qreg' if kind == 'qubit' else 'creg'} {free}[{size}];")
        labels[kind] += [f"{free}[{index}]" for index in range(size)]
    lines = ["OPENQASM 2.0;", 'include "qelib1.inc";', *instances.text, *registers]
    for operation in operations:
        lines += _lines(operation, labels["qubit"], labels["bit"])
    return "\n".join((*lines, ""))


def _lines(operation: Operation, qubits: list[str], bits: list[str]) -> Iterator[str]:
    head, operands = operation
    if head is MEASURE:
        source, target = operands
        for qubit, bit in zip(source.elements, target.elements, strict=True):
            yield f"measure {qubits[qubit]} -> {bits[bit]};"
    elif head is BARRIER:
        # A barrier may name a qubit twice, or none and mean all.
        held = dict.fromkeys(qubits[q] for register in operands for q in register.elements)
        yield f"barrier {','.join(held or qubits)};"
    else:
        width = max(register.size for register in operands)
        for turn in range(width):
            places = [r.elements[0 if r.scalar else turn] for r in operands]
            yield call(head.name, head.params, [qubits[place] for place in places])
