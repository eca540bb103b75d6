"""What can be wrong with a program, and where."""

from __future__ import annotations

from enum import StrEnum


class ProblemKind(StrEnum):
    """The stable code of a problem; the message and the remedy are for people."""

    SYNTAX = "syntax"
    BAD_ENCODING = "bad-encoding"
    BAD_VERSION = "bad-version"
    UNKNOWN_INCLUDE = "unknown-include"
    UNDEFINED_GATE = "undefined-gate"
    UNDEFINED_NAME = "undefined-name"
    REDEFINED_NAME = "redefined-name"
    WRONG_ARITY = "wrong-arity"
    WRONG_TYPE = "wrong-type"
    SIZE_MISMATCH = "size-mismatch"
    INDEX_OUT_OF_RANGE = "index-out-of-range"
    INVALID_VALUE = "invalid-value"
    DUPLICATE_QUBIT = "duplicate-qubit"
    NO_QUBITS = "no-qubits"
    NO_MEASUREMENT = "no-measurement"
    TOO_MANY_QUBITS = "too-many-qubits"
    TOO_MANY_BITS = "too-many-bits"
    TOO_DEEP = "too-deep"
    TOO_LARGE = "too-large"
    UNBOUNDED_LOOP = "unbounded-loop"
    UNSUPPORTED = "unsupported"


class ProgramError(Exception):
    """The first problem found in a program.

    Parameters
    ----------
    kind
        The stable code.
    message
        What is wrong, in one sentence without a full stop.
    line, column
        Where, counted from 1; columns count characters (a tab is one). A problem of the
        program as a whole, such as a missing measurement, is reported at its end.
    remedy
        What to do next, in one sentence.
    """

    def __init__(
        self, kind: ProblemKind, message: str, line: int, column: int, remedy: str
    ) -> None:
        super().__init__(f"line {line}, column {column}: {message}. {remedy}")
        self.kind = kind
        self.message = message
        self.line = line
        self.column = column
        self.remedy = remedy
