"""The paths of functions, their jobs, workers and callbacks, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from bellpair_core.logic.callbacks.register_callback import NewCallback
from bellpair_core.logic.functions.alias_function import AliasWeights
from bellpair_core.logic.functions.deploy_function import Deployment
from bellpair_core.logic.functions.invoke_function import InvocationRequest
from bellpair_core.logic.jobs.resume_job import Resumption
from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.limits import PAGE_MAX, PREFER_WAIT_MAX_S

from . import function_schemas, schemas
from .openapi_operation import MAKES_JOB, WITH_BODY, WITH_KEY, operation, path_parameter

BODIES: tuple[type[BaseModel], ...] = (
    AliasWeights,
    Deployment,
    InvocationRequest,
    NewCallback,
    Resumption,
)
ANSWERS: tuple[type[BaseModel], ...] = (
    function_schemas.CallbackList,
    function_schemas.DeletedCallback,
    function_schemas.DeployedVersion,
    function_schemas.Function,
    function_schemas.FunctionList,
    function_schemas.FunctionResult,
    function_schemas.Happened,
    function_schemas.InvokedJob,
    function_schemas.Logs,
    function_schemas.RegisteredCallback,
    function_schemas.SeenFunction,
    function_schemas.Version,
    function_schemas.VersionPage,
    function_schemas.WorkerList,
)
TAGS = (
    {"name": "functions", "description": "Deploy, invoke and follow quantum functions"},
    {"name": "callbacks", "description": "URLs that are told of jobs' ends"},
)

_NOT_FOUND = (*WITH_KEY, ErrorCode.FUNCTION_NOT_FOUND)
_CHANGES = (*_NOT_FOUND, ErrorCode.FUNCTION_CHANGED, ErrorCode.REGION_PASSIVE)


def function_paths() -> dict[str, Any]:
    """The paths."""
    return {**_functions(), **_invocations(), **_workers(), **_callbacks()}


def function_parameters() -> dict[str, Any]:
    """The parameters that the paths refer to."""

    return {
        "name": path_parameter("name", "the function's name"),
        "target": path_parameter("name", "the function as name, name:alias or name:version"),
        "version": path_parameter("version", "the version's number"),
        "alias": path_parameter("alias", "the alias's name"),
        "callback_id": path_parameter("callback_id", "the callback's id"),
        "version_limit": {
            "name": "limit",
            "in": "query",
            "description": "versions on one page, before deleted ones are left out",
            "schema": {"type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE_MAX},
        },
        "after": {
            "name": "after",
            "in": "query",
            "description": "next of the page before; the beginning without it",
            "schema": {"type": "integer", "minimum": 0, "default": 0},
        },
        "Prefer": {
            "name": "Prefer",
            "in": "header",
            "description": "wait=N: how many seconds the answer may be kept back for the job's"
            f" end, at most {PREFER_WAIT_MAX_S}",
            "schema": {"type": "string"},
        },
    }


def function_headers() -> dict[str, Any]:
    """The headers that the answers refer to."""
    return {
        "Preference-Applied": {
            "description": "the wait that was granted",
            "schema": {"type": "string"},
        }
    }


def _parameters(*names: str) -> list[dict[str, Any]]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _functions() -> dict[str, Any]:
    return {
        "/v1/functions": {
            "post": _deploying(),
            "get": operation(
                "listFunctions",
                "functions",
                "List the tenant's functions",
                200,
                function_schemas.FunctionList,
                codes=WITH_KEY,
            ),
        },
        "/v1/functions/{name}": {
            "parameters": _parameters("name"),
            "get": operation(
                "getFunction",
                "functions",
                "Show a function with its newest version",
                200,
                function_schemas.SeenFunction,
                codes=_NOT_FOUND,
            ),
            "delete": operation(
                "deleteFunction",
                "functions",
                "Delete a function with its versions and aliases",
                200,
                function_schemas.Function,
                codes=(*_CHANGES, ErrorCode.FORBIDDEN),
                description="For tenant admins. Jobs that run it go on.",
            ),
        },
        "/v1/functions/{name}/versions": {
            "parameters": _parameters("name"),
            "get": operation(
                "listVersions",
                "functions",
                "List a function's versions, newest first",
                200,
                function_schemas.VersionPage,
                codes=(*_NOT_FOUND, ErrorCode.REQUEST_INVALID, ErrorCode.PAGE_TOKEN_INVALID),
                parameters=_parameters("version_limit", "page_token"),
            ),
        },
        "/v1/functions/{name}/versions/{version}": {
            "parameters": _parameters("name", "version"),
            "get": operation(
                "getVersion",
                "functions",
                "Show a version",
                200,
                function_schemas.Version,
                codes=_NOT_FOUND,
            ),
            "delete": operation(
                "deleteVersion",
                "functions",
                "Delete a version that no alias stands for",
                200,
                function_schemas.Version,
                codes=(*_CHANGES, ErrorCode.FORBIDDEN),
                description="For tenant admins. Jobs that run it go on.",
            ),
        },
        "/v1/functions/{name}/aliases/{alias}": {
            "parameters": _parameters("name", "alias"),
            "put": operation(
                "setAlias",
                "functions",
                "Say which versions an alias stands for",
                200,
                function_schemas.Function,
                codes=(*_CHANGES, *WITH_BODY, ErrorCode.LIMIT_REACHED),
                body=AliasWeights,
            ),
            "delete": operation(
                "deleteAlias",
                "functions",
                "Delete an alias",
                200,
                function_schemas.Function,
                codes=(*_CHANGES, ErrorCode.FORBIDDEN),
                description="For tenant admins.",
            ),
        },
    }


def _deploying() -> dict[str, Any]:
    described = operation(
        "deployFunction",
        "functions",
        "Deploy a function",
        201,
        function_schemas.DeployedVersion,
        codes=(
            *WITH_KEY,
            *WITH_BODY,
            ErrorCode.PACKAGE_TOO_LARGE,
            ErrorCode.FUNCTION_INVALID,
            ErrorCode.WORKER_UNKNOWN,
            ErrorCode.DEVICE_UNKNOWN,
            ErrorCode.DEVICE_RETIRED,
            ErrorCode.LIMIT_REACHED,
            ErrorCode.FUNCTION_CHANGED,
            ErrorCode.REGION_PASSIVE,
        ),
        description="The package is imported by a worker, and there alone. What was deployed"
        " before is the version that it was then, which is answered with 200.",
        body=Deployment,
        headers=("Location",),
    )
    described["responses"]["200"] = described["responses"]["201"] | {
        "description": "The very same had been deployed before"
    }
    return described


def _invocations() -> dict[str, Any]:
    invoke = operation(
        "invokeFunction",
        "functions",
        "Invoke a function",
        202,
        schemas.Job,
        codes=(
            *WITH_KEY,
            *WITH_BODY,
            ErrorCode.FUNCTION_NOT_FOUND,
            ErrorCode.INPUTS_INVALID,
            ErrorCode.CALLBACK_NOT_FOUND,
            *MAKES_JOB,
        ),
        description="Makes a job, as submitJob does. With Prefer: wait=N, a job that is over in"
        " time is answered with 200, and its result within.",
        body=InvocationRequest,
        parameters=_parameters("Idempotency-Key", "Prefer"),
        headers=("Location", "Idempotent-Replayed", "Preference-Applied"),
    )
    invoke["responses"]["200"] = invoke["responses"]["202"] | {
        "description": "The job is over",
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/InvokedJob"}},
        },
    }
    on_job = (*WITH_KEY, ErrorCode.JOB_NOT_FOUND)
    return {
        "/v1/functions/{name}/invocations": {"parameters": _parameters("target"), "post": invoke},
        "/v1/jobs/{job_id}/resume": {
            "parameters": _parameters("job_id"),
            "post": operation(
                "resumeJob",
                "functions",
                "Let a paused job go on",
                202,
                schemas.Job,
                codes=(
                    *on_job,
                    *WITH_BODY,
                    ErrorCode.NOT_PAUSED,
                    ErrorCode.REGION_PASSIVE,
                    ErrorCode.NOT_ACCEPTING,
                ),
                description="What it has paid for and journalled is kept.",
                body=Resumption,
            ),
        },
        "/v1/jobs/{job_id}/logs": {
            "parameters": _parameters("job_id"),
            "get": operation(
                "getLogs",
                "functions",
                "Read what a job's function printed",
                200,
                function_schemas.Logs,
                codes=(*on_job, ErrorCode.REQUEST_INVALID),
                parameters=_parameters("after"),
            ),
        },
        "/v1/jobs/{job_id}/events": {
            "parameters": _parameters("job_id"),
            "get": operation(
                "getEvents",
                "functions",
                "Read what happened to a job, and its function's progress",
                200,
                function_schemas.Happened,
                codes=(*on_job, ErrorCode.REQUEST_INVALID),
                parameters=_parameters("after"),
            ),
        },
    }


def _workers() -> dict[str, Any]:
    return {
        "/v1/workers": {
            "get": operation(
                "listWorkers",
                "functions",
                "List the runtimes that run functions",
                200,
                function_schemas.WorkerList,
                codes=WITH_KEY,
            )
        }
    }


def _callbacks() -> dict[str, Any]:
    return {
        "/v1/callbacks": {
            "post": operation(
                "registerCallback",
                "callbacks",
                "Register a URL that can be told of a job's end",
                201,
                function_schemas.RegisteredCallback,
                codes=(
                    *WITH_KEY,
                    *WITH_BODY,
                    ErrorCode.FORBIDDEN,
                    ErrorCode.CALLBACK_INVALID,
                    ErrorCode.LIMIT_REACHED,
                    ErrorCode.REGION_PASSIVE,
                ),
                description="For tenant admins. The secret is shown in this answer only.",
                body=NewCallback,
            ),
            "get": operation(
                "listCallbacks",
                "callbacks",
                "List the tenant's callbacks",
                200,
                function_schemas.CallbackList,
                codes=WITH_KEY,
            ),
        },
        "/v1/callbacks/{callback_id}": {
            "parameters": _parameters("callback_id"),
            "delete": operation(
                "deleteCallback",
                "callbacks",
                "Delete a callback",
                200,
                function_schemas.DeletedCallback,
                codes=(
                    *WITH_KEY,
                    ErrorCode.FORBIDDEN,
                    ErrorCode.CALLBACK_NOT_FOUND,
                    ErrorCode.REGION_PASSIVE,
                ),
                description="For tenant admins. Jobs that name it end without telling.",
            ),
        },
    }
