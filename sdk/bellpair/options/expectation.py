"""Expectation values of Pauli strings from counts.

Each shot gives a value for each string: the product, over the string's bits, of +1 for a bit read
as 0 and -1 for one read as 1. Where bits are misread with known chances, the two numbers are
replaced by those whose mean is right: for a bit that is read as 1 in place of 0 with chance a, and
as 0 in place of 1 with chance b, these are

    (1 - b + a)/(1 - a - b)  and  -(1 - a + b)/(1 - a - b).

That is the inverse of the bit's matrix of chances, and their product the inverse of all bits'
matrices together, without any vector of 2^n numbers: it works for any number of qubits. See Bravyi,
Sheldon, Kandala, McKay, Gambetta, "Mitigating measurement errors in multiqubit experiments", Phys.
Rev. A 103, 042605 (2021), arXiv:2006.14044, section II.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bellpair.functions.errors import CallFailed
from bellpair.options.request import Terms

Readout = Sequence[tuple[float, float] | None]

_DISTINCT_MIN = 0.05
"""A qubit whose two states are told apart less than this is as good as not read at all."""


def bits_of(texts: Sequence[str]) -> NDArray[np.int8]:
    """Bit strings as a matrix, shape (number of strings, bits), bit 0 in column 0."""
    if not texts or not texts[0]:
        return np.zeros((len(texts), 0), dtype=np.int8)
    read = np.frombuffer("".join(texts).encode(), dtype=np.int8).reshape(len(texts), -1)
    return (read - ord("0"))[:, ::-1]


def terms_of(
    counts: Mapping[str, float], strings: Sequence[str], readout: Readout | None = None
) -> Terms:
    """Expectation values and their covariance, from independent shots.

    Parameters
    ----------
    counts
        By bit string.
    strings
        Pauli strings with a letter for each bit, bit 0 last; others than ``I`` count as ``Z``.
    readout
        For each bit, bit 0 first, the chances to read 1 for 0 and 0 for 1, whose effect is taken
        out; ``None`` for bits, or altogether, that are read without errors.

    Raises
    ------
    CallFailed
        If a bit of some string is read so badly that nothing can be told from it.
    """
    texts = list(counts)
    weights = np.array([counts[text] for text in texts], dtype=float)
    read = bits_of(texts)
    values = np.ones((len(strings), len(texts)))
    for row, string in enumerate(strings):
        for bit, letter in enumerate(reversed(string)):
            if letter != "I":
                zero, one = _values(bit, readout[bit] if readout else None)
                values[row] *= np.where(read[:, bit] == 0, zero, one)
    shots = weights.sum()
    means = values @ weights / shots
    if shots < 2:
        bound = np.abs(values).max(axis=1, initial=1.0)
        return Terms(tuple(strings), means, np.outer(bound, bound))
    centred = values - means[:, None]
    return Terms(tuple(strings), means, (centred * weights) @ centred.T / (shots - 1) / shots)


def _values(bit: int, chances: tuple[float, float] | None) -> tuple[float, float]:
    if chances is None:
        return 1.0, -1.0
    up, down = chances
    distinct = require_distinct(bit, chances)
    return (1 - down + up) / distinct, -(1 - up + down) / distinct


def require_distinct(bit: int, chances: tuple[float, float]) -> float:
    """By how much a bit's two states are told apart: 1 for never misread.

    Raises
    ------
    CallFailed
        If it is too little to be divided by.
    """
    distinct = 1 - sum(chances)
    if distinct < _DISTINCT_MIN:
        raise CallFailed(
            f"Bit {bit} is read as 1 in place of 0 with chance {chances[0]:.3g} and as 0 in place "
            f"of 1 with {chances[1]:.3g}: nothing can be told from it.",
            remedy="Leave readout-mitigation out, or take another device.",
        )
    return distinct
