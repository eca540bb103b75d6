"""Numbers that a gate's definition computes from its parameters, once these are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bellpair_core.openqasm.arithmetic import Number, Operator


class Formula:
    """A number that follows from a gate's parameters.

    Parameters
    ----------
    index
        Its place among the parameters and, after them, the steps of the gate's definition.
    """

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index


class Step(NamedTuple):
    """One operation of a definition, and the token that errors in it point at."""

    operation: Operator
    operands: Sequence[Number | Formula]
    at: int


def known(value: Number | Formula, numbers: Sequence[Number]) -> Number:
    """Return a value, given the numbers that formulas stand for."""
    return numbers[value.index] if isinstance(value, Formula) else value
