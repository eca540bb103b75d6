"""Check a program before anything is promised for it."""

from __future__ import annotations

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.limits import SOURCE_BYTES_MAX
from bellpair_core.openqasm import (
    ProblemKind,
    ProgramError,
    ProgramFacts,
    ProgramLimits,
    check_program,
)

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


def checked_program(source: str, *, inputs: bool = False) -> ProgramFacts:
    """What a device needs to know of the program.

    Parameters
    ----------
    inputs
        Whether values for its inputs will be given.

    Raises
    ------
    BellpairError
        ``source-too-large``, ``program-invalid``, ``program-unsupported`` or
        ``program-too-wide``, with the place in the source.
    """
    # A character takes one byte at least, so most sources need no encoding to be measured.
    if len(source) > SOURCE_BYTES_MAX or len(source.encode()) > SOURCE_BYTES_MAX:
        raise BellpairError(
            ErrorCode.SOURCE_TOO_LARGE,
            f"The source has {len(source.encode())} bytes; the limit is {SOURCE_BYTES_MAX}.",
            pointer="#/source",
            limit_bytes=SOURCE_BYTES_MAX,
        )
    try:
        facts = check_program(source, _LIMITS, inputs=inputs)
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
        message, line, column, remedy = facts.obstacle
        raise BellpairError(
            ErrorCode.PROGRAM_UNSUPPORTED,
            f"Line {line}, column {column}: {message}.",
            remedy=remedy,
            pointer="#/source",
            line=line,
            column=column,
            problem=ProblemKind.UNSUPPORTED.value,
        )
    return facts
