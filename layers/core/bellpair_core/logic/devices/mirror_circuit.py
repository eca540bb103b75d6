"""Circuits with one known answer, by which a device is tried.

Mirror circuits after Proctor et al., "Measuring the capabilities of quantum computers",
arXiv:2008.11294: random layers of Clifford gates, a layer of random Paulis, and the first layers
undone. The Paulis come out as a string of bits that is computed here, gate by gate.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

_ONE_QUBIT = ("h", "s", "sdg", "x", "y", "z")
_INVERSE = {"s": "sdg", "sdg": "s"}
_PAULIS = ("id", "x", "y", "z")


class Mirror(NamedTuple):
    """A program and the one string that it gives on a device without errors, bit 0 rightmost."""

    source: str
    answer: str


class _Gate(NamedTuple):
    name: str
    qubits: tuple[int, ...]

    @property
    def inverse(self) -> _Gate:
        return _Gate(_INVERSE.get(self.name, self.name), self.qubits)

    @property
    def text(self) -> str:
        return f"{self.name} {', '.join(f'q[{qubit}]' for qubit in self.qubits)};"


def mirror_circuit(width: int, layers: int, seed: str) -> Mirror:
    """A mirror circuit; the same seed gives the same one.

    Parameters
    ----------
    width
        Qubits, 2 or more; neighbours in a line share gates.
    layers
        Layers before the Paulis, each of one-qubit gates and then of CNOTs.
    """
    draw = random.Random(seed)
    there = [gate for _ in range(layers) for gate in _layer(width, draw)]
    middle = [_Gate(draw.choice(_PAULIS), (qubit,)) for qubit in range(width)]
    back = [gate.inverse for gate in reversed(there)]
    lines = [
        "OPENQASM 3.0;",
        'include "stdgates.inc";',
        f"qubit[{width}] q;",
        f"bit[{width}] c;",
        *(gate.text for gate in there),
        # Without these a compiler would see that nothing is left.
        "barrier q;",
        *(gate.text for gate in middle),
        "barrier q;",
        *(gate.text for gate in back),
        "c = measure q;",
    ]
    return Mirror("\n".join((*lines, "")), _answer(width, middle, back))


def _layer(width: int, draw: random.Random) -> Iterator[_Gate]:
    for qubit in range(width):
        yield _Gate(draw.choice(_ONE_QUBIT), (qubit,))
    first = draw.randrange(2)
    for low in range(first, width - 1, 2):
        pair = (low, low + 1) if draw.randrange(2) else (low + 1, low)
        yield _Gate("cx", pair)


def _answer(width: int, paulis: list[_Gate], back: list[_Gate]) -> str:
    """The bits that Paulis flip once the gates after them are done.

    A Pauli is kept as a bit for X and one for Z on each qubit, up to its sign.
    """
    flips = [gate.name in ("x", "y") for gate in paulis]
    phases = [gate.name in ("z", "y") for gate in paulis]
    for name, qubits in back:
        first, last = qubits[0], qubits[-1]
        if name == "h":
            flips[first], phases[first] = phases[first], flips[first]
        elif name in _INVERSE:
            phases[first] ^= flips[first]
        elif name == "cx":
            flips[last] ^= flips[first]
            phases[first] ^= phases[last]
    return "".join("01"[flip] for flip in reversed(flips))
