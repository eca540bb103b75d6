"""Input templates: JSON whose texts may be paths into what happened.

A text that is a path as a whole, ``"$.detail.shots"``, gives the value there with its type. Inside
a longer text, ``"run {$.detail.name}"``, the value is put in as text. ``$$`` at the beginning gives
a text that begins with ``$``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_STEP = re.compile(r"\.([^.\[\]{}\s'\"]+)|\[(\d{1,6})\]|\['([^']+)'\]")
_EMBEDDED = re.compile(r"\{(\$[^{}]*)\}")
_DEPTH_MAX = 20

Path = tuple[str | int, ...]


class TemplateInvalid(ValueError):
    """The template cannot be used; the message says where and why."""


class PathMissing(LookupError):
    """What happened has nothing at a path of the template."""


def parse_path(text: str) -> Path:
    """The steps of a path such as ``$.detail.items[0]['a.b']``.

    Raises
    ------
    TemplateInvalid
        If it is none.
    """
    steps: list[str | int] = []
    at = 1
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            raise TemplateInvalid(
                f"{text[:80]!r} is no path: after $ come .name, [0] or ['name'];"
                " begin a text that is none with $$"
            )
        steps.append(int(step[2]) if step[2] else step[1] or step[3])
        at = step.end()
    return tuple(steps)


def paths_of(template: Any, depth: int = 0) -> Iterator[Path]:
    """Every path in a template.

    Raises
    ------
    TemplateInvalid
        Where one cannot be read, or the template is nested too deeply.
    """
    if depth > _DEPTH_MAX:
        raise TemplateInvalid(f"the template is nested deeper than {_DEPTH_MAX}")
    if isinstance(template, str):
        if template.startswith("$") and not template.startswith("$$"):
            yield parse_path(template)
        else:
            yield from (parse_path(found[1]) for found in _EMBEDDED.finditer(template))
    elif isinstance(template, Mapping):
        for value in template.values():
            yield from paths_of(value, depth + 1)
    elif isinstance(template, list):
        for value in template:
            yield from paths_of(value, depth + 1)


def filled(template: Any, document: Mapping[str, Any]) -> Any:
    """The template with each path replaced by what is there.

    Raises
    ------
    PathMissing
        If there is nothing at one of them; ``null`` is something.
    """
    if isinstance(template, str):
        if template.startswith("$$"):
            return template[1:]
        if template.startswith("$"):
            return value_at(document, parse_path(template))
        return _EMBEDDED.sub(
            lambda found: _as_text(value_at(document, parse_path(found[1]))), template
        )
    if isinstance(template, Mapping):
        return {key: filled(value, document) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, document) for value in template]
    return template


class Known(NamedTuple):
    """What is known of a template before anything happens.

    Attributes
    ----------
    value
        The template, in which nothing is said by what stands at the open places.
    open_places
        The way to each value that what happens decides.
    """

    value: Any
    open_places: frozenset[Path]


def known(template: Any) -> Known:
    """The part of a template that is the same whatever happens."""
    open_places: set[Path] = set()

    def constant(part: Any, place: Path) -> Any:
        if isinstance(part, Mapping):
            return {key: constant(value, (*place, key)) for key, value in part.items()}
        if isinstance(part, list):
            return [constant(value, (*place, at)) for at, value in enumerate(part)]
        if any(True for _ in paths_of(part)):
            open_places.add(place)
            return part
        return filled(part, {})

    return Known(constant(template, ()), frozenset(open_places))


def filled_bytes(template: Any, document: Mapping[str, Any]) -> int:
    """How many bytes of JSON the paths' values would be in the filled template, at most.

    Known before it is filled: a short template may name a long value a thousand times.

    Raises
    ------
    PathMissing
        If there is nothing at one of them.
    """
    counted = Counter(paths_of(template))
    return sum(count * len(json.dumps(value_at(document, path))) for path, count in counted.items())


def value_at(document: Mapping[str, Any], path: Path) -> Any:
    """What is at a path.

    Raises
    ------
    PathMissing
        If nothing is.
    """
    value: Any = document
    for step in path:
        try:
            if isinstance(step, str) is not isinstance(value, Mapping) or isinstance(value, str):
                raise LookupError
            value = value[step]
        except (LookupError, TypeError):
            raise PathMissing(f"what happened has nothing at {shown(path)}") from None
    return value


def shown(path: Path) -> str:
    """The path as it is written."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
