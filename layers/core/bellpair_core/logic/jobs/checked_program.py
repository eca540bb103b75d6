"""Check a program before anything is promised for it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from bellpair_core.model.choice import ProgramShape
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.limits import SOURCE_BYTES_MAX
from bellpair_core.openqasm import (
    Obstacle,
    ProblemKind,
    ProgramError,
    ProgramFacts,
    ProgramLimits,
    check_program,
)
from bellpair_core.qpy import QpyError, decoded_qpy, qpy_head

_OF_QPY = {
    "program-invalid": ErrorCode.PROGRAM_INVALID,
    "program-unsupported": ErrorCode.PROGRAM_UNSUPPORTED,
    "program-too-wide": ErrorCode.PROGRAM_TOO_WIDE,
}

Language = Literal["openqasm", "qpy"]
"""What programs are written in; QPY is Qiskit's own format, in base64."""

_LIMITS = ProgramLimits()

_NOT_YET = frozenset(
    {
        ProblemKind.UNSUPPORTED,
        ProblemKind.TOO_DEEP,
        ProblemKind.TOO_LARGE,
        ProblemKind.TOO_MANY_BITS,
        ProblemKind.UNBOUNDED_LOOP,
    }
)
"""Programs that may be good OpenQASM, but not for us."""


class AcceptedProgram(NamedTuple):
    """What is known of a program when it is accepted, whatever it is written in.

    Attributes
    ----------
    version
        The language version that its compiler is told: of OpenQASM, or ``"qpy"``.
    shape
        How much it does; ``None`` where only its compiler will see that.
    mid_circuit
        What takes a device that measures in mid-circuit, as far as that is seen.
    native
        What is for one device alone: its verbatim box.
    """

    version: str
    num_qubits: int
    num_bits: int
    shape: ProgramShape | None
    mid_circuit: Obstacle | None = None
    native: Obstacle | None = None


def accepted_program(source: str, language: Language) -> AcceptedProgram:
    """Check a program that is to be run as it is.

    Raises
    ------
    BellpairError
        As `checked_program`.
    """
    if language == "qpy":
        return _accepted_qpy(source)
    facts = checked_program(source, mid_circuit=True, native=True)
    # A device's own qubits are numbered as it likes.
    width = facts.num_qubits if facts.native is None else facts.qubits_used
    return AcceptedProgram(
        facts.version, width, facts.num_bits, shape_of(facts), facts.mid_circuit, facts.native
    )


def shape_of(facts: ProgramFacts) -> ProgramShape:
    """A program's shape, by its facts."""
    return ProgramShape(**facts.shape._asdict(), mid_circuit=facts.mid_circuit is not None)


def checked_program(
    source: str, *, inputs: bool = False, mid_circuit: bool = False, native: bool = False
) -> ProgramFacts:
    """What a device needs to know of the program.

    Parameters
    ----------
    inputs
        Whether values for its inputs will be given.
    mid_circuit
        Whether it may be for devices that measure in mid-circuit.
    native
        Whether it may be in a verbatim box.

    Raises
    ------
    BellpairError
        ``source-too-large``, ``program-invalid``, ``program-unsupported`` or
        ``program-too-wide``, with the place in the source.
    """
    _require_small(source)
    try:
        facts = check_program(
            source, _LIMITS, inputs=inputs, mid_circuit=mid_circuit, native=native
        )
    except ProgramError as error:
        if error.kind is ProblemKind.TOO_MANY_QUBITS:
            code = ErrorCode.PROGRAM_TOO_WIDE
        elif error.kind in _NOT_YET:
            code = ErrorCode.PROGRAM_UNSUPPORTED
        else:
            code = ErrorCode.PROGRAM_INVALID
        raise BellpairError(
            code,
            f"Line {error.line}, column {error.column}: {error.message}.",
            remedy=error.remedy,
            pointer="#/source",
            line=error.line,
            column=error.column,
            problem=error.kind.value,
        ) from None
    if facts.obstacle is not None:
        raise unsupported(facts.obstacle)
    return facts


def unsupported(obstacle: Obstacle, remedy: str | None = None) -> BellpairError:
    """The refusal of a program for what is in it."""
    message, line, column, own_remedy = obstacle
    return BellpairError(
        ErrorCode.PROGRAM_UNSUPPORTED,
        f"Line {line}, column {column}: {message}.",
        remedy=remedy or own_remedy,
        pointer="#/source",
        line=line,
        column=column,
        problem=ProblemKind.UNSUPPORTED.value,
    )


def _require_small(source: str) -> None:
    # A character takes one byte at least, so most sources need no encoding to be measured.
    if len(source) > SOURCE_BYTES_MAX or len(source.encode()) > SOURCE_BYTES_MAX:
        raise BellpairError(
            ErrorCode.SOURCE_TOO_LARGE,
            f"The source has {len(source.encode())} bytes; the limit is {SOURCE_BYTES_MAX}.",
            pointer="#/source",
            limit_bytes=SOURCE_BYTES_MAX,
        )


def _accepted_qpy(source: str) -> AcceptedProgram:
    """Look at the head of a QPY file; the rest of it its compiler will read."""
    _require_small(source)
    try:
        head = qpy_head(decoded_qpy(source))
    except QpyError as error:
        raise _refused(_OF_QPY[error.code], error.message, error.remedy) from None
    if not head.num_qubits:
        raise _refused(
            ErrorCode.PROGRAM_INVALID,
            "The circuit has no qubits.",
            "Add some: QuantumCircuit(2, 2).",
        )
    if not head.num_bits:
        raise _refused(
            ErrorCode.PROGRAM_INVALID,
            "The circuit has no classical bits, so it measures nothing and has no result.",
            "Measure its qubits, for example: circuit.measure_all().",
        )
    return AcceptedProgram("qpy", head.num_qubits, head.num_bits, None)


def _refused(code: ErrorCode, detail: str, remedy: str) -> BellpairError:
    return BellpairError(code, detail, remedy=remedy, pointer="#/source")
