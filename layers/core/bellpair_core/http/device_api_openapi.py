"""The device API's description as an OpenAPI 3.1 document, made from its models.

This API is not Bellpair's to answer: a device's own service does, and Bellpair asks.
"""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bellpair_core.model.device_api import (
    PROBLEMS,
    CalibrationDocument,
    DeviceDocument,
    HealthDocument,
    ProblemCode,
    ProblemDocument,
    QueueDocument,
    ResultDocument,
    TaskDocument,
    TaskRequest,
)

from .openapi_operation import REFS
from .problem import MEDIA_TYPE

VERSION = "1.0.0"

_MODELS: tuple[type[BaseModel], ...] = (
    CalibrationDocument,
    DeviceDocument,
    HealthDocument,
    ProblemDocument,
    QueueDocument,
    ResultDocument,
    TaskDocument,
    TaskRequest,
)

_ANY = (ProblemCode.UNAUTHORIZED, ProblemCode.BUSY)
"""What each request may be answered with."""

_TASK = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "the id that POST /tasks answered with, percent-encoded",
    "schema": {"type": "string"},
}
_TOKEN = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "The token: however often it is sent, it makes one task.",
    "schema": {"type": "string", "maxLength": 64},
}


@cache
def device_api_document() -> dict[str, Any]:
    """The whole description."""
    made = models_json_schema(
        [(model, "validation") for model in _MODELS], by_alias=True, ref_template=REFS
    )[1]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bellpair's device API",
            "version": VERSION,
            "summary": "What a QPU's own service answers, so that Bellpair can offer the QPU",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "the url of the device's setting"}],
        "security": [{"token": []}],
        "paths": {
            "/device": {"get": _get("getDevice", DeviceDocument)},
            "/calibration": {"get": _get("getCalibration", CalibrationDocument)},
            "/health": {"get": _get("getHealth", HealthDocument)},
            "/queue": {"get": _get("getQueue", QueueDocument)},
            "/tasks": {"post": _create()},
            "/tasks/{id}": {
                "parameters": [_TASK],
                "get": _get("getTask", TaskDocument, ProblemCode.TASK_UNKNOWN),
                "delete": _operation(
                    "cancelTask",
                    "Ask for the task to be cancelled, as often as one likes",
                    TaskDocument,
                    ProblemCode.TASK_UNKNOWN,
                    ProblemCode.TASK_OVER,
                ),
            },
            "/tasks/{id}/result": {
                "parameters": [_TASK],
                "get": _get(
                    "getResult",
                    ResultDocument,
                    ProblemCode.TASK_UNKNOWN,
                    ProblemCode.RESULT_MISSING,
                ),
            },
        },
        "components": {
            "schemas": dict(sorted(made["$defs"].items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _get(operation_id: str, answer: type[BaseModel], *codes: ProblemCode) -> dict[str, Any]:
    summary = (answer.__doc__ or "").partition("\n")[0].split("``: ", 1)[-1]
    return _operation(operation_id, summary[:1].upper() + summary[1:], answer, *codes)


def _create() -> dict[str, Any]:
    made = _operation(
        "createTask",
        "Make the task of this token, or find it",
        TaskDocument,
        ProblemCode.PROGRAM_REFUSED,
        ProblemCode.TOKEN_REUSED,
        ProblemCode.DEVICE_OFFLINE,
        ProblemCode.DEVICE_RETIRED,
    )
    body = {"required": True, "content": {"application/json": {"schema": _ref(TaskRequest)}}}
    return {**made, "parameters": [_TOKEN], "requestBody": body}


def _operation(
    operation_id: str, summary: str, answer: type[BaseModel], *codes: ProblemCode
) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "200": {
            "description": HTTPStatus.OK.phrase,
            "content": {"application/json": {"schema": _ref(answer)}},
        }
    }
    by_status: dict[int, list[ProblemCode]] = {}
    for code in (*codes, *_ANY):
        by_status.setdefault(PROBLEMS[code][0], []).append(code)
    for status, found in sorted(by_status.items()):
        answers[str(status)] = {
            "description": " ".join(f"`{code}`: {PROBLEMS[code][1]}" for code in found),
            "content": {MEDIA_TYPE: {"schema": _ref(ProblemDocument)}},
        }
    return {"operationId": operation_id, "summary": summary, "responses": answers}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REFS.format(model=model.__name__)}
