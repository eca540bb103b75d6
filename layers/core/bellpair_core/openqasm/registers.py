"""Registers of qubits and bits, and the parts of them that a statement names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Kind = Literal["qubit", "bit"]


class Register:
    """Some qubits or some bits, in order and each once.

    A set of them is one integer with a bit for each, so that asking whether two operands
    meet costs the same for one qubit and for a thousand.

    Parameters
    ----------
    kind
        What its elements are.
    elements
        Their numbers in the program, in order of declaration.
    scalar
        It is one qubit or bit and can't be indexed: ``qubit q;`` or ``q[0]``.
    formal
        It is a gate definition's own qubit.
    """

    __slots__ = ("cells", "elements", "formal", "kind", "mask", "scalar", "size")

    def __init__(
        self,
        kind: Kind,
        elements: Sequence[int],
        *,
        scalar: bool = False,
        formal: bool = False,
    ) -> None:
        self.kind: Kind = kind
        self.elements = elements
        self.scalar = scalar
        self.formal = formal
        self.size = len(elements)
        self.mask = _mask(elements)
        # The elements that were named by a literal index, by the literal's text.
        self.cells: dict[str, Register] = {}

    def part(self, elements: Sequence[int], *, scalar: bool = False) -> Register:
        """Return these elements of the register."""
        return Register(self.kind, elements, scalar=scalar, formal=self.formal)

    def meets(self, other: Register) -> bool:
        """Whether some application of a gate to both, element by element, has one twice."""
        if not self.mask & other.mask:
            return False
        if self.scalar or other.scalar:
            return True
        return any(a == b for a, b in zip(self.elements, other.elements, strict=False))


def _mask(elements: Sequence[int]) -> int:
    if isinstance(elements, range) and elements.step == 1:
        return ((1 << len(elements)) - 1) << elements.start if elements else 0
    mask = 0
    for element in elements:
        mask |= 1 << element
    return mask
