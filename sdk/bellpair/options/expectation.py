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

from bellpair.functions.errors import CallFailed, InvalidCall
from bellpair.options.request import Terms

Readout = Sequence[tuple[float, float] | None]

_BLOCK = 2**21  # values at once, 16 MB
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
    InvalidCall
        If a string has not as many letters as there are bits.
    """
    texts = list(counts)
    for string in strings:
        if len(string) != len(texts[0]):
            raise InvalidCall(
                f"The Pauli string {string!r} has {len(string)} letters, and {len(texts[0])} bits "
                "are measured.",
                remedy="Give one letter for each measured bit, I where it does not count.",
            )
    numbers = np.array([counts[text] for text in texts], dtype=float)
    read = bits_of(texts)
    shots = numbers.sum()
    # Around the first string's values, so that what never changes has a variance of exactly 0.
    origin = _shot_values(read[:1], strings, readout)
    means = np.zeros(len(strings))
    squares = np.zeros((len(strings), len(strings)))
    step = max(1, _BLOCK // max(1, len(strings)))
    for start in range(0, len(texts), step):
        part = slice(start, start + step)
        values = _shot_values(read[part], strings, readout) - origin
        means += values @ numbers[part]
        squares += (values * numbers[part]) @ values.T
    means /= shots
    if shots < 2:
        bound = np.abs(origin[:, 0])
        return Terms(tuple(strings), origin[:, 0] + means, np.outer(bound, bound))
    covariance = (squares / shots - np.outer(means, means)) / (shots - 1)
    return Terms(tuple(strings), origin[:, 0] + means, covariance)


def _shot_values(
    read: NDArray[np.int8], strings: Sequence[str], readout: Readout | None
) -> NDArray[np.float64]:
    """What a shot that reads these bits gives, shape (strings, shots)."""
    values = np.ones((len(strings), len(read)))
    for bit in range(read.shape[1]):
        rows = [row for row, string in enumerate(strings) if string[-1 - bit] != "I"]
        if rows:
            zero, one = _values(bit, readout[bit] if readout else None)
            values[rows] *= np.where(read[:, bit] == 0, zero, one)
    return values


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
