"""Shapes of nested JSON arrays, and how they broadcast; the rules are numpy's."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

Shape = tuple[int, ...]


class ShapeError(Exception):
    """A value has no shape, or shapes do not go together; the message says why."""


def shape_of(
    value: Any, is_leaf: Callable[[Any], bool] = lambda value: not isinstance(value, list)
) -> Shape:
    """The shape of an array whose leaves need not be looked at; ``()`` of a leaf.

    Raises
    ------
    ShapeError
        If its rows have different shapes.
    """
    if is_leaf(value):
        return ()
    shapes = {shape_of(item, is_leaf) for item in value}
    if len(shapes) > 1:
        raise ShapeError(f"its rows have different shapes: {_told(sorted(shapes))}")
    return (len(value), *next(iter(shapes), ()))


def broadcast(one: Shape, other: Shape) -> Shape | None:
    """The shape that both are stretched to; ``None`` where they do not go together."""
    made = []
    for a, b in zip_longest(reversed(one), reversed(other), fillvalue=1):
        if a != b and 1 not in (a, b):
            return None
        made.append(b if a == 1 else a)
    return tuple(reversed(made))


def sweep_of(names: Sequence[str], parameters: Any) -> Shape:
    """The shape of a sweep: how many sets of values there are along each axis.

    Parameters
    ----------
    names
        The circuit's parameters.
    parameters
        An array whose last axis is over them, with a single one also without that axis; or an
        object from names to such arrays; ``None`` for a circuit without parameters.

    Raises
    ------
    ShapeError
        If values are missing, too many, no numbers, or of shapes that do not go together.
    """
    if parameters is None:
        parameters = {} if not names else None
    if parameters is None:
        raise ShapeError(f"{_named(names)} got no value")
    if not isinstance(parameters, Mapping):
        _require_numbers(parameters)
        return _sweep(tuple(names), shape_of(parameters))
    missing = [name for name in names if name not in parameters]
    unknown = [name for name in parameters if name not in names]
    if missing:
        raise ShapeError(f"{_named(missing)} got no value")
    if unknown:
        raise ShapeError(
            f"the circuit has no parameter {_named(unknown)}; it has {_named(names) or 'none'}"
        )
    sweeps: dict[Shape, str] = {}
    for name, values in parameters.items():
        _require_numbers(values)
        sweeps.setdefault(_sweep((name,), shape_of(values)), name)
    if len(sweeps) > 1:
        told = ", ".join(f"{shape} of {name}" for shape, name in sweeps.items())
        raise ShapeError(f"the parameters' values have several shapes: {told}")
    return next(iter(sweeps), ())


def _sweep(names: Sequence[str], shape: Shape) -> Shape:
    if len(names) == 1 and (not shape or shape[-1] != 1):
        return shape
    if not names and shape in ((), (0,)):
        return ()
    if not shape or shape[-1] != len(names):
        last = f"its last axis has length {shape[-1]}" if shape else "there is one number"
        raise ShapeError(
            f"there are {len(names)} parameters{f' ({_named(names)})' if names else ''}, but {last}"
        )
    return shape[:-1]


def _require_numbers(values: Any) -> None:
    if isinstance(values, list):
        for value in values:
            _require_numbers(value)
    elif isinstance(values, bool) or not isinstance(values, int | float):
        raise ShapeError("it must hold real numbers")
    elif not math.isfinite(values):
        raise ShapeError("it must hold finite numbers")


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(name[:40] for name in names[:8])
    return f"{shown}, …" if len(names) > 8 else shown


def _told(shapes: Sequence[Shape]) -> str:
    return ", ".join(map(str, shapes[:4]))
