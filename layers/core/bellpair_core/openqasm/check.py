"""The one entry: check a program's text."""

from __future__ import annotations

from typing import NoReturn

from bellpair_core.openqasm.errors import ProblemKind, ProgramError
from bellpair_core.openqasm.facts import ProgramFacts, ProgramLimits
from bellpair_core.openqasm.openqasm2 import OpenQasm2
from bellpair_core.openqasm.openqasm3 import OpenQasm3
from bellpair_core.openqasm.scanner import (
    line_and_column,
    offset_of_unreadable,
    version_of,
)

DEFAULT_LIMITS = ProgramLimits()


def check_program(source: str, limits: ProgramLimits = DEFAULT_LIMITS) -> ProgramFacts:
    """Check an OpenQASM program and tell what a device needs to know about it.

    Time and memory grow linearly with the source and with ``limits``; a program that asks
    for more than a limit is refused before the work is done.

    Parameters
    ----------
    source
        The program's text, OpenQASM 2.0, 3.0 or 3.1; without a version line it is 3.0.
    limits
        What the program may ask for.

    Raises
    ------
    ProgramError
        The first problem found, with its line and column. A program that is accepted can
        still be refused when it is compiled for a device.
    """
    unreadable = offset_of_unreadable(source)
    if unreadable is not None:
        _fail_at(
            source,
            unreadable,
            ProblemKind.BAD_ENCODING,
            f"the source has the character U+{ord(source[unreadable]):04X}, which is not text",
            "Save the program as plain UTF-8 text without a byte-order mark.",
        )
    text, offset = version_of(source) or ("3.0", 0)
    if text in ("2", "2.0"):
        return _facts(OpenQasm2(source, limits), "2.0")
    if text not in ("3", "3.0", "3.1"):
        _fail_at(
            source,
            offset,
            ProblemKind.BAD_VERSION,
            f"OpenQASM {text[:20]} is not known",
            "Write OPENQASM 3.0; or OPENQASM 2.0; in the first line.",
        )
    return _facts(OpenQasm3(source, limits), "3.0")


def _facts(reader: OpenQasm2 | OpenQasm3, version: str) -> ProgramFacts:
    reader.program()
    return reader.facts(version)


def _fail_at(source: str, offset: int, kind: ProblemKind, message: str, remedy: str) -> NoReturn:
    raise ProgramError(kind, message, *line_and_column(source, offset), remedy)
