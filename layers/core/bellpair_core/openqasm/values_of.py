"""Compute a program's late numbers, once its inputs have their values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from bellpair_core.openqasm.arithmetic import BINARY_3, FUNCTIONS_3, PREFIX_3
from bellpair_core.openqasm.late_values import INPUT, LateStep

_OPERATIONS: dict[tuple[str, int], Callable[..., Any]] = {
    (operation.symbol, operation.arity): operation.compute
    for table in (PREFIX_3, BINARY_3, FUNCTIONS_3)
    for operation in table.values()
}


class ValuesError(ValueError):
    """Values that a program's inputs can't have."""


def values_of(steps: Sequence[LateStep], values: Sequence[float]) -> list[float]:
    """Compute all steps of a program for values of its inputs, in their order.

    Raises
    ------
    ValuesError
        There are too many or too few values, one is not finite, or what follows from them is
        no finite number.
    """
    count = sum(step.symbol == INPUT for step in steps)
    if len(values) != count:
        raise ValuesError(f"the program takes {count} values, not {len(values)}")
    for place, value in enumerate(values):
        if not math.isfinite(value):
            raise ValuesError(f"value {place} is {value}, not a finite number")
    given = iter(values)
    numbers: list[float] = []
    for symbol, operands in steps:
        if symbol == INPUT:
            numbers.append(float(next(given)))
            continue
        found = [numbers[o] if isinstance(o, int) else o for o in operands]
        numbers.append(_computed(symbol, found))
    return numbers


def _computed(symbol: str, operands: list[float]) -> float:
    try:
        number = float(_OPERATIONS[symbol, len(operands)](*operands))
    except (ArithmeticError, ValueError, TypeError):
        number = math.nan
    if not math.isfinite(number):
        said = ", ".join(map(repr, operands))
        raise ValuesError(f"for these values '{symbol}' of {said} is no finite number")
    return number
