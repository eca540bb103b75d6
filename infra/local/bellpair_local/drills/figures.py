"""The figures by which a drill is passed or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured value and what is asked of it.

    Attributes
    ----------
    value
        ``None`` when it could not be measured, which never meets a limit.
    limit
        As people write it: ``<= 10``, ``= 0``, ``>= 1``.
    """

    name: str
    value: float | None
    limit: str
    met: bool


def at_most(name: str, value: float | None, limit: float) -> Figure:
    """A figure that must not exceed `limit`."""
    return Figure(name, value, f"<= {limit:g}", value is not None and value <= limit)


def at_least(name: str, value: float | None, limit: float) -> Figure:
    """A figure that must reach `limit`."""
    return Figure(name, value, f">= {limit:g}", value is not None and value >= limit)


def exactly(name: str, value: float | None, limit: float) -> Figure:
    """A figure that must be `limit`."""
    return Figure(name, value, f"= {limit:g}", value is not None and value == limit)


def passed(figures: Iterable[Figure], *, timed: bool = True) -> bool:
    """Whether all are met; those in seconds left out where the drill is not `timed`."""
    return all(figure.met for figure in figures if timed or not _is_time(figure))


def _is_time(figure: Figure) -> bool:
    return figure.name.endswith("_s") or figure.name == "seconds"


def as_json(figures: Iterable[Figure]) -> dict[str, dict[str, Any]]:
    """The figures by name."""
    return {
        figure.name: {"value": figure.value, "limit": figure.limit, "met": figure.met}
        for figure in figures
    }
