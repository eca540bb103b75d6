"""Numbers that follow from a program's inputs, whose values come after it is compiled.

While a program is read, each such number is one step of a list: an input, or an operation on
numbers and earlier steps. So an expression costs what it says, however its parts share others,
and giving the inputs their values means computing the list once.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Any, NamedTuple

INPUT = "input"

# What keeps a number a number, so that the value may come later: neither comparisons nor bits.
_OPERATORS = ["+", "-", "*", "/", "**", "%"]
_FUNCTIONS = ["sin", "cos", "tan", "exp", "sqrt", "log", "arcsin", "arccos", "arctan"]
_ROUNDING = ["ceiling", "floor", "mod", "pow", "float", "angle"]
_LATE = frozenset([*_OPERATORS, *_FUNCTIONS, *_ROUNDING])


class LateStep(NamedTuple):
    """One number: ``input``, or an operation's symbol and what it is applied to.

    An operand that is a whole number is the index of an earlier step; a number itself is always
    a `float`.
    """

    symbol: str
    operands: tuple[int | float, ...] = ()


class LateValue(float):
    """A number that is not known yet; whatever takes it for a known one gets NaN.

    It counts with numbers as they do with one another, so that code which computes angles need
    not know of it.
    """

    __slots__ = ("index", "steps")
    index: int
    steps: LateSteps

    def __new__(cls, steps: LateSteps, index: int) -> LateValue:
        """Stand for a step of the list."""
        value = super().__new__(cls, nan)
        value.steps, value.index = steps, index
        return value

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return hash((LateValue, self.index))

    def __neg__(self) -> LateValue:
        return self.steps.put("-", (self,))

    def __add__(self, other: float) -> LateValue:
        return self.steps.put("+", (self, other))

    def __radd__(self, other: float) -> LateValue:
        return self.steps.put("+", (other, self))

    def __sub__(self, other: float) -> LateValue:
        return self.steps.put("-", (self, other))

    def __rsub__(self, other: float) -> LateValue:
        return self.steps.put("-", (other, self))

    def __mul__(self, other: float) -> LateValue:
        return self.steps.put("*", (self, other))

    def __rmul__(self, other: float) -> LateValue:
        return self.steps.put("*", (other, self))

    def __truediv__(self, other: float) -> LateValue:
        return self.steps.put("/", (self, other))


class LateSteps:
    """The list of such numbers that a program comes to; equal ones are one step."""

    def __init__(self) -> None:
        self.steps: list[LateStep] = []
        self._values: dict[tuple[str, tuple[Any, ...]], LateValue] = {}

    def new_input(self) -> LateValue:
        """Add an input."""
        self.steps.append(LateStep(INPUT))
        return LateValue(self, len(self.steps) - 1)

    def put(self, symbol: str, operands: Sequence[float]) -> LateValue:
        """Apply an operation to numbers of which some are not known yet."""
        written = tuple(o.index if isinstance(o, LateValue) else float(o) for o in operands)
        # As text 1.0 and the step 1 differ, which as keys they would not.
        key = (symbol, tuple(map(repr, written)))
        value = self._values.get(key)
        if value is None:
            self.steps.append(LateStep(symbol, written))
            value = self._values[key] = LateValue(self, len(self.steps) - 1)
        return value


def applied_late(symbol: str, values: Sequence[Any]) -> LateValue | None:
    """Apply an operation where a value comes later; None where none of them does.

    Raises
    ------
    LookupError
        The operation can't wait for its values.
    """
    late = next((value for value in values if isinstance(value, LateValue)), None)
    if late is None:
        return None
    if symbol not in _LATE:
        raise LookupError(symbol)
    return late.steps.put(symbol, values)
