"""What is to happen at once, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

Value = TypeVar("Value")


def one_by_one(
    calls: Mapping[str, Callable[[], Value]], timeout_s: float
) -> Mapping[str, Value | Exception]:
    """`bellpair_core.ports.AtOnce` in the order of the calls, without a limit of time."""
    found: dict[str, Value | Exception] = {}
    for name, call in calls.items():
        try:
            found[name] = call()
        except Exception as error:
            found[name] = error
    return found
