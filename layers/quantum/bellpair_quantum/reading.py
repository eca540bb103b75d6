"""From a program's source to a Qiskit circuit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256

from qiskit import QuantumCircuit, qasm2
from qiskit.circuit import Gate, Parameter
from qiskit.circuit.library import MCPhaseGate, MCXGate, UGate
from qiskit.qasm2 import CustomInstruction

from bellpair_core.openqasm import (
    FlatProgram,
    Obstacle,
    ProblemKind,
    ProgramError,
    flatten_program,
)
from bellpair_core.openqasm.flat import Condition, NativeGate
from bellpair_core.openqasm.instances import LateGate
from bellpair_core.openqasm.late_values import LateStep
from bellpair_quantum.errors import Code, CompileError
from bellpair_quantum.reading_qpy import read_qpy

# The written-out program says so for gates that qelib1.inc does not have.
_OPAQUE = re.compile(r"^opaque (?:(mc[xp])_(\d+)|late_\w+|when_\w+).*$", re.MULTILINE)

_CODES: dict[ProblemKind, Code] = {
    ProblemKind.TOO_MANY_QUBITS: "program-too-wide",
    **dict.fromkeys(
        (
            ProblemKind.UNSUPPORTED,
            ProblemKind.TOO_DEEP,
            ProblemKind.TOO_LARGE,
            ProblemKind.TOO_MANY_BITS,
            ProblemKind.UNBOUNDED_LOOP,
        ),
        "program-unsupported",
    ),
}


@dataclass(frozen=True)
class ReadProgram:
    """A program as a Qiskit circuit.

    Attributes
    ----------
    circuit
        What it does. Angles that follow from its inputs have Qiskit's parameters in them.
    inputs
        Names of its inputs, in order.
    steps
        The numbers that follow from the inputs, each computed from those before it.
    places
        The step that each of the circuit's parameters stands for.
    mid_circuit
        Where, and what, only devices do that measure in mid-circuit, as far as the text tells.
    native, bits, place
        Of a program with a verbatim box, which is then all of it: its gates, the qubit that each
        classical bit is measured from, and line and column of the box. Its circuit is empty.
    digest
        SHA-256, hexadecimal, of what the program says, however it is written.
    """

    circuit: QuantumCircuit
    digest: str
    inputs: tuple[str, ...] = ()
    steps: tuple[LateStep, ...] = ()
    places: Mapping[Parameter, int] = field(default_factory=dict)
    mid_circuit: Obstacle | None = None
    native: Sequence[NativeGate] | None = None
    bits: tuple[int | None, ...] = ()
    place: tuple[int, int] | None = None


def read_program(source: str | bytes, version: str, *, inputs: bool = False) -> ReadProgram:
    """Load a program; nothing is read from the file system, whatever it includes.

    Parameters
    ----------
    source
        OpenQASM, or QPY in base64.
    version
        Its language version, ``"2.0"`` or ``"3.0"``, or ``"qpy"``.
    inputs
        Whether values for its inputs will be given; else it may have none.

    Raises
    ------
    CompileError
        With the place, as the program would have been refused at submission.
    """
    if version == "qpy":
        loaded = read_qpy(source, inputs=inputs)
        return ReadProgram(
            loaded.circuit, loaded.digest, loaded.inputs, loaded.steps, loaded.places
        )
    try:
        text = source if isinstance(source, str) else source.decode()
    except UnicodeDecodeError as error:
        raise CompileError(
            "program-invalid",
            f"The program is no text: byte {error.start} is not UTF-8.",
            'Save it as UTF-8, or say that it is "qpy".',
        ) from error
    flat = _flat(text, version, inputs=inputs)
    digest = sha256(repr((flat.text, flat.late_gates, flat.late_steps)).encode()).hexdigest()
    if flat.native is not None:
        digest = sha256(f"{digest} {flat.native!r} {flat.reads!r}".encode()).hexdigest()
        bits = tuple(flat.reads.get(bit) for bit in range(flat.facts.num_bits))
        at = flat.facts.native
        place = (at.line, at.column) if at is not None else None
        return ReadProgram(QuantumCircuit(), digest, native=flat.native, bits=bits, place=place)
    # Each angle has a parameter of its own, even where two are the same number: Qiskit fails on
    # expressions whose parameters cancel.
    places: dict[Parameter, int] = {}
    late = [_late_instruction(name, gate, places) for name, gate in flat.late_gates.items()]
    circuit = _loaded(flat, late)
    if flat.conditions:
        circuit = _with_conditions(circuit, flat.conditions)
    if late:
        circuit = _without_own_gates(circuit)
    facts = flat.facts
    return ReadProgram(
        circuit, digest, facts.inputs, tuple(flat.late_steps), places, facts.mid_circuit
    )


def read_circuit(source: str, version: str) -> QuantumCircuit:
    """Load a program without inputs as a circuit; see `read_program`."""
    return read_program(source, version).circuit


def _flat(source: str, version: str, *, inputs: bool) -> FlatProgram:
    """Write a program out as plain OpenQASM 2, which Qiskit loads natively.

    It is read by the code that read it when it was submitted. Qiskit's importer of OpenQASM 3
    knows less of the language, and takes half a second for a program of 34 KB.
    """
    try:
        flat = flatten_program(source, inputs=inputs, mid_circuit=True, native=True)
    except ProgramError as error:
        raise CompileError(
            _CODES.get(error.kind, "program-invalid"),
            error.message,
            error.remedy,
            line=error.line,
            column=error.column,
        ) from error
    if flat.facts.version != version:
        raise CompileError(
            "program-invalid",
            f"The program is OpenQASM {flat.facts.version}, not {version} as was said.",
            "Write the version that it is in the first line.",
        )
    return flat


def _loaded(flat: FlatProgram, late: Sequence[CustomInstruction]) -> QuantumCircuit:
    # Where a custom gate is declared too, Qiskit takes later definitions for one another.
    return qasm2.loads(
        _OPAQUE.sub("", flat.text),
        include_path=(),
        # The legacy instructions are the gates that Qiskit itself exported under qelib1.inc.
        custom_instructions=(
            *qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
            *_many_controlled(flat.text),
            *(
                CustomInstruction(name, 0, 1, partial(Gate, name, 1, []), builtin=True)
                for name in flat.conditions
            ),
            *late,
        ),
    )


def _with_conditions(
    circuit: QuantumCircuit, conditions: Mapping[str, Condition]
) -> QuantumCircuit:
    """Put what stands after the name of a condition under it."""
    written = circuit.copy_empty_like()
    condition: Condition | None = None
    for each in circuit.data:
        if each.operation.name in conditions:
            condition = conditions[each.operation.name]
        elif condition is None:
            written.append(each.operation, each.qubits, each.clbits, copy=False)
        else:
            body = QuantumCircuit(1)
            body.append(each.operation, [0], copy=False)
            test = (written.clbits[condition.bit], condition.value)
            written.if_test(test, body, each.qubits, [])
            condition = None
    return written


def _late_instruction(name: str, late: LateGate, places: dict[Parameter, int]) -> CustomInstruction:
    """The standard gate that a name of the written-out program stands for.

    Its parameters are added to ``places``, each with the step that it stands for.
    """
    angles: list[Parameter | float] = []
    for each in late.params:
        if isinstance(each, int):
            parameter = Parameter(f"{name}.{len(angles)}")
            places[parameter] = each
            angles.append(parameter)
        else:
            angles.append(each)
    make = partial(_standard_gate, late.name, angles)
    return CustomInstruction(name, 0, make().num_qubits, make, builtin=True)


_STANDARD = {each.name: each.constructor for each in qasm2.LEGACY_CUSTOM_INSTRUCTIONS}
_STANDARD["U"] = UGate


def _standard_gate(name: str, angles: Sequence[Parameter | float]) -> Gate:
    if name.startswith("mcp_"):
        return MCPhaseGate(angles[0], int(name.removeprefix("mcp_")))
    return _STANDARD[name](*angles)


def _without_own_gates(circuit: QuantumCircuit) -> QuantumCircuit:
    """Write the program's own gates out: Qiskit loses parameters that lie within them."""
    written = circuit.copy_empty_like()
    # Gates still to be written, the next one last.
    waiting = [(each.operation, each.qubits, each.clbits) for each in reversed(circuit.data)]
    while waiting:
        operation, qubits, clbits = waiting.pop()
        if operation.name.startswith("own_") and operation.definition is not None:
            inside = operation.definition
            place = dict(zip(inside.qubits, qubits, strict=True))
            waiting += (
                (each.operation, [place[qubit] for qubit in each.qubits], ())
                for each in reversed(inside.data)
            )
        else:
            written.append(operation, qubits, clbits, copy=False)
    return written


def _many_controlled(text: str) -> list[CustomInstruction]:
    return [_instruction(kind, int(controls)) for kind, controls in _OPAQUE.findall(text) if kind]


def _instruction(kind: str, controls: int) -> CustomInstruction:
    name, width = f"{kind}_{controls}", controls + 1
    if kind == "mcx":
        return CustomInstruction(name, 0, width, lambda: MCXGate(controls), builtin=True)
    return CustomInstruction(
        name, 1, width, lambda angle: MCPhaseGate(angle, controls), builtin=True
    )
