"""State machines as files: JSON with ``${Name}`` where a deployment fills something in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PLACE = re.compile(r"^\$\{(\w+)\}$")


def numbered(source: Path, numbers: Mapping[str, int]) -> str:
    """Return a definition with its numbers filled in, and its ARNs still to fill.

    CloudFormation substitutes text only, and the States Language wants times as
    JSON numbers, so those are set here, where the file is still data.

    Parameters
    ----------
    source
        The ``*.asl.json`` file.
    numbers
        Name of a place -> its number; all of them must occur.

    Raises
    ------
    ValueError
        A number has no place in the definition.
    """
    left = set(numbers)

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: fill(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [fill(inner) for inner in value]
        place = _PLACE.match(value) if isinstance(value, str) else None
        if place and place.group(1) in numbers:
            left.discard(place.group(1))
            return numbers[place.group(1)]
        return value

    filled = fill(json.loads(source.read_text()))
    if left:
        raise ValueError(f"{source.name} has no place for {', '.join(sorted(left))}")
    return json.dumps(filled, indent=2)


def substituted(definition: str, words: Mapping[str, str]) -> str:
    """Return a definition with its text places filled, as CloudFormation would."""
    for name, word in words.items():
        definition = definition.replace(f"${{{name}}}", word)
    return definition
