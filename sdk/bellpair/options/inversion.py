"""Taking readout errors out of counts.

Each bit is misread by itself, with a matrix of chances of its own. Up to `FULL_BITS_MAX` bits the
inverse of all matrices is applied to the whole distribution (Bravyi et al., Phys. Rev. A 103,
042605 (2021)). Beyond that the distribution is solved for on the bit strings that were read at all:
the matrix between these alone, its columns brought to the sum 1, has only as many rows as there
were shots (Nation, Kang, Sundaresan, Gambetta, "Scalable mitigation of measurement errors on
quantum computers", PRX Quantum 2, 040326 (2021), arXiv:2108.12518). Few strings are solved for
directly, many by GMRES (Saad, Schultz, SIAM J. Sci. Stat. Comput. 7, 856 (1986)), a block of rows
at a time. It ends also where the matrix is far from the identity, at which simpler iterations
diverge: scaled rows and columns make the matrix one that is symmetric with eigenvalues above 0.

Either gives quasi-probabilities, some of them below 0. The nearest distribution of probabilities,
by the sum of squares, is found as in Smolin, Gambetta, Smith, "Efficient method for computing the
maximum-likelihood quantum state from measurements with additive Gaussian noise", Phys. Rev. Lett.
108, 070502 (2012), arXiv:1106.5458.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bellpair.options.expectation import Readout, bits_of, require_distinct

FULL_BITS_MAX = 12
"""Up to here the whole distribution of 2^n numbers is inverted."""

STRINGS_MAX = 8192
"""Different bit strings that can be solved for beyond that."""

_DIRECT_MAX = 2048
_BLOCK = 2**21  # numbers of the matrix at once, 16 MB
_ROUNDS_MAX = 50
_RESIDUAL_MAX = 1e-6  # of what was read
_SUM_TOLERANCE = 1e-3
_CHANCE_MIN = 1e-12
_NO_SOLUTION = "errors are too large to be solved for; measure fewer bits"

Chances = NDArray[np.float64]


class NotInverted(Exception):
    """What was read is left as it is; the message says why."""


def chances_of(readout: Readout) -> Chances:
    """Shape (bits, 2): for each bit the chances to read 1 for 0 and 0 for 1.

    Raises
    ------
    CallFailed
        If some bit is read so badly that there is no inverse.
    """
    chances = np.array([pair or (0.0, 0.0) for pair in readout], dtype=float).reshape(-1, 2)
    for bit, (up, down) in enumerate(chances.tolist()):
        require_distinct(bit, (up, down))
    return chances


def inverted(probabilities: Mapping[str, float], chances: Chances) -> dict[str, float]:
    """Quasi-probabilities by bit string, whose sum is 1.

    Parameters
    ----------
    probabilities
        As read; their sum is 1.
    chances
        See `chances_of`.

    Raises
    ------
    NotInverted
        Beyond `FULL_BITS_MAX` bits, if more than `STRINGS_MAX` different strings were read, or
        errors are so large that they cannot be solved for.
    """
    if len(chances) <= FULL_BITS_MAX:
        return _fully_inverted(probabilities, chances)
    if len(probabilities) > STRINGS_MAX:
        raise NotInverted(
            f"{len(probabilities):,} different bit strings are too many; take fewer shots"
        )
    return _inverted_on_strings(probabilities, chances)


def nearest_physical(quasi: Mapping[str, float]) -> dict[str, float]:
    """The distribution nearest to quasi-probabilities of sum 1; only what is above 0.

    The lowest are set to 0 one after another, and what that takes from the sum is shared by those
    that are left, as long as the lowest of these would be below 0.
    """
    texts = sorted(quasi, key=lambda text: (-quasi[text], text))
    left = np.array([quasi[text] for text in texts])
    # With the first n kept, each gives up an equal part of what they have beyond 1 in sum.
    excess = (np.cumsum(left) - 1) / np.arange(1, len(left) + 1)
    kept = int(np.flatnonzero(left - excess > 0)[-1]) + 1
    return {
        text: float(number)
        for text, number in zip(texts[:kept], left[:kept] - excess[kept - 1], strict=True)
    }


def _fully_inverted(probabilities: Mapping[str, float], chances: Chances) -> dict[str, float]:
    bits = len(chances)
    state = np.zeros(2**bits)
    for text, probability in probabilities.items():
        state[int(text or "0", 2)] = probability
    state = state.reshape((2,) * bits)
    for bit, (up, down) in enumerate(chances):
        axis = bits - 1 - bit  # bit 0 is the last character, and the last axis
        inverse = np.linalg.inv([[1 - up, down], [up, 1 - down]])
        state = np.moveaxis(np.tensordot(inverse, state, axes=(1, axis)), 0, axis)
    flat = state.reshape(-1)
    kept = np.flatnonzero(np.abs(flat) > _CHANCE_MIN)
    return {format(index, f"0{bits}b") if bits else "": float(flat[index]) for index in kept}


def _inverted_on_strings(probabilities: Mapping[str, float], chances: Chances) -> dict[str, float]:
    texts = list(probabilities)
    read = np.array([probabilities[text] for text in texts])
    matrix = _StringMatrix(texts, chances)
    if len(texts) <= _DIRECT_MAX:
        solved = np.linalg.solve(matrix.rows(0, len(texts)), read)
    else:
        solved = _by_iteration(matrix, read)
    # Columns have the sum 1, and so what is solved for has the sum of what was read: but for
    # rounding. NaN is not near it either.
    if not abs(solved.sum() - read.sum()) < _SUM_TOLERANCE:
        raise NotInverted(_NO_SOLUTION)
    return dict(zip(texts, (solved / solved.sum()).tolist(), strict=True))


class _StringMatrix:
    """Chances to read one of some strings for another of them, columns brought to the sum 1.

    The chance to read string s for string t is a product over bits, whose logarithm is a sum of
    four kinds of summands, by s and t at each bit: so the whole matrix is a matrix product.
    """

    def __init__(self, texts: list[str], chances: Chances) -> None:
        self.size = len(texts)
        self._read = bits_of(texts).astype(float)
        up, down = np.log(np.clip(chances, _CHANCE_MIN, 1)).T
        stay_0, stay_1 = np.log(np.clip(1 - chances, _CHANCE_MIN, 1)).T
        self._constant = stay_0.sum()
        self._by_read = self._read @ (up - stay_0)
        self._by_true = self._read @ (down - stay_0)
        self._by_both = (self._read * (stay_1 - up - down + stay_0)).T
        # Single precision is far below the shots' own error, and halves the time.
        self._single = tuple(
            part.astype(np.float32)
            for part in (self._read, self._by_both, self._by_read, self._by_true + self._constant)
        )
        self._columns = np.zeros(self.size)
        for start, end in self.blocks():
            self._columns += self._raw_rows(start, end).sum(axis=0)
        self.diagonal = np.exp(
            self._constant
            + self._by_read
            + self._by_true
            + np.einsum("sb,bs->s", self._read, self._by_both)
        )
        self.diagonal /= self._columns

    def blocks(self) -> list[tuple[int, int]]:
        """Beginnings and ends of the blocks of rows that are made at once."""
        step = max(1, _BLOCK // self.size)
        return [(start, min(start + step, self.size)) for start in range(0, self.size, step)]

    def rows(self, start: int, end: int) -> NDArray[np.float64]:
        """Shape (end - start, size)."""
        return np.asarray(self._raw_rows(start, end) / self._columns)

    def times(self, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        """The matrix times a vector."""
        scaled = vector / self._columns
        blocks = (self._raw_rows(*block) for block in self.blocks())
        parts = [block @ scaled.astype(np.float32) for block in blocks]
        return np.concatenate(parts).astype(float)

    def _raw_rows(self, start: int, end: int) -> NDArray[np.float32]:
        read, by_both, by_read, by_true = self._single
        logarithms = read[start:end] @ by_both
        logarithms += by_read[start:end, None]
        logarithms += by_true
        return np.asarray(np.exp(logarithms, out=logarithms))


def _by_iteration(matrix: _StringMatrix, read: NDArray[np.float64]) -> NDArray[np.float64]:
    """GMRES without restarts, for the solution times the diagonal.

    Raises
    ------
    NotInverted
        It did not come near enough within `_ROUNDS_MAX` rounds.
    """
    length = float(np.linalg.norm(read))
    directions = (read / length)[None, :]
    projected = np.zeros((_ROUNDS_MAX + 1, _ROUNDS_MAX))
    for done in range(1, _ROUNDS_MAX + 1):
        new = matrix.times(directions[-1] / matrix.diagonal)
        # Once more takes away what rounding left of the earlier directions.
        for _ in range(2):
            along = directions @ new
            new = new - along @ directions
            projected[:done, done - 1] += along
        rest = float(np.linalg.norm(new))
        projected[done, done - 1] = rest
        goal = np.zeros(done + 1)
        goal[0] = length
        part = projected[: done + 1, :done]
        shares = np.linalg.lstsq(part, goal, rcond=None)[0]
        if np.linalg.norm(goal - part @ shares) <= _RESIDUAL_MAX * length:
            return np.asarray(shares @ directions / matrix.diagonal)
        directions = np.vstack([directions, new / rest])
    raise NotInverted(_NO_SOLUTION)
