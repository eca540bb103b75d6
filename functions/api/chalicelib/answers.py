"""From a view's value or error to an answer over HTTP."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from chalice.app import Blueprint, Request, Response

from bellpair_core.http.location import relative_location
from bellpair_core.http.problem import FAULTS, MEDIA_TYPE, problem_document, problem_of
from bellpair_core.http.tracing import request_id, trace_id
from bellpair_core.logic.jobs.accept_job import Accepted
from bellpair_core.logic.tenants.authenticate import Authenticator
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.tenant import Principal
from chalicelib.service import Services

LOGGER = Logger()


def log_with_ids() -> None:
    """Let the layers' own log lines carry the ids of the request too."""
    layers = logging.getLogger("bellpair_core")
    layers.handlers = [LOGGER.registered_handler]
    layers.propagate = False


class Answer(NamedTuple):
    """What a view answers; ``job_id`` is for the log."""

    body: Mapping[str, Any]
    status: int = 200
    headers: Mapping[str, str] = {}
    job_id: str | None = None


_TRACE = "bellpair_trace_id"
"""Where a request's context keeps its trace's id, which may have been made here."""

Headers = dict[str, str | list[str]]

View = Callable[..., Answer]


def answering(routes: Blueprint, services: Services) -> Callable[[View], Callable[..., Response]]:
    """Make a view answer as the API's conventions want.

    Every answer has the request's ids; every error is a problem document; every request is
    one line in the log, with its stack when the error was unexpected.
    """

    def decorate(view: View) -> Callable[..., Response]:
        @wraps(view)
        def answer(**path: str) -> Response:
            request = routes.current_request
            began = time.perf_counter()
            ids = {
                "X-Request-Id": request_id(request.context),
                "X-Trace-Id": trace_id(request.headers),
            }
            request.context[_TRACE] = ids["X-Trace-Id"]
            caller = request.context.get("authorizer") or {}
            LOGGER.append_keys(
                request_id=ids["X-Request-Id"],
                trace_id=ids["X-Trace-Id"],
                tenant=caller.get("tenant"),
                key_id=caller.get("key_id"),
                job_id=None,
            )
            outcome: dict[str, Any] = {}
            try:
                services().world.meter.start()
                if services().world.settings.api_authorizes:
                    # Whatever the gateway says in its place is not to be believed.
                    request.context.pop("authorizer", None)
                    if routes.current_app.routes[request.path][request.method].authorizer:
                        _identify(request, services().bearer_of)
                seen = view(**path)
                headers: Headers = {"Content-Type": "application/json", **ids, **seen.headers}
                response = Response(dict(seen.body), headers, seen.status)
                LOGGER.append_keys(job_id=seen.job_id)
            except Exception as error:  # told and logged as what it is
                response, outcome = _refusal(error, request, ids)
            # An alarm counts faults by this line, so it is there at every log level.
            tell = LOGGER.error if outcome.get("code") in FAULTS else LOGGER.info
            tell(
                "answered",
                extra={
                    "method": request.method,
                    "resource": request.path,
                    "status": response.status_code,
                    "ms": round((time.perf_counter() - began) * 1000, 2),
                    **outcome,
                },
            )
            return response

        return answer

    return decorate


def principal_of(request: Request) -> Principal:
    """Who the authorizer found to be calling.

    Raises
    ------
    BellpairError
        ``unauthenticated``, if it was not asked, or found nobody.
    """
    caller = request.context.get("authorizer")
    if not caller:
        raise BellpairError(ErrorCode.UNAUTHENTICATED, "The API key is missing or not valid.")
    return Principal(tenant=caller["tenant"], key_id=caller["key_id"], role=caller["role"])


def _identify(request: Request, bearer_of: Authenticator) -> None:
    """Find who is calling where API Gateway does not ask the authorizer, and knows nobody."""
    try:
        bearer = bearer_of(request.headers.get("authorization", ""))
    except BellpairError as error:
        if error.code is not ErrorCode.UNAUTHENTICATED:
            raise
        return
    request.context["authorizer"] = {
        "tenant": bearer.tenant,
        "role": bearer.role.value,
        "key_id": bearer.key_id,
    }
    LOGGER.append_keys(tenant=bearer.tenant, key_id=bearer.key_id)


def trace_of(request: Request) -> str:
    """The id of the request's trace, as it is answered and logged."""
    trace: str = request.context[_TRACE]
    return trace


def body_of(request: Request) -> bytes:
    """The body's bytes, whether or not API Gateway has sent them in base64."""
    body = request.raw_body
    return body.encode() if isinstance(body, str) else body


def query_of(request: Request) -> dict[str, str]:
    """The query's parameters, the last of each name."""
    return dict((request.query_params or {}).items())


def location_of(request: Request, target: str) -> dict[str, str]:
    """The header that leads from a request to a path of the API, such as ``/v1/jobs/job-1``."""
    # Behind a domain of one's own, the event's path has more before it than the API's own.
    slash = "/" if request.to_original_event()["path"].endswith("/") else ""
    return {"Location": relative_location(request.path + slash, target)}


def accepted_headers(request: Request, accepted: Accepted) -> dict[str, str]:
    """The headers of an accepted job: where it is, and whether it was there before."""
    headers = location_of(request, f"/v1/jobs/{accepted.job.id}")
    if accepted.replayed:
        headers["Idempotent-Replayed"] = "true"
    return headers


def _refusal(
    error: Exception, request: Request, ids: Mapping[str, str]
) -> tuple[Response, dict[str, Any]]:
    problem = problem_of(error)
    if problem is not error:
        # Unexpected, or a fault underneath: the text is for the log alone.
        level = LOGGER.exception if problem.code is ErrorCode.INTERNAL else LOGGER.warning
        level("failed", exc_info=error)
    document = problem_document(
        problem,
        request_id=ids["X-Request-Id"],
        trace_id=ids["X-Trace-Id"],
        instance=request.path.format(**(request.uri_params or {})),
    )
    headers: Headers = {"Content-Type": MEDIA_TYPE, **ids}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    return Response(document, headers, problem.code.status), {"code": problem.code.value}
