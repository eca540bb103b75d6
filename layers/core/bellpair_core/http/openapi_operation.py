"""One operation of the API, as its OpenAPI document describes it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from bellpair_core.model.errors import ErrorCode

from . import schemas
from .problem import MEDIA_TYPE

REFS = "#/components/schemas/{model}"
"""Where the document has the schema of a model."""

_EVERYWHERE = (ErrorCode.THROTTLED, ErrorCode.UNAVAILABLE, ErrorCode.INTERNAL)
WITH_KEY = (ErrorCode.UNAUTHENTICATED,)
WITH_BODY = (ErrorCode.BODY_NOT_JSON, ErrorCode.REQUEST_INVALID, ErrorCode.REQUEST_TOO_LARGE)
MAKES_JOB = (
    ErrorCode.DEVICE_UNKNOWN,
    ErrorCode.DEVICE_RETIRED,
    ErrorCode.DEVICE_OFFLINE,
    ErrorCode.IDEMPOTENCY_CONFLICT,
    ErrorCode.REGION_PASSIVE,
    ErrorCode.NOT_ACCEPTING,
)
"""What each operation may answer that takes a key, that takes a body, and that makes a job."""


def operation(
    operation_id: str,
    tag: str,
    summary: str,
    status: int,
    answer: type[BaseModel] | tuple[type[BaseModel], ...] | None,
    *,
    codes: tuple[ErrorCode, ...] = (),
    description: str | None = None,
    body: type[BaseModel] | None = None,
    parameters: list[dict[str, Any]] | None = None,
    headers: tuple[str, ...] = (),
    public: bool = False,
) -> dict[str, Any]:
    """One operation of the API as OpenAPI describes it.

    Parameters
    ----------
    status, answer
        What it answers when all is well: one of several models, or an object of any kind where
        there is none.
    codes
        The errors that it may answer with, beside those of every operation.
    body
        What it takes.
    parameters, headers
        References to parameters, and names of headers of the answer.
    public
        Whether it needs no API key.
    """
    described: dict[str, Any] = {"operationId": operation_id, "tags": [tag], "summary": summary}
    if description:
        described["description"] = description
    if parameters:
        described["parameters"] = parameters
    if body is not None:
        described["requestBody"] = {"required": True, "content": _json(body)}
    if public:
        described["security"] = []
    described["responses"] = {
        str(status): {
            "description": summary,
            "headers": header_refs("X-Request-Id", "X-Trace-Id", *headers),
            "content": _json(answer),
        },
        **_refusals((*codes, *_EVERYWHERE)),
    }
    return described


def _refusals(codes: tuple[ErrorCode, ...]) -> dict[str, Any]:
    by_status: dict[int, list[ErrorCode]] = {}
    for code in codes:
        by_status.setdefault(code.status, []).append(code)
    return {
        str(status): {
            "description": "; ".join(f"{code.value}: {code.title}" for code in same),
            "headers": header_refs("X-Request-Id", "X-Trace-Id", "Retry-After"),
            "content": {MEDIA_TYPE: {"schema": _ref(schemas.Problem)}},
        }
        for status, same in sorted(by_status.items())
    }


def _json(model: type[BaseModel] | tuple[type[BaseModel], ...] | None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    if isinstance(model, tuple):
        schema = {"anyOf": [_ref(one) for one in model]}
    elif model is not None:
        schema = _ref(model)
    return {"application/json": {"schema": schema}}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REFS.format(model=model.__name__)}


def path_parameter(name: str, description: str) -> dict[str, Any]:
    """A part of a path that the caller fills in with a text."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string"},
    }


def header_refs(*names: str) -> dict[str, Any]:
    """The headers of an answer, by reference to the document's components."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
