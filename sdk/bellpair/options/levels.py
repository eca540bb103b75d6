"""Levels 0 to 3: sensible stacks of options, for counts and for expectation values.

The service has the same table, and its tests compare the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bellpair.functions.errors import InvalidCall

_MITIGATED = {"name": "readout-mitigation"}
_MEASURED = {"name": "readout-mitigation", "method": "measured"}
LEVELS: Mapping[str, tuple[tuple[Mapping[str, Any], ...], ...]] = {
    "sampling": (
        (),
        (_MITIGATED,),
        (_MITIGATED, {"name": "twirling", "instances": 4}),
        (_MEASURED, {"name": "twirling", "instances": 16}),
    ),
    "estimation": (
        (),
        (_MITIGATED,),
        (_MITIGATED, {"name": "twirling", "instances": 4}, {"name": "zne"}),
        (_MEASURED, {"name": "twirling", "instances": 16}, {"name": "zne"}),
    ),
}


def options_of_level(level: int, primitive: str) -> tuple[Mapping[str, Any], ...]:
    """The stack that a level stands for.

    Parameters
    ----------
    primitive
        ``sampling`` or ``estimation``.

    Raises
    ------
    InvalidCall
        If there is no such level.
    """
    stacks = LEVELS[primitive]
    if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level < len(stacks):
        raise InvalidCall(
            f"There is no level {level!r}.",
            remedy=f"Give a whole number from 0 to {len(stacks) - 1}.",
        )
    return stacks[level]
