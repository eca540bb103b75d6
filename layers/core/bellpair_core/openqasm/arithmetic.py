"""The operators and functions of constant expressions, kept within 64-bit size.

Nothing here can be made to compute a large number: a result that doesn't fit raises
`OverflowError`, before it is computed where it could be huge.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from bellpair_core.openqasm.late_values import applied_late

Number = int | float | bool

INTEGER_LIMIT = 2**63


class Operator(NamedTuple):
    """An operator or function: how tightly it binds, what it computes, of how many values."""

    symbol: str
    precedence: int
    compute: Callable[..., Any]
    arity: int = 2
    right: bool = False


def compute(operation: Operator, values: list[Any]) -> Number | None:
    """Apply an operation; None if one of the values is not known.

    Raises
    ------
    LookupError
        One of the values comes after compiling, and the operation can't wait for it.
    ArithmeticError, ValueError, TypeError
        The result is not a finite number of 64 bits, or the operation has no such operands.
    """
    if None in values:
        return None
    late = applied_late(operation.symbol, values)
    if late is not None:
        return late
    result = operation.compute(*values)
    if isinstance(result, float):
        if not math.isfinite(result):
            raise OverflowError
    elif isinstance(result, complex) or not -INTEGER_LIMIT <= result < INTEGER_LIMIT:
        raise OverflowError
    number: Number = result
    return number


def _power(base: Number, exponent: Number) -> Any:
    if isinstance(exponent, int) and exponent > 64 and isinstance(base, int) and abs(base) > 1:
        raise OverflowError
    return base**exponent


def _divide_3(a: Number, b: Number) -> Number:
    # Between integers the division truncates, as in C.
    if isinstance(a, int) and isinstance(b, int):
        quotient = abs(a) // abs(b)
        return quotient if (a < 0) == (b < 0) else -quotient
    return a / b


def _shift_left(a: int, b: int) -> int:
    if b > 64:
        raise OverflowError
    return a << b


_SIGNS = [
    Operator("-", 12, operator.neg, 1),
    Operator("+", 12, operator.pos, 1),
]

PREFIX_2 = {o.symbol: o for o in _SIGNS}
BINARY_2 = {
    o.symbol: o
    for o in [
        Operator("+", 10, operator.add),
        Operator("-", 10, operator.sub),
        Operator("*", 11, operator.mul),
        Operator("/", 11, operator.truediv),
        Operator("^", 13, _power, right=True),
    ]
}

PREFIX_3 = {
    o.symbol: o
    for o in [
        *_SIGNS[:1],
        Operator("!", 12, operator.not_, 1),
        Operator("~", 12, operator.invert, 1),
    ]
}
BINARY_3 = {
    o.symbol: o
    for o in [
        Operator("||", 1, lambda a, b: bool(a or b)),
        Operator("&&", 2, lambda a, b: bool(a and b)),
        Operator("|", 3, operator.or_),
        Operator("^", 4, operator.xor),
        Operator("&", 5, operator.and_),
        Operator("==", 6, operator.eq),
        Operator("!=", 6, operator.ne),
        Operator("<", 7, operator.lt),
        Operator("<=", 7, operator.le),
        Operator(">", 7, operator.gt),
        Operator(">=", 7, operator.ge),
        Operator("<<", 8, _shift_left),
        Operator(">>", 8, operator.rshift),
        Operator("+", 10, operator.add),
        Operator("-", 10, operator.sub),
        Operator("*", 11, operator.mul),
        Operator("/", 11, _divide_3),
        Operator("%", 11, operator.mod),
        Operator("**", 13, _power, right=True),
    ]
}


def _function(symbol: str, compute: Callable[..., Any], arity: int = 1) -> Operator:
    return Operator(symbol, 0, compute, arity)


_COMMON_FUNCTIONS = [
    _function("sin", math.sin),
    _function("cos", math.cos),
    _function("tan", math.tan),
    _function("exp", math.exp),
    _function("sqrt", math.sqrt),
]
FUNCTIONS_2 = {f.symbol: f for f in [*_COMMON_FUNCTIONS, _function("ln", math.log)]}
FUNCTIONS_3 = {
    f.symbol: f
    for f in [
        *_COMMON_FUNCTIONS,
        _function("log", math.log),
        _function("arcsin", math.asin),
        _function("arccos", math.acos),
        _function("arctan", math.atan),
        _function("ceiling", math.ceil),
        _function("floor", math.floor),
        _function("mod", operator.mod, 2),
        _function("pow", _power, 2),
        *(_function(cast, int) for cast in ("int", "uint")),
        *(_function(cast, float) for cast in ("float", "angle")),
        _function("bool", bool),
    ]
}

CONSTANTS_2 = {"pi": math.pi}
CONSTANTS_3 = {
    "pi": math.pi,
    "π": math.pi,
    "tau": math.tau,
    "τ": math.tau,
    "euler": math.e,
    "ℇ": math.e,
}
