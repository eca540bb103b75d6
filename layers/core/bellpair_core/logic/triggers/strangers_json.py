"""JSON that strangers wrote: what Python would take beyond the standard, or fall over, is none."""

from __future__ import annotations

import json
from typing import Any, NoReturn

_DEPTH_MAX = 100


def read_json(text: str) -> Any:
    """The value of a JSON text.

    Raises
    ------
    ValueError
        If it is none, holds ``NaN`` or an infinity, or is nested deeper than 100 levels.
    """
    try:
        value = json.loads(text, parse_constant=_refused)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    level = [value]
    for _ in range(_DEPTH_MAX):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return value
    raise ValueError("it is nested too deeply")


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
