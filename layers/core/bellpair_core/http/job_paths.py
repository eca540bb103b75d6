"""The paths of jobs, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from bellpair_core.logic.jobs.estimate_program import EstimateRequest
from bellpair_core.logic.jobs.submit_job import Submission
from bellpair_core.model.errors import ErrorCode

from . import function_schemas, schemas
from .openapi_operation import MAKES_JOB, WITH_BODY, WITH_KEY, operation

BODIES: tuple[type[BaseModel], ...] = (Submission, EstimateRequest)
ANSWERS: tuple[type[BaseModel], ...] = (
    schemas.Job,
    schemas.JobPage,
    schemas.Result,
    schemas.Why,
    schemas.Estimate,
)
TAG = {"name": "jobs", "description": "Submit, follow and cancel jobs"}

_JOB_ID = [{"$ref": "#/components/parameters/job_id"}]


def job_paths() -> dict[str, Any]:
    """The paths under ``/v1/jobs`` that every job has."""
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
                    ErrorCode.CONSTRAINTS_UNMET,
                    ErrorCode.RESULT_TOO_LARGE,
                    *MAKES_JOB,
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
        "/v1/estimates": {
            "post": operation(
                "estimateProgram",
                "jobs",
                "Estimate a program on each device",
                200,
                schemas.Estimate,
                codes=(
                    *WITH_KEY,
                    *WITH_BODY,
                    ErrorCode.SOURCE_TOO_LARGE,
                    ErrorCode.PROGRAM_INVALID,
                    ErrorCode.PROGRAM_UNSUPPORTED,
                    ErrorCode.PROGRAM_TOO_WIDE,
                ),
                description="Gate counts, expected success, duration, price and wait, as if it"
                " were submitted now. Nothing is stored.",
                body=EstimateRequest,
            ),
        },
        "/v1/jobs/{job_id}": {
            "parameters": _JOB_ID,
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
        "/v1/jobs/{job_id}/why": {
            "parameters": _JOB_ID,
            "get": operation(
                "explainJob",
                "jobs",
                "Explain a job",
                200,
                schemas.Why,
                codes=(*WITH_KEY, ErrorCode.JOB_NOT_FOUND),
                description="Why it is on its device or waits, and what turned it on its way:"
                " another device, another calibration, error rates that were not relied on.",
            ),
        },
        "/v1/jobs/{job_id}/result": {
            "parameters": _JOB_ID,
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
    }
