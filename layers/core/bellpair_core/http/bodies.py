"""Read JSON bodies strictly, and say where one is wrong."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bellpair_core.model.errors import BellpairError, ErrorCode

Body = TypeVar("Body", bound=BaseModel)

_PROBLEMS_MAX = 20
_POINTER_CHARACTERS_MAX = 160


def read_body(kind: type[Body], data: bytes) -> Body:
    """The body as a ``kind``.

    Raises
    ------
    BellpairError
        ``body-not-json``, or ``request-invalid`` with a JSON pointer to each wrong place. No
        value from the body is repeated: it may be a secret.
    """
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        why = str(found[0].get("ctx", {}).get("error", "it cannot be parsed"))
        raise BellpairError(ErrorCode.BODY_NOT_JSON, f"The body cannot be parsed: {why}.")
    problems = [
        {"pointer": _pointer(problem["loc"]), "detail": _detail(kind, problem)}
        for problem in found[:_PROBLEMS_MAX]
    ]
    first = problems[0]
    more = f" The member errors lists {len(problems)} problems." if len(problems) > 1 else ""
    raise BellpairError(
        ErrorCode.REQUEST_INVALID,
        f"{first['pointer']}: {first['detail']}.{more}",
        pointer=first["pointer"],
        errors=problems,
    )


def _pointer(place: tuple[int | str, ...]) -> str:
    """The place as a JSON pointer (RFC 6901) in a URI fragment."""
    # Pydantic marks a wrong key of an object with a step of its own, which is no place in it.
    steps = [str(step) for step in place if step != "[key]"]
    escaped = [step.replace("~", "~0").replace("/", "~1") for step in steps]
    return "".join(["#", *(f"/{step}" for step in escaped)])[:_POINTER_CHARACTERS_MAX]


def _detail(kind: type[BaseModel], problem: ErrorDetails) -> str:
    if not problem["loc"]:
        return "the body must be a JSON object"
    kind, place = _innermost(kind, problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"there is no such field; the fields are {', '.join(kind.model_fields)}"
    field = kind.model_fields.get(str(place))
    wanted = field.description if field is not None else None
    if problem["type"] == "missing":
        said = "it is missing"
    else:
        said = problem["msg"][:1].lower() + problem["msg"][1:]
    return f"{said}; give {wanted}" if wanted else said


def _innermost(
    kind: type[BaseModel], place: tuple[int | str, ...]
) -> tuple[type[BaseModel], int | str]:
    """The model whose field is wrong, and the field, where objects are within objects."""
    field = kind.model_fields.get(str(place[0]))
    inner = field.annotation if field is not None else None
    if len(place) > 1 and isinstance(inner, type) and issubclass(inner, BaseModel):
        return _innermost(inner, place[1:])
    return kind, place[0]
