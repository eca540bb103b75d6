"""Hold an invocation's inputs against the function's schema, before anything runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.limits import FUNCTION_INPUT_BYTES_MAX

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_PROBLEMS_MAX = 20
_POINTER_CHARACTERS_MAX = 160
_SAID_CHARACTERS_MAX = 200

Place = tuple[str | int, ...]
"""The way to a value within the inputs: names, and numbers of elements."""

_LEFT_TO_THE_FUNCTION = frozenset({"pattern", "patternProperties", "uniqueItems", "format"})
"""What can be made to take very long by who writes the schema and the inputs: the function checks
it itself, in its own time."""


def checked_inputs(inputs: Mapping[str, Any], schema: Mapping[str, Any]) -> bytes:
    """The inputs as JSON, in UTF-8, if they fit the schema.

    Raises
    ------
    BellpairError
        ``inputs-invalid``, with a JSON pointer into the request for each wrong place. No value is
        repeated: it may be a secret.
    """
    try:
        text = json.dumps(inputs, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        data = text.encode()
    except ValueError:
        problem = "NaN and infinity are no JSON, and a text must be Unicode"
        raise _refused([{"pointer": "#/inputs", "detail": problem}]) from None
    if len(data) > FUNCTION_INPUT_BYTES_MAX:
        raise BellpairError(
            ErrorCode.INPUTS_INVALID,
            f"The inputs have {len(data)} bytes; the limit is {FUNCTION_INPUT_BYTES_MAX}.",
            remedy="Send less, or let the function compute what it can.",
            pointer="#/inputs",
            limit_bytes=FUNCTION_INPUT_BYTES_MAX,
        )
    if problems := _problems(inputs, schema):
        raise _refused(problems)
    return data


def template_problems(
    inputs: Mapping[str, Any], schema: Mapping[str, Any], open_places: Collection[Place]
) -> list[dict[str, str]]:
    """What is wrong with inputs whatever comes to the places that are still open.

    Each problem has the members ``pointer`` and ``detail``; none are found where all may yet fit.

    Parameters
    ----------
    open_places
        Where the value is not known yet; what stands there is not looked at.
    """
    return _problems(inputs, schema, open_places)


def schema_problem(schema: object) -> str | None:
    """Why this is no schema that inputs can be held against; ``None`` where it is one."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    if not isinstance(schema, dict):
        return "it is no JSON object"
    if schema.get("$schema", _DRAFT) != _DRAFT:
        return f"its $schema is not {_DRAFT}"
    try:
        # One that leads elsewhere could make the service fetch what its author likes.
        if any(not ref.startswith("#") for ref in _references(schema)):
            return "a $ref leads out of it"
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"{'/'.join(map(str, error.absolute_path)) or 'it'} is not as JSON Schema wants it"
    except RecursionError:
        return "it is nested too deep"
    return None


def _problems(
    inputs: Mapping[str, Any], schema: Mapping[str, Any], open_places: Collection[Place] = ()
) -> list[dict[str, str]]:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    kind = extend(Draft202012Validator, dict.fromkeys(_LEFT_TO_THE_FUNCTION, _passes))
    found: list[ValidationError] = []
    try:
        for error in kind(dict(schema), registry=Registry()).iter_errors(dict(inputs)):
            if open_places and not _settled(error, open_places):
                continue
            found.append(error)  # no more of them are made than are told
            if len(found) >= _PROBLEMS_MAX:
                break
    except RecursionError:
        return [{"pointer": "#/inputs", "detail": "they are nested too deep"}]
    except Unresolvable:
        detail = "the function's schema refers to what it does not hold; deploy it again"
        return [{"pointer": "#/inputs", "detail": detail}]
    problems = [problem for error in found for problem in _told(error)]
    return sorted(problems[:_PROBLEMS_MAX], key=lambda problem: problem["pointer"])


def _settled(error: Any, open_places: Collection[Place]) -> bool:
    """Whether something is wrong whatever comes to the open places."""
    if not {"then", "else"}.isdisjoint(error.absolute_schema_path):
        return False  # what comes may decide which of the two holds
    place = tuple(error.absolute_path)
    if any(place[: len(each)] == each for each in open_places):
        return False
    if error.validator in ("required", "additionalProperties", "type"):
        return True  # of an object or a list, these look at nothing inside its members
    return not any(each[: len(place)] == place for each in open_places)


def _told(error: Any) -> Iterator[dict[str, str]]:
    """What is wrong, at the place where it is."""
    place = [str(step) for step in error.absolute_path]
    if error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield _at([*place, name], "it is missing")
    elif error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for name in error.instance:
            if name not in known:
                there = ", ".join(known) or "none"
                yield _at([*place, name], f"there is no such input; there are: {there}")
    elif inside := _of_the_form_meant(error):
        for each in inside:
            yield from _told(each)
    else:
        yield _at(place, _wanted(error.validator, error.validator_value))


def _of_the_form_meant(error: Any) -> list[Any]:
    """What is wrong by the one form, of several that are allowed, whose type the value has."""
    if error.validator not in ("anyOf", "oneOf"):
        return []
    forms: dict[Any, list[Any]] = {}
    for each in error.context:
        forms.setdefault(each.schema_path[0], []).append(each)
    place = error.absolute_path
    meant = [
        found
        for found in forms.values()
        if not any(one.validator == "type" and one.absolute_path == place for one in found)
    ]
    return meant[0] if len(meant) == 1 else []


def _wanted(keyword: str, value: Any) -> str:
    said = _SAID.get(keyword)
    if said is None:
        return f"it does not fit the schema's {keyword}"
    try:
        return said(value)
    except (TypeError, KeyError, AttributeError):
        return f"it does not fit the schema's {keyword}"


_SAID: dict[str, Callable[[Any], str]] = {
    "type": lambda value: f"it must be of type {_listed(value)}",
    "enum": lambda value: f"it must be one of {json.dumps(value)}",
    "const": lambda value: f"it must be {json.dumps(value)}",
    "minimum": lambda value: f"it must be at least {value}",
    "maximum": lambda value: f"it must be at most {value}",
    "exclusiveMinimum": lambda value: f"it must be more than {value}",
    "exclusiveMaximum": lambda value: f"it must be less than {value}",
    "multipleOf": lambda value: f"it must be a multiple of {value}",
    "minLength": lambda value: f"it must have at least {value} characters",
    "maxLength": lambda value: f"it must have at most {value} characters",
    "minItems": lambda value: f"it must have at least {value} items",
    "maxItems": lambda value: f"it must have at most {value} items",
    "minProperties": lambda value: f"it must have at least {value} members",
    "maxProperties": lambda value: f"it must have at most {value} members",
    "anyOf": lambda value: f"it must fit one of: {_forms(value)}",
    "oneOf": lambda value: f"it must fit exactly one of: {_forms(value)}",
}


def _forms(schemas: list[dict[str, Any]]) -> str:
    names = [
        _listed(form["type"]) + _range(form)
        if "type" in form
        else str(form.get("$ref", "a form of its own"))
        for form in schemas
    ]
    return ", ".join(dict.fromkeys(names))


def _range(schema: dict[str, Any]) -> str:
    if {"minimum", "maximum"} <= schema.keys():
        return f" from {schema['minimum']} to {schema['maximum']}"
    return ""


def _listed(kinds: str | list[str]) -> str:
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def _at(place: list[str], detail: str) -> dict[str, str]:
    escaped = (step.replace("~", "~0").replace("/", "~1") for step in place)
    pointer = "".join(["#/inputs", *(f"/{step}" for step in escaped)])
    return {
        "pointer": pointer[:_POINTER_CHARACTERS_MAX],
        "detail": detail[:_SAID_CHARACTERS_MAX],
    }


def _refused(problems: list[dict[str, str]]) -> BellpairError:
    first = problems[0]
    more = f" The member errors lists {len(problems)} problems." if len(problems) > 1 else ""
    return BellpairError(
        ErrorCode.INPUTS_INVALID,
        f"{first['pointer']}: {first['detail']}.{more}",
        pointer=first["pointer"],
        errors=problems,
    )


def _passes(*_: Any) -> None:
    """Finds nothing wrong."""


def _references(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield value
            yield from _references(value)
    elif isinstance(schema, list):
        for part in schema:
            yield from _references(part)
