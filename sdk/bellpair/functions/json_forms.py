"""Values of Python and numpy as JSON.

=============================  ==============================================
value                          its JSON
=============================  ==============================================
``None``, bool, int, str       themselves
float                          itself; ``nan`` and infinities are refused
complex                        ``{"re": 1.0, "im": -0.5}``
numpy scalar, array            as its Python value; an array as nested lists
tuple, list                    a list
dict                           an object; keys are texts or integers
dataclass, pydantic model      an object of its fields, without a dataclass's fields whose
                               metadata has ``{"json": False}``
enum member                    its value
date, time, datetime           its ISO 8601 text
`Sample`, `Estimate`           an object, see there
=============================  ==============================================
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from bellpair.functions.errors import OutputNotJson

_DEEPEST = 100
_PLACE_CHARACTERS = 120
"""Of a value's place in errors."""


def to_json(value: Any, what: str = "output") -> str:
    """The JSON text of a value.

    Parameters
    ----------
    what
        How errors call the value.

    Raises
    ------
    OutputNotJson
        If part of it has no JSON form; the message names the part.
    """
    return json.dumps(json_form(value, what), ensure_ascii=False, allow_nan=False)


def json_form(value: Any, what: str = "output", depth: int = 0) -> Any:
    """The value as None, bool, int, float, str, list and dict; see `to_json`."""
    if depth > _DEEPEST:
        _refuse(what, "it is nested too deeply, or contains itself", "Return a flatter value.")
    for kinds, form in _FORMS:
        if isinstance(value, kinds):
            return form(value, what, depth + 1)
    plain = _plain(value)
    if plain is value:
        _refuse(
            what,
            f"a value of type {type(value).__name__} has no JSON form",
            "Return numbers, texts, lists and dicts; numpy arrays and complex numbers are "
            "converted.",
        )
    return json_form(plain, what, depth + 1)


def _complex(value: complex, what: str, _depth: int) -> dict[str, float]:
    return {"re": _finite(value.real, what), "im": _finite(value.imag, what)}


def _object(value: dict[Any, Any], what: str, depth: int) -> dict[str, Any]:
    return {
        _key(key, what): json_form(item, f"{what}[{key!r}]", depth) for key, item in value.items()
    }


def _list(value: Sequence[Any], what: str, depth: int) -> list[Any]:
    return [json_form(item, f"{what}[{i}]", depth) for i, item in enumerate(value)]


def _plain(value: Any) -> Any:
    """The value by plainer ones; itself where nothing is known of it."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic):
        # Some scalars, such as of longdouble, are their own `item`.
        plain = value.tolist()
        return float(plain) if isinstance(plain, numpy.floating) else plain
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: getattr(value, field.name)
            for field in dataclasses.fields(value)
            if field.metadata.get("json", True)
        }
    for name in ("model_dump", "to_dict"):
        method = getattr(value, name, None)
        if callable(method) and not isinstance(value, type):
            plain = method()
            return plain if isinstance(plain, dict) else value
    return value


def _key(key: Any, what: str) -> str:
    if not isinstance(key, str | int) or isinstance(key, bool):
        _refuse(
            what,
            f"an object's key is a {type(key).__name__}: {str(key)[:60]}",
            "Use texts or integers as keys.",
        )
    return _text(str(key), what)


def _text(text: str, what: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        _refuse(
            what,
            f"{text[:60]!a} is a text with half of a surrogate pair, which has no UTF-8",
            "Decode bytes with errors='replace', or leave the text out.",
        )
    return str(text)


def _finite(number: float, what: str) -> float:
    if not math.isfinite(number):
        _refuse(what, f"JSON has no number {number}", "Return None, or a text, in its place.")
    return number


def _refuse(what: str, why: str, remedy: str) -> NoReturn:
    if len(what) > _PLACE_CHARACTERS:
        what = f"{what[: _PLACE_CHARACTERS // 2]}…{what[-_PLACE_CHARACTERS // 2 :]}"
    raise OutputNotJson(f"{what} cannot be written as JSON: {why}.", remedy=remedy)


# In this order: an enum's member may be a text, a bool is an integer.
_FORMS: tuple[tuple[Any, Callable[[Any, str, int], Any]], ...] = (
    ((type(None), bool), lambda value, what, depth: value),
    (enum.Enum, lambda value, what, depth: json_form(value.value, what, depth)),
    (str, lambda value, what, depth: _text(value, what)),
    (int, lambda value, what, depth: int(value)),
    (float, lambda value, what, depth: _finite(float(value), what)),
    (complex, _complex),
    (dict, _object),
    ((list, tuple), _list),
    ((datetime.date, datetime.time), lambda value, what, depth: value.isoformat()),
)
