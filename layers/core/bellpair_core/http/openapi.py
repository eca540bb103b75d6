"""The API's description as an OpenAPI 3.1 document, made from the models and the error codes."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bellpair_core.logic.jobs.submit_job import Submission
from bellpair_core.logic.pair.operate_pair import PairChange
from bellpair_core.logic.tenants.create_tenant import NewKey, NewTenant
from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.job import JobStatus
from bellpair_core.model.limits import IDEMPOTENCY_KEY_CHARACTERS_MAX, PAGE_DEFAULT, PAGE_MAX
from bellpair_core.model.pair import OperationKind

from . import function_paths, function_schemas, schemas
from .openapi_operation import REFS, WITH_BODY, WITH_KEY, operation
from .openapi_triggers import TRIGGER_ANSWERS, TRIGGER_BODIES, TRIGGER_TAG, trigger_paths

VERSION = "1.0.0"

_BODIES: tuple[type[BaseModel], ...] = (Submission, NewTenant, NewKey, PairChange, *TRIGGER_BODIES)
_ANSWERS: tuple[type[BaseModel], ...] = (
    schemas.Job,
    schemas.JobPage,
    schemas.Result,
    schemas.DeviceList,
    schemas.Health,
    schemas.Pair,
    schemas.StartedOperation,
    schemas.IssuedKey,
    schemas.DisabledKey,
    *TRIGGER_ANSWERS,
    schemas.Problem,
    *function_paths.ANSWERS,
)


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
            {"name": "jobs", "description": "Submit, follow and cancel jobs"},
            {"name": "functions", "description": "Deploy, invoke and follow quantum functions"},
            {"name": "callbacks", "description": "URLs that are told of jobs' ends"},
            {"name": "devices", "description": "QPUs and simulators"},
            {"name": "tenants", "description": "Tenants and their API keys"},
            TRIGGER_TAG,
            {"name": "pair", "description": "The two regions, for operators"},
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
    job_id = [{"$ref": "#/components/parameters/job_id"}]
    return {
        "/v1/jobs": {
            "post": operation(
                "submitJob",
                "jobs",
                "Submit a job",
                202,
                schemas.Job,
                codes=(
                    *WITH_KEY,
                    *WITH_BODY,
                    ErrorCode.SOURCE_TOO_LARGE,
                    ErrorCode.PROGRAM_INVALID,
                    ErrorCode.PROGRAM_UNSUPPORTED,
                    ErrorCode.PROGRAM_TOO_WIDE,
                    ErrorCode.SHOTS_OUT_OF_RANGE,
                    ErrorCode.RESULT_TOO_LARGE,
                    ErrorCode.DEVICE_UNKNOWN,
                    ErrorCode.DEVICE_RETIRED,
                    ErrorCode.DEVICE_OFFLINE,
                    ErrorCode.IDEMPOTENCY_CONFLICT,
                    ErrorCode.REGION_PASSIVE,
                    ErrorCode.NOT_ACCEPTING,
                ),
                description="Once this has answered 202, the job is kept until it is finished."
                " A repetition with the same Idempotency-Key and body gives the same job.",
                body=Submission,
                parameters=[{"$ref": "#/components/parameters/Idempotency-Key"}],
                headers=("Location", "Idempotent-Replayed"),
            ),
            "get": operation(
                "listJobs",
                "jobs",
                "List the tenant's jobs, newest first",
                200,
                schemas.JobPage,
                codes=(*WITH_KEY, ErrorCode.REQUEST_INVALID, ErrorCode.PAGE_TOKEN_INVALID),
                parameters=[
                    {"$ref": f"#/components/parameters/{name}"}
                    for name in ("limit", "page_token", "status", "device")
                ],
            ),
        },
        "/v1/jobs/{job_id}": {
            "parameters": job_id,
            "get": operation(
                "getJob",
                "jobs",
                "Show a job",
                200,
                schemas.Job,
                codes=(*WITH_KEY, ErrorCode.REQUEST_INVALID, ErrorCode.JOB_NOT_FOUND),
                parameters=[{"$ref": "#/components/parameters/include"}],
            ),
            "delete": operation(
                "cancelJob",
                "jobs",
                "Cancel a job",
                200,
                schemas.Job,
                codes=(
                    *WITH_KEY,
                    ErrorCode.JOB_NOT_FOUND,
                    ErrorCode.JOB_FINISHED,
                    ErrorCode.REGION_PASSIVE,
                ),
                description="A waiting job is cancelled at once; a running one is asked to stop,"
                " which cancel_requested says.",
            ),
        },
        "/v1/jobs/{job_id}/result": {
            "parameters": job_id,
            "get": operation(
                "getResult",
                "jobs",
                "Fetch a job's result",
                200,
                (schemas.Result, function_schemas.FunctionResult),
                codes=(
                    *WITH_KEY,
                    ErrorCode.JOB_NOT_FOUND,
                    ErrorCode.RESULT_NOT_READY,
                    ErrorCode.NO_RESULT,
                ),
            ),
        },
        "/v1/devices": {
            "get": operation(
                "listDevices",
                "devices",
                "List the devices",
                200,
                schemas.DeviceList,
                codes=WITH_KEY,
            )
        },
        "/v1/tenants": {
            "post": operation(
                "createTenant",
                "tenants",
                "Make a tenant and its first API key",
                201,
                schemas.IssuedKey,
                codes=(
                    *WITH_KEY,
                    *WITH_BODY,
                    ErrorCode.FORBIDDEN,
                    ErrorCode.TENANT_EXISTS,
                    ErrorCode.REGION_PASSIVE,
                ),
                description="For operators. The key is shown in this answer only.",
                body=NewTenant,
            )
        },
        "/v1/tenants/{tenant}/keys": {
            "parameters": [{"$ref": "#/components/parameters/tenant"}],
            "post": operation(
                "createKey",
                "tenants",
                "Make a further API key",
                201,
                schemas.IssuedKey,
                codes=(
                    *WITH_KEY,
                    *WITH_BODY,
                    ErrorCode.FORBIDDEN,
                    ErrorCode.TENANT_NOT_FOUND,
                    ErrorCode.REGION_PASSIVE,
                ),
                description="For operators and the tenant's own admins.",
                body=NewKey,
            ),
        },
        "/v1/tenants/{tenant}/keys/{key_id}": {
            "parameters": [
                {"$ref": "#/components/parameters/tenant"},
                {"$ref": "#/components/parameters/key_id"},
            ],
            "delete": operation(
                "disableKey",
                "tenants",
                "Disable an API key for good",
                200,
                schemas.DisabledKey,
                codes=(
                    *WITH_KEY,
                    ErrorCode.FORBIDDEN,
                    ErrorCode.KEY_NOT_FOUND,
                    ErrorCode.REGION_PASSIVE,
                ),
                description="For operators and the tenant's own admins. The key may be let in for"
                " a minute more.",
            ),
        },
        **trigger_paths(),
        "/v1/pair": {
            "get": operation(
                "getPair",
                "pair",
                "Show the pair of regions",
                200,
                schemas.Pair,
                codes=(*WITH_KEY, ErrorCode.FORBIDDEN),
                description="For operators, in either region.",
            )
        },
        **{
            f"/v1/pair/{kind.value}": {"post": _change_of_pair(kind, *words)}
            for kind, words in _CHANGES_OF_PAIR.items()
        },
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


_CHANGES_OF_PAIR: dict[OperationKind, tuple[str, str]] = {
    OperationKind.FAILOVER: (
        "Make the passive region the active one at once",
        "For the loss of the active region: nothing is paused or drained.",
    ),
    OperationKind.SWITCHOVER: (
        "Change the regions over as planned",
        "New jobs are paused while the running ones come to their end, for drain_seconds at most.",
    ),
    OperationKind.FAILBACK: (
        "Make the primary region the active one again",
        "A switchover that is refused when the primary region is active already.",
    ),
    OperationKind.HOLD: (
        "Let no region be promoted",
        "Until the hold is released, or overruled with force.",
    ),
    OperationKind.RELEASE: (
        "Let regions be promoted again",
        "Ends a pause, too, that no running operation stands behind; with force, any pause.",
    ),
}


def _change_of_pair(kind: OperationKind, summary: str, what: str) -> dict[str, Any]:
    refusals: list[ErrorCode] = []
    if kind.promotes:
        refusals.append(ErrorCode.PAIR_HELD)
    if kind.planned:
        refusals.append(ErrorCode.PAIR_BUSY)
    if kind in (OperationKind.FAILBACK, OperationKind.HOLD, OperationKind.RELEASE):
        refusals.append(ErrorCode.PAIR_UNCHANGED)
    return operation(
        f"{kind.value}Pair",
        "pair",
        summary,
        202,
        schemas.StartedOperation,
        codes=(*WITH_KEY, *WITH_BODY, ErrorCode.FORBIDDEN, *refusals),
        description=f"For operators, in either region. {what} GET /v1/pair shows how it goes.",
        body=PairChange,
    )


def _schemas() -> dict[str, Any]:
    modes = [(model, "validation") for model in _BODIES]
    modes += [(model, "serialization") for model in _ANSWERS]
    _, made = models_json_schema(modes, ref_template=REFS)  # type: ignore[arg-type]
    found: dict[str, Any] = made["$defs"]
    return dict(sorted(found.items()))


def _parameters() -> dict[str, Any]:
    def query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
        return {"name": name, "in": "query", "description": description, "schema": schema}

    def step(name: str, description: str) -> dict[str, Any]:
        return {
            "name": name,
            "in": "path",
            "required": True,
            "description": description,
            "schema": {"type": "string"},
        }

    return {
        **function_paths.function_parameters(),
        "job_id": step("job_id", "the job's id"),
        "tenant": step("tenant", "the tenant's name"),
        "key_id": step("key_id", "the key's id, the part of the key after bp_"),
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
