"""API Gateway: REST APIs keep their ids, and their own errors answer for their functions'."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from bellpair_local.ministack_seams.functions import trace_header

_ID_TAG = "ms-custom-id"
_MAX_BODY_BYTES = 10 * 1024 * 1024


class _IntegrationFailed(Exception):
    """The function behind a route failed, or gave no answer that HTTP knows.

    Its argument is the type of the gateway response that tells of it.
    """


def rest_api_id(region: str, name: str) -> str:
    """The id of the REST API called `name` in `region`; eight hexadecimal digits."""
    return hashlib.sha256(f"{region}/{name}".encode()).hexdigest()[:8]


def install() -> None:
    """Correct MiniStack's REST APIs in this process."""
    from ministack.services import apigateway_v1

    _keep_ids(apigateway_v1)
    _answer_failures_as_gateway(apigateway_v1)
    _limit_bodies(apigateway_v1)
    _fill_in_context(apigateway_v1)


def _answer_failures_as_gateway(apigateway_v1: Any) -> None:
    """A function's failure is told through the API's gateway responses, and none of its text.

    MiniStack sends the error that the function raised to the API's caller. A function that is
    throttled is a failure too: the caller of the API has no part in it.
    """
    invoke = apigateway_v1._invoke_lambda_proxy_v1
    shape = apigateway_v1._lambda_proxy_response

    def proxy_response(result: dict[str, Any]) -> Any:
        body = result.get("body")
        if result.get("error") or result.get("throttle") or not _is_envelope(body):
            raise _IntegrationFailed(_response_type(body))
        return shape(result)

    async def invoke_proxy(*positional: Any, **named: Any) -> Any:
        try:
            return await invoke(*positional, **named)
        except _IntegrationFailed as failure:
            return apigateway_v1._gw_error(failure.args[0], "Internal server error")

    apigateway_v1._lambda_proxy_response = proxy_response
    apigateway_v1._invoke_lambda_proxy_v1 = invoke_proxy


def _response_type(body: Any) -> str:
    """A function that was not invoked at all, the request being too large for it, is apart."""
    kind = body.get("errorType") if isinstance(body, dict) else None
    return "INTEGRATION_FAILURE" if kind == "Lambda.RequestTooLargeException" else "DEFAULT_5XX"


def _is_envelope(body: Any) -> bool:
    """Whether a function's result is what an AWS_PROXY integration takes."""
    return isinstance(body, dict) and str(body.get("statusCode", "")).isdecimal()


def _limit_bodies(apigateway_v1: Any) -> None:
    """A body over 10 MB, which API Gateway does not take, is answered as too large."""
    execute = apigateway_v1._execute_in_scope

    async def execute_in_scope(
        request: dict[str, Any],
        api_id: str,
        stage_name: str,
        method: str,
        path: str,
        headers: Any,
        body: bytes,
        *rest: Any,
    ) -> Any:
        request["path"] = f"/{stage_name}{path}"
        request["trace"] = trace_header({}).partition(";")[0].removeprefix("Root=")
        stage = apigateway_v1._stages_v1.get(api_id, {}).get(stage_name)
        if stage is not None and len(body or b"") > _MAX_BODY_BYTES:
            request["stage"] = stage
            return apigateway_v1._gw_error("REQUEST_TOO_LARGE", "Request Too Long")
        return await execute(request, api_id, stage_name, method, path, headers, body, *rest)

    apigateway_v1._execute_in_scope = execute_in_scope


def _fill_in_context(apigateway_v1: Any) -> None:
    """Gateway responses know the request's path and trace, which MiniStack leaves as they are."""
    render = apigateway_v1._gateway_error_response
    value_of = apigateway_v1._gateway_request_value

    def gateway_request_value(source: str, request: dict[str, Any]) -> Any:
        return request["trace"] if source == "context.xrayTraceId" else value_of(source, request)

    def gateway_error_response(error: Any, request: dict[str, Any]) -> Any:
        status, headers, body = render(error, request)
        # As a part of a JSON text, without its quotes.
        path = json.dumps(request["path"])[1:-1].encode()
        body = body.replace(b"$context.xrayTraceId", request["trace"].encode())
        return status, headers, body.replace(b"$context.path", path)

    apigateway_v1._gateway_request_value = gateway_request_value
    apigateway_v1._gateway_error_response = gateway_error_response


def _keep_ids(apigateway_v1: Any) -> None:
    """Derive REST APIs' ids from their names; MiniStack draws them, so each deployment had others.

    A second API of the same name gets a drawn id.
    """
    from ministack.core.responses import get_region

    create = apigateway_v1._create_rest_api

    def create_rest_api(request: dict[str, Any]) -> Any:
        api_id = rest_api_id(get_region(), request.get("name", ""))
        tags = request.get("tags") or {}
        if _ID_TAG not in tags and apigateway_v1.find_api_scope(api_id) is None:
            request = {**request, "tags": {**tags, _ID_TAG: api_id}}
        return create(request)

    apigateway_v1._create_rest_api = create_rest_api
