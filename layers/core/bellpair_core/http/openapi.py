"""The API's description as an OpenAPI 3.1 document, made from the models and the error codes."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.job import JobStatus
from bellpair_core.model.limits import IDEMPOTENCY_KEY_CHARACTERS_MAX, PAGE_DEFAULT, PAGE_MAX

from . import (
    device_paths,
    function_paths,
    job_paths,
    pair_paths,
    schemas,
    tenant_paths,
    trigger_paths,
)
from .openapi_operation import REFS, operation, path_parameter

VERSION = "1.0.0"

_SUBJECTS = (job_paths, device_paths, tenant_paths, trigger_paths, pair_paths, function_paths)

_BODIES = [model for subject in _SUBJECTS for model in subject.BODIES]
_ANSWERS: list[type[BaseModel]] = [
    *(model for subject in _SUBJECTS for model in subject.ANSWERS),
    schemas.Health,
    schemas.Problem,
]


@cache
def openapi_document() -> dict[str, Any]:
    """The whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bellpair",
            "version": VERSION,
            "summary": "Quantum jobs over HTTP",
            "description": "Send OpenQASM programs, run them on Amazon Braket devices, fetch"
            " their counts. Every error is a problem document with a stable code and a remedy.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "each region's endpoint"}],
        "security": [{"apiKey": []}],
        "tags": [
            job_paths.TAG,
            *function_paths.TAGS,
            device_paths.TAG,
            tenant_paths.TAG,
            trigger_paths.TAG,
            pair_paths.TAG,
            {"name": "service", "description": "The service itself"},
        ],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "parameters": _parameters(),
            "headers": _headers(),
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "an API key, bp_<id>_<secret>",
                }
            },
        },
    }


def _paths() -> dict[str, Any]:
    return {
        **job_paths.job_paths(),
        **device_paths.device_paths(),
        **tenant_paths.tenant_paths(),
        **trigger_paths.trigger_paths(),
        **pair_paths.pair_paths(),
        **function_paths.function_paths(),
        "/v1/health": {
            "get": operation(
                "getHealth",
                "service",
                "Tell whether this region can do its work",
                200,
                schemas.Health,
                public=True,
            )
        },
        "/v1/health/active": {
            "get": operation(
                "getActiveHealth",
                "service",
                "Tell whether this region is the active one and can do its work",
                200,
                schemas.Health,
                codes=(ErrorCode.REGION_PASSIVE,),
                description="For health checks that send requests to the active region.",
                public=True,
            )
        },
        "/v1/openapi.json": {
            "get": operation("getOpenApi", "service", "This document", 200, None, public=True)
        },
    }


def _schemas() -> dict[str, Any]:
    modes = [(model, "validation") for model in _BODIES]
    modes += [(model, "serialization") for model in _ANSWERS]
    _, made = models_json_schema(modes, ref_template=REFS)  # type: ignore[arg-type]
    found: dict[str, Any] = made["$defs"]
    return dict(sorted(found.items()))


def _parameters() -> dict[str, Any]:
    def query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
        return {"name": name, "in": "query", "description": description, "schema": schema}

    return {
        **function_paths.function_parameters(),
        "job_id": path_parameter("job_id", "the job's id"),
        "tenant": path_parameter("tenant", "the tenant's name"),
        "key_id": path_parameter("key_id", "the key's id, the part of the key after bp_"),
        "Idempotency-Key": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "names this submission, so that it can be repeated safely; a UUID is a"
            " good choice",
            "schema": {
                "type": "string",
                "minLength": 1,
                "maxLength": IDEMPOTENCY_KEY_CHARACTERS_MAX,
            },
        },
        "limit": query(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE_DEFAULT},
            "jobs on one page",
        ),
        "page_token": query("page_token", {"type": "string"}, "next_page_token of the page before"),
        "status": query(
            "status",
            {"type": "string", "enum": [status.value for status in JobStatus]},
            "only jobs of this status",
        ),
        "device": query("device", {"type": "string"}, "only jobs that asked for this device"),
        "include": query(
            "include", {"type": "string", "enum": ["cost"]}, "show what the job cost, too"
        ),
    }


def _headers() -> dict[str, Any]:
    def header(description: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"description": description, "schema": schema or {"type": "string"}}

    return {
        **function_paths.function_headers(),
        "X-Request-Id": header("names this request in the logs"),
        "X-Trace-Id": header("names the trace that this request belongs to"),
        "Retry-After": header(
            "seconds after which a repetition makes sense; only where one does",
            {"type": "integer", "minimum": 0},
        ),
        "Location": header(
            "the job, or what was made, relative to the request's URL",
            {"type": "string", "format": "uri-reference"},
        ),
        "Idempotent-Replayed": header(
            "true when an earlier submission had made this job",
            {"type": "string", "enum": ["true"]},
        ),
    }
