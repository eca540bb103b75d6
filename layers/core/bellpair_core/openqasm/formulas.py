"""Numbers that a gate's definition computes from its parameters, once these are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bellpair_core.openqasm.arithmetic import Number, Operator
from bellpair_core.openqasm.names import Formula


class Step(NamedTuple):
    """One operation of a definition, and the token that errors in it point at."""

    operation: Operator
    operands: Sequence[Number | Formula]
    at: int


def known(value: Number | Formula, numbers: Sequence[Number]) -> Number:
    """Return a value, given the numbers that formulas stand for."""
    return numbers[value.index] if isinstance(value, Formula) else value
