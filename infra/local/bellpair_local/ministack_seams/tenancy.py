"""Functions with tenant isolation: which tenant an invocation is for, and how it is told.

MiniStack keeps a function's ``TenancyConfig`` where the Lambda API set it, and makes nothing of it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from bellpair_local.ministack_seams.step_functions import MAX_PAYLOAD_BYTES

_PROPERTY = "TenancyConfig"
_HEADER = "x-amz-tenant-id"
_INVOKE = "aws-sdk:lambda:invoke"

_tenant: ContextVar[str | None] = ContextVar("tenant", default=None)


def tenant() -> str | None:
    """The tenant that the present invocation is for, if for any."""
    return _tenant.get()


def is_per_tenant(configuration: dict[str, Any]) -> bool:
    """Whether each tenant has workers of its own, by a function's configuration."""
    mode = (configuration.get(_PROPERTY) or {}).get("TenantIsolationMode")
    return bool(mode == "PER_TENANT")


def install() -> None:
    """Have CloudFormation keep the property, and Lambda and Step Functions hand the tenant on."""
    from ministack.services import lambda_svc, stepfunctions
    from ministack.services.cloudformation import provisioners

    _kept_by_cloudformation(provisioners, lambda_svc)
    _read_from_requests(lambda_svc)
    _named_by_state_machines(stepfunctions, lambda_svc)


@contextlib.contextmanager
def _for(tenant_id: str | None) -> Iterator[None]:
    before = _tenant.set(tenant_id)
    try:
        yield
    finally:
        _tenant.reset(before)


def _kept_by_cloudformation(provisioners: Any, lambda_svc: Any) -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    make = handlers["create"]

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        made = make(logical_id, properties, stack)
        if _PROPERTY in properties:
            lambda_svc._functions[made[0]]["config"][_PROPERTY] = properties[_PROPERTY]
        return made

    handlers["create"] = create


def _read_from_requests(lambda_svc: Any) -> None:
    invoke = lambda_svc._invoke

    async def invoke_for(name: str, event: Any, headers: dict[str, str], *rest: Any) -> Any:
        tenant_id = _header(headers)
        function = lambda_svc._functions.get(name)
        if function is not None and is_per_tenant(function["config"]) != bool(tenant_id):
            return lambda_svc.error_response_json(
                "InvalidParameterValueException", _mismatch(tenant_id), 400
            )
        with _for(tenant_id):
            return await invoke(name, event, headers, *rest)

    lambda_svc._invoke = invoke_for


def _named_by_state_machines(sfn: Any, lambda_svc: Any) -> None:
    """``arn:aws:states:::aws-sdk:lambda:invoke``, which MiniStack does not have.

    As everywhere in the SDK integration, the payload of the answer is text, and a function's
    error is no error of the task: the answer says ``FunctionError``.
    """
    integrate = sfn._invoke_aws_sdk_integration

    def integration(resource: str, parameters: dict[str, Any]) -> Any:
        if not resource.endswith(_INVOKE):
            return integrate(resource, parameters)
        reference = sfn._resolve_lambda_function_ref(parameters.get("FunctionName"), optimized=True)
        function, configuration, name = lambda_svc._get_func_record_for_ref(reference)
        if not function or not configuration:
            raise sfn._ExecutionError(
                "Lambda.ResourceNotFoundException", f"Function not found: {name}"
            )
        tenant_id = parameters.get("TenantId")
        if is_per_tenant(configuration) != bool(tenant_id):
            raise sfn._ExecutionError("Lambda.InvalidParameterValueException", _mismatch(tenant_id))
        record = lambda_svc._execution_record_for_config(function, configuration)
        with _for(tenant_id):
            result = lambda_svc._execute_function_with_config_scope(
                record, _event(parameters.get("Payload"))
            )
        return _answer(sfn, name, result)

    sfn._invoke_aws_sdk_integration = integration


def _answer(sfn: Any, name: str, result: dict[str, Any]) -> dict[str, Any]:
    body = result.get("body")
    if result.get("throttle"):
        raise sfn._ExecutionError("Lambda.TooManyRequestsException", json.dumps(body))
    answer = {
        "ExecutedVersion": "$LATEST",
        "StatusCode": 200,
        "Payload": json.dumps(body),
        **({"FunctionError": "Unhandled"} if result.get("error") else {}),
    }
    size = len(json.dumps(answer).encode())
    if size > MAX_PAYLOAD_BYTES:
        raise sfn._ExecutionError(
            "States.DataLimitExceeded",
            f"The result of {name} has {size} bytes; {MAX_PAYLOAD_BYTES} are allowed",
        )
    return answer


def _event(payload: Any) -> Any:
    if isinstance(payload, str):
        return json.loads(payload)
    return {} if payload is None else payload


def _header(headers: dict[str, str]) -> str | None:
    for name, value in headers.items():
        if name.lower() == _HEADER:
            return value
    return None


def _mismatch(tenant_id: str | None) -> str:
    if tenant_id:
        return (
            "The invoked function is not enabled with tenancy configuration. Remove the tenant ID "
            "from your request and try again."
        )
    return (
        "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in "
        "your request and try again."
    )
