"""The two entries: check a program's text, and write it out."""

from __future__ import annotations

from typing import NamedTuple, NoReturn

from bellpair_core.openqasm.errors import ProblemKind, ProgramError
from bellpair_core.openqasm.facts import ProgramFacts, ProgramLimits
from bellpair_core.openqasm.flat import FlatProgram
from bellpair_core.openqasm.openqasm2 import OpenQasm2
from bellpair_core.openqasm.openqasm3 import OpenQasm3
from bellpair_core.openqasm.scanner import (
    line_and_column,
    offset_of_unreadable,
    version_of,
)

DEFAULT_LIMITS = ProgramLimits()


def check_program(
    source: str,
    limits: ProgramLimits = DEFAULT_LIMITS,
    *,
    inputs: bool = False,
    mid_circuit: bool = False,
    native: bool = False,
) -> ProgramFacts:
    """Check an OpenQASM program and tell what a device needs to know about it.

    Time and memory grow linearly with the source and with ``limits``; a program that asks
    for more than a limit is refused before the work is done.

    Parameters
    ----------
    source
        The program's text, OpenQASM 2.0, 3.0 or 3.1; without a version line it is 3.0.
    limits
        What the program may ask for.
    inputs
        Whether values for its inputs will be given. Where they won't, having inputs is an
        obstacle.
    mid_circuit
        Whether it may be for devices that measure in mid-circuit: resets of qubits that were
        used, gates after a measurement, and gates on single qubits under a condition on one bit.
        Else that is an obstacle.
    native
        Whether it may be in a verbatim box: one device's own gates, on its own qubits. Else that
        is an obstacle.

    Raises
    ------
    ProgramError
        The first problem found, with its line and column. What is correct but not for
        devices here is no error: it is told as the facts' ``obstacle``.
    """
    return _read(source, limits, _Allowed(inputs, mid_circuit, native))[1]


def flatten_program(
    source: str,
    limits: ProgramLimits = DEFAULT_LIMITS,
    *,
    inputs: bool = False,
    mid_circuit: bool = False,
    native: bool = False,
) -> FlatProgram:
    """Write a program out: loops, constants, expressions, aliases and modifiers resolved.

    It reads the program as `check_program` does. What that accepts without an ``obstacle``
    can be written out.

    Parameters
    ----------
    source, limits, inputs, mid_circuit, native
        As for `check_program`.

    Raises
    ------
    ProgramError
        As `check_program`, and of kind ``unsupported`` for the program's obstacle.

    Examples
    --------
    >>> loop = "qubit[2] q; bit[2] c; for int i in [0:1] U(pi / 2, 0, i) q[i]; c = measure q;"
    >>> print(flatten_program(loop).text)
    OPENQASM 2.0;
    include "qelib1.inc";
    qreg q[2];
    creg c[2];
    U(1.5707963267948966,0.0,0.0) q[0];
    U(1.5707963267948966,0.0,1.0) q[1];
    measure q[0] -> c[0];
    measure q[1] -> c[1];
    <BLANKLINE>
    """
    reader, facts = _read(source, limits, _Allowed(inputs, mid_circuit, native))
    if facts.obstacle is not None:
        message, line, column, remedy = facts.obstacle
        raise ProgramError(ProblemKind.UNSUPPORTED, message, line, column, remedy)
    return reader.flat(facts)


class _Allowed(NamedTuple):
    """What is no obstacle here."""

    inputs: bool
    mid_circuit: bool
    native: bool


def _read(
    source: str, limits: ProgramLimits, allowed: _Allowed
) -> tuple[OpenQasm2 | OpenQasm3, ProgramFacts]:
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
        return _whole(OpenQasm2(source, limits), "2.0", allowed)
    if text not in ("3", "3.0", "3.1"):
        _fail_at(
            source,
            offset,
            ProblemKind.BAD_VERSION,
            f"OpenQASM {text[:20]} is not known",
            "Write OPENQASM 3.0; or OPENQASM 2.0; in the first line.",
        )
    reader, facts = _whole(OpenQasm3(source, limits), "3.0", allowed)
    if not allowed.inputs and reader.input_obstacle is not None:
        facts = facts._replace(obstacle=reader.input_obstacle)
    return reader, facts


def _whole(
    reader: OpenQasm2 | OpenQasm3, version: str, allowed: _Allowed
) -> tuple[OpenQasm2 | OpenQasm3, ProgramFacts]:
    reader.program()
    facts = reader.facts(version)
    found = [facts.obstacle]
    if not allowed.mid_circuit or facts.native is not None:
        found.append(facts.mid_circuit)
    if not allowed.native:
        found.append(facts.native)
    if reader.physical is not None and (not allowed.native or facts.native is None):
        found.append(reader.physical)
    if reader.not_native is not None and facts.native is not None:
        found.append(reader.not_native)
    obstacles = [each for each in found if each is not None]
    first = min(obstacles, key=lambda each: (each.line, each.column), default=None)
    return reader, facts._replace(obstacle=first)


def _fail_at(source: str, offset: int, kind: ProblemKind, message: str, remedy: str) -> NoReturn:
    raise ProgramError(kind, message, *line_and_column(source, offset), remedy)
