"""From OpenQASM text to a Qiskit circuit."""

from __future__ import annotations

import re

from qiskit import QuantumCircuit, qasm2
from qiskit.circuit.library import MCPhaseGate, MCXGate
from qiskit.qasm2 import CustomInstruction

from bellpair_core.openqasm import ProblemKind, ProgramError, flatten_program
from bellpair_quantum.errors import Code, CompileError

# The written-out program says so for gates that qelib1.inc does not have.
_OPAQUE = re.compile(r"^opaque (mc[xp])_(\d+).*$", re.MULTILINE)

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


def read_circuit(source: str, version: str) -> QuantumCircuit:
    """Load a program; nothing is read from the file system, whatever it includes.

    It is read by the code that read it when it was submitted, and written out as plain
    OpenQASM 2, which Qiskit loads natively. Qiskit's importer of OpenQASM 3 knows less of the
    language, and takes half a second for a program of 34 KB.

    Raises
    ------
    CompileError
        With the place, as the program would have been refused at submission.
    """
    try:
        flat = flatten_program(source)
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
    # Where a custom gate is declared too, Qiskit takes later definitions for one another.
    return qasm2.loads(
        _OPAQUE.sub("", flat.text),
        include_path=(),
        # The legacy instructions are the gates that Qiskit itself exported under qelib1.inc.
        custom_instructions=(*qasm2.LEGACY_CUSTOM_INSTRUCTIONS, *_many_controlled(flat.text)),
    )


def _many_controlled(text: str) -> list[CustomInstruction]:
    return [_instruction(kind, int(controls)) for kind, controls in _OPAQUE.findall(text)]


def _instruction(kind: str, controls: int) -> CustomInstruction:
    name, width = f"{kind}_{controls}", controls + 1
    if kind == "mcx":
        return CustomInstruction(name, 0, width, lambda: MCXGate(controls), builtin=True)
    return CustomInstruction(
        name, 1, width, lambda angle: MCPhaseGate(angle, controls), builtin=True
    )
