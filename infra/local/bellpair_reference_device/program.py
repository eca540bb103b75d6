"""Reads the programs that a QPU gets: one verbatim box of native gates, then measurements."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass


class ProgramRefused(Exception):
    """What the QPU will never run; says which line, and why."""


@dataclass(frozen=True)
class Gate:
    """One native gate; angles are in radians."""

    name: str
    params: tuple[float, ...]
    qubits: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """Gates in order, and the qubits that are measured after them, in order."""

    gates: tuple[Gate, ...]
    measured: tuple[int, ...]


_HEAD = re.compile(r"OPENQASM\s+3(\.\d+)?;")
_BITS = re.compile(r"bit\[\d+\]\s+\w+;")
_PRAGMA = "#pragma braket verbatim"
_GATE = re.compile(r"([a-z_]\w*)(?:\(([^()]*)\))?\s+(\$\d+(?:\s*,\s*\$\d+)*);")
_MEASURE = re.compile(r"\w+\[\d+\]\s*=\s*measure\s+\$(\d+);")
_OUTSIDE, _INSIDE, _BEHIND = "before the box", "in the box", "behind the box"


def read_program(
    source: str,
    gates: Mapping[str, tuple[int, int]],
    qubits: Collection[int],
    couplings: Collection[frozenset[int]],
) -> Program:
    """Read a program, statement by line, as Bellpair's compiler writes it.

    Parameters
    ----------
    gates
        By name of a native gate how many angles and qubits it takes.
    couplings
        The pairs of qubits that a two-qubit gate may act on.

    Raises
    ------
    ProgramRefused
        At the first line that is not of such a program, or that the QPU cannot do.
    """
    found: list[Gate] = []
    measured: list[int] = []
    place = _OUTSIDE
    for number, line in enumerate(source.splitlines(), 1):
        text = line.strip()
        if not text or (place is _OUTSIDE and (_HEAD.fullmatch(text) or _BITS.fullmatch(text))):
            continue
        if place is _OUTSIDE and text == _PRAGMA:
            continue
        if place is _OUTSIDE and text == "box {":
            place = _INSIDE
        elif place is _INSIDE and text == "}":
            place = _BEHIND
        elif place is _INSIDE and (match := _GATE.fullmatch(text)):
            found.append(_gate(match, number, gates, qubits, couplings))
        elif place is _BEHIND and (match := _MEASURE.fullmatch(text)):
            measured.append(_measured(int(match[1]), number, qubits, measured))
        else:
            raise ProgramRefused(f"line {number}: {text[:60]!r} is not understood {place}")
    if not measured:
        raise ProgramRefused("nothing is measured behind a verbatim box")
    return Program(tuple(found), tuple(measured))


def _gate(
    match: re.Match[str],
    line: int,
    gates: Mapping[str, tuple[int, int]],
    qubits: Collection[int],
    couplings: Collection[frozenset[int]],
) -> Gate:
    name = match[1]
    if name not in gates:
        raise ProgramRefused(f"line {line}: {name} is no native gate; these are {', '.join(gates)}")
    try:
        params = tuple(float(part) for part in match[2].split(",")) if match[2] else ()
    except ValueError as error:
        raise ProgramRefused(f"line {line}: an angle of {name} is no number") from error
    places = tuple(int(part.strip(" $")) for part in match[3].split(","))
    if (len(params), len(places)) != gates[name] or len(set(places)) < len(places):
        angles, of = gates[name]
        raise ProgramRefused(f"line {line}: {name} takes {angles} angles and {of} different qubits")
    for qubit in places:
        if qubit not in qubits:
            raise ProgramRefused(f"line {line}: there is no qubit ${qubit}")
    if len(places) == 2 and frozenset(places) not in couplings:
        raise ProgramRefused(f"line {line}: ${places[0]} and ${places[1]} are not connected")
    return Gate(name, params, places)


def _measured(qubit: int, line: int, qubits: Collection[int], before: Collection[int]) -> int:
    if qubit not in qubits:
        raise ProgramRefused(f"line {line}: there is no qubit ${qubit}")
    if qubit in before:
        raise ProgramRefused(f"line {line}: ${qubit} is measured twice")
    return qubit
