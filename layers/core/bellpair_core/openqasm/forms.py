"""What one gate comes to: how many gates of one and of two qubits, how deep, on which pairs.

Gates on more than a pair are counted as the controlled NOTs and one-qubit gates that Qiskit
writes them as; the unit tests hold the table against it. What routing and a device's own gates
make of them is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bellpair_core.openqasm.unitaries import MANY_P, MANY_X


class Form(NamedTuple):
    """One gate, written out.

    Attributes
    ----------
    one, two
        Gates of one and of two qubits.
    layers
        How deep they lie, of which no two of a layer share a qubit.
    pairs
        The places of operands that two-qubit gates act on together; ``None`` for all of them.
    """

    one: int
    two: int
    layers: int
    pairs: tuple[tuple[int, int], ...] | None = ()


_PAIR = ((0, 1),)
_ROTATION = Form(3, 2, 5, _PAIR)
_ONE, _TWO = Form(1, 0, 1), Form(0, 1, 1, _PAIR)

STANDARD: Mapping[str, Form] = {
    **dict.fromkeys(("cx", "CX", "cy", "cz", "ch"), _TWO),
    **dict.fromkeys(("cp", "cphase", "crx", "cry", "crz", "cu", "cu1", "cu3", "csx"), _ROTATION),
    "swap": Form(0, 3, 3, _PAIR),
    "rxx": Form(5, 2, 5, _PAIR),
    "rzz": Form(1, 2, 3, _PAIR),
    "rccx": Form(4, 3, 7, None),
    "ccx": Form(8, 6, 11, None),
    "cswap": Form(8, 8, 13, None),
    "rc3x": Form(7, 6, 13, None),
    "c3x": Form(16, 14, 27, None),
    "c3sqrtx": Form(22, 20, 35, None),
    "c4x": Form(41, 36, 65, None),
}
"""The gates of ``qelib1.inc`` that come to more than one gate of one qubit."""


def form_of(name: str, width: int) -> Form:
    """The form of a gate without a definition, by its name and number of qubits."""
    form = STANDARD.get(name)
    if form is not None:
        return form
    if width < 2:
        return _ONE
    if name.startswith((MANY_X, MANY_P)):
        controls = width - 1
        square = controls * controls
        return Form(4 * square - 2, 4 * (square - controls) + 2, 28 * controls - 38, None)
    return _TWO if width == 2 else Form(0, width - 1, width - 1, None)


def composed(width: int, parts: Iterable[tuple[Form, Sequence[int]]]) -> Form:
    """The form of a gate on ``width`` qubits that is defined by others, each on some of them."""
    layers = Layers(width)
    for form, qubits in parts:
        layers.add(form, qubits)
    return layers.form()


class Layers:
    """Gates put one after another, each as soon as all its qubits are free."""

    def __init__(self, width: int) -> None:
        self.one = self.two = 0
        self._level = [0] * width
        # For each qubit a mask of those that it shares a gate with.
        self._neighbours = [0] * width

    @property
    def depth(self) -> int:
        """How many layers there are."""
        return max(self._level, default=0)

    @property
    def interactions(self) -> int:
        """How many different pairs of qubits share a gate."""
        return sum(mask.bit_count() for mask in self._neighbours) // 2

    def add(self, form: Form, qubits: Sequence[int]) -> None:
        """Put one gate, on these qubits; work grows with their number alone."""
        self.one += form.one
        self.two += form.two
        level = self._level
        if len(qubits) == 1:
            level[qubits[0]] += form.layers
            return
        after = max((level[qubit] for qubit in qubits), default=0) + form.layers
        for qubit in qubits:
            level[qubit] = after
        self._join(form.pairs, qubits)

    def level_out(self, qubits: Sequence[int]) -> None:
        """A barrier: what comes next on these qubits begins in one layer."""
        self.add(Form(0, 0, 0), qubits)

    def form(self) -> Form:
        """All that was put, as one gate."""
        width = len(self._level)
        pairs: tuple[tuple[int, int], ...] | None = None
        # Where more pairs meet than can be told in time linear in the width, all do.
        if self.interactions <= 2 * width:
            pairs = tuple(
                (low, high)
                for low, mask in enumerate(self._neighbours)
                for high in _bits(mask >> (low + 1), low + 1)
            )
        return Form(self.one, self.two, self.depth, pairs)

    def _join(self, pairs: tuple[tuple[int, int], ...] | None, qubits: Sequence[int]) -> None:
        neighbours = self._neighbours
        if pairs is None:
            everyone = 0
            for qubit in qubits:
                everyone |= 1 << qubit
            for qubit in qubits:
                neighbours[qubit] |= everyone & ~(1 << qubit)
            return
        for first, second in pairs:
            low, high = qubits[first], qubits[second]
            neighbours[low] |= 1 << high
            neighbours[high] |= 1 << low


def _bits(mask: int, offset: int) -> Iterable[int]:
    while mask:
        lowest = mask & -mask
        yield offset + lowest.bit_length() - 1
        mask ^= lowest
