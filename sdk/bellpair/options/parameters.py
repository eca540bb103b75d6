"""What an option's parameters may be, told in the words of the call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bellpair.functions.errors import InvalidCall


def whole(option: str, name: str, value: Any, lowest: int, highest: int) -> int:
    """A whole number within these bounds, or an `InvalidCall`."""
    if isinstance(value, int) and _within(value, lowest, highest):
        return value
    raise _refused(option, name, value, f"a whole number from {lowest} to {highest}")


def number(option: str, name: str, value: Any, lowest: float, highest: float) -> float:
    """A number within these bounds, or an `InvalidCall`."""
    if _within(value, lowest, highest):
        return float(value)
    raise _refused(option, name, value, f"a number from {lowest:g} to {highest:g}")


def numbers(
    option: str, name: str, value: Any, lowest: float, highest: float, fewest: int, most: int
) -> tuple[float, ...]:
    """Different numbers within these bounds, or an `InvalidCall`."""
    if (
        isinstance(value, list | tuple)
        and fewest <= len(value) <= most
        and all(_within(one, lowest, highest) for one in value)
        and len(set(value)) == len(value)
    ):
        return tuple(map(float, value))
    allowed = f"{fewest} to {most} different numbers from {lowest:g} to {highest:g}"
    raise _refused(option, name, value, f"a list of {allowed}")


def word(option: str, name: str, value: Any, words: Sequence[str]) -> str:
    """One of these words, or an `InvalidCall`."""
    if isinstance(value, str) and value in words:
        return value
    raise _refused(option, name, value, " or ".join(f'"{one}"' for one in words))


def flag(option: str, name: str, value: Any) -> bool:
    """True or false, or an `InvalidCall`."""
    if isinstance(value, bool):
        return value
    raise _refused(option, name, value, "true or false")


def _within(value: Any, lowest: float, highest: float) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and lowest <= value <= highest
    )


def _refused(option: str, name: str, value: Any, allowed: str) -> InvalidCall:
    return InvalidCall(
        f"Parameter {name} of option {option} cannot be {value!r}.", remedy=f"Give {allowed}."
    )
