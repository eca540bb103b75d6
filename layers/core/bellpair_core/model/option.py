"""Every option of execution, in one table: names, parameters, where they fit, their sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Primitive(StrEnum):
    """The two built-in functions."""

    SAMPLING = "sampling"
    ESTIMATION = "estimation"


@dataclass(frozen=True)
class Parameter:
    """One parameter of an option."""

    name: str
    default: Any
    summary: str


@dataclass(frozen=True)
class Option:
    """One option."""

    name: str
    summary: str


OPTIONS: Mapping[str, Option] = {}
LEVELS: Mapping[Primitive, tuple[tuple[Mapping[str, Any], ...], ...]] = {}
"""Stacks of options by primitive and level, 0 to 3."""


def checked_options(
    given: Sequence[str | Mapping[str, Any]], primitive: Primitive | str
) -> tuple[dict[str, Any], ...]:
    """The options with all their parameters, in the order given.

    Parameters
    ----------
    given
        Names, or objects with a ``name`` and parameters.

    Raises
    ------
    BellpairError
        ``option-invalid``: the detail names the option and what is wrong with it.
    """
    raise NotImplementedError


def options_of_level(level: int, primitive: Primitive | str) -> tuple[dict[str, Any], ...]:
    """The stack that a level stands for, with all parameters.

    Raises
    ------
    BellpairError
        ``option-invalid`` if there is no such level.
    """
    raise NotImplementedError
