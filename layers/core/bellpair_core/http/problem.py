"""Errors as problem documents (RFC 9457)."""

from __future__ import annotations

import json
from typing import Any

from bellpair_core.model.errors import BellpairError, ErrorCode, LedgerConflict, TransientFault

MEDIA_TYPE = "application/problem+json"

TRANSIENT_RETRY_AFTER_S = 1

FAULTS = (ErrorCode.INTERNAL, ErrorCode.UNAVAILABLE)
"""Codes that say that the platform failed. Its other refusals, among them those of a passive
region, are right answers, whatever their status."""


def problem_type(code: ErrorCode) -> str:
    """The URI that names a class of problem."""
    return f"urn:bellpair:error:{code.value}"


def problem_document(
    error: BellpairError, *, request_id: str, trace_id: str, instance: str
) -> dict[str, Any]:
    """An error as a problem document, its own members last.

    Parameters
    ----------
    instance
        The path of the request.
    """
    return {
        "type": problem_type(error.code),
        "title": error.code.title,
        "status": error.code.status,
        "code": error.code.value,
        "detail": error.detail,
        "remedy": error.remedy,
        "instance": instance,
        "request_id": request_id,
        "trace_id": trace_id,
        **error.members,
    }


def problem_of(error: Exception) -> BellpairError:
    """The error that a client is told of.

    A `BellpairError` is one already. Of any other exception nothing is told but whether a
    repetition makes sense: its text may hold anything.
    """
    if isinstance(error, BellpairError):
        return error
    if isinstance(error, TransientFault | LedgerConflict):
        return BellpairError(
            ErrorCode.UNAVAILABLE,
            "Something that is needed for the answer could not be reached.",
            retry_after_s=TRANSIENT_RETRY_AFTER_S,
        )
    return BellpairError(ErrorCode.INTERNAL, "An unexpected error occurred; it has been logged.")


def gateway_problems() -> dict[str, dict[str, Any]]:
    """The problem documents that API Gateway itself answers with.

    Returns
    -------
    dict
        By gateway response type, such as ``"UNAUTHORIZED"``, what an
        ``AWS::ApiGateway::GatewayResponse`` needs: ``status_code`` (text),
        ``response_parameters`` and ``response_templates``.
    """
    unchecked = (ErrorCode.UNAVAILABLE, "The API key could not be checked.")
    throttled = (ErrorCode.THROTTLED, "There are too many requests at the moment.")
    said = {
        "UNAUTHORIZED": (ErrorCode.UNAUTHENTICATED, "The API key is missing or not valid."),
        "ACCESS_DENIED": (ErrorCode.FORBIDDEN, "The API key does not allow this."),
        "MISSING_AUTHENTICATION_TOKEN": (
            ErrorCode.ROUTE_NOT_FOUND,
            "There is no resource here, or it does not take this method.",
        ),
        "RESOURCE_NOT_FOUND": (ErrorCode.ROUTE_NOT_FOUND, "There is no resource here."),
        # Only where there is no resource does API Gateway take the header for a signature.
        "INVALID_SIGNATURE": (ErrorCode.ROUTE_NOT_FOUND, "There is no resource here."),
        # Of whichever route: API Gateway tells nothing of it here that words could hang on.
        "REQUEST_TOO_LARGE": (
            ErrorCode.REQUEST_TOO_LARGE,
            "The request's body has more than the 10 MB that any request may have.",
        ),
        "AUTHORIZER_FAILURE": unchecked,
        "AUTHORIZER_CONFIGURATION_ERROR": unchecked,
        # Also for a body of 6 to 10 MB, which passes API Gateway and which the function refuses:
        # it cannot be told apart here.
        "INTEGRATION_FAILURE": (ErrorCode.UNAVAILABLE, "The request could not be answered."),
        "INTEGRATION_TIMEOUT": (ErrorCode.UNAVAILABLE, "The answer took too long."),
        "THROTTLED": throttled,
        "QUOTA_EXCEEDED": throttled,
        "DEFAULT_4XX": (ErrorCode.REQUEST_INVALID, "The request cannot be read."),
        # Above all a function whose process died under the request: a repetition meets a new one.
        "DEFAULT_5XX": (ErrorCode.UNAVAILABLE, "The request could not be answered."),
    }
    return {kind: _gateway_problem(*words) for kind, words in said.items()}


def _gateway_problem(code: ErrorCode, detail: str) -> dict[str, Any]:
    document = problem_document(
        BellpairError(code, detail),
        request_id="$context.requestId",
        trace_id="$context.xrayTraceId",
        instance="$context.path",
    )
    headers = {
        "Content-Type": f"'{MEDIA_TYPE}'",
        "X-Request-Id": "context.requestId",
        "X-Trace-Id": "context.xrayTraceId",
    }
    if code in (ErrorCode.UNAVAILABLE, ErrorCode.THROTTLED):
        headers["Retry-After"] = f"'{TRANSIENT_RETRY_AFTER_S}'"
    if code is ErrorCode.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "'Bearer'"
    return {
        "status_code": str(code.status),
        "response_parameters": {f"gatewayresponse.header.{k}": v for k, v in headers.items()},
        "response_templates": {"application/json": json.dumps(document)},
    }
