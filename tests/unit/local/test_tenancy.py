"""The tenant of an invocation, from whoever names it to the host."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from bellpair_local.ministack_seams import tenancy

ISOLATED = {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}


class ExecutionError(Exception):
    def __init__(self, error: str, cause: str) -> None:
        super().__init__(error, cause)
        self.error = error


class Lambda:
    """As much of the service as the seam touches."""

    def __init__(self) -> None:
        self._functions: dict[str, Any] = {
            "isolated": {"config": {**ISOLATED}},
            "shared": {"config": {}},
        }
        self.result: dict[str, Any] = {}

    async def _invoke(self, name: str, event: Any, headers: Any, *rest: Any) -> Any:
        return (200, {}, tenancy.tenant())

    def error_response_json(self, code: str, message: str, status: int) -> Any:
        return (status, {}, code)

    def _get_func_record_for_ref(self, name: str) -> Any:
        record = self._functions.get(name)
        return record, record and (record["config"] or {"x": 1}), name

    def _execution_record_for_config(self, function: Any, configuration: Any) -> Any:
        return function

    def _execute_function_with_config_scope(self, record: Any, event: Any) -> Any:
        return self.result or {"body": {"tenant": tenancy.tenant(), "event": event}}


@pytest.fixture
def service() -> Lambda:
    return Lambda()


@pytest.fixture
def integrate(service: Lambda) -> Any:
    sfn = SimpleNamespace(
        _invoke_aws_sdk_integration=lambda resource, parameters: "another service",
        _resolve_lambda_function_ref=lambda reference, optimized: reference,
        _ExecutionError=ExecutionError,
    )
    tenancy._named_by_state_machines(sfn, service)
    return lambda **parameters: sfn._invoke_aws_sdk_integration(
        "arn:aws:states:::aws-sdk:lambda:invoke", parameters
    )


def request(service: Lambda, name: str, headers: dict[str, str]) -> Any:
    tenancy._read_from_requests(service)
    return asyncio.run(service._invoke(name, {}, headers))


@pytest.mark.parametrize(
    ("name", "headers", "answer"),
    [
        ("isolated", {"x-amz-tenant-id": "alice"}, (200, {}, "alice")),
        ("isolated", {"X-Amz-Tenant-Id": "alice"}, (200, {}, "alice")),
        ("isolated", {}, (400, {}, "InvalidParameterValueException")),
        ("shared", {}, (200, {}, None)),
        ("shared", {"x-amz-tenant-id": "alice"}, (400, {}, "InvalidParameterValueException")),
    ],
)
def test_a_request_names_its_tenant_in_a_header(
    service: Lambda, name: str, headers: dict[str, str], answer: Any
) -> None:
    assert request(service, name, headers) == answer
    assert tenancy.tenant() is None


def test_a_state_machine_names_it_as_a_parameter(integrate: Any) -> None:
    answer = integrate(FunctionName="isolated", TenantId="alice", Payload={"n": 1})
    assert json.loads(answer["Payload"]) == {"tenant": "alice", "event": {"n": 1}}
    assert answer["StatusCode"] == 200 and "FunctionError" not in answer
    assert tenancy.tenant() is None


def test_a_functions_error_is_no_error_of_the_task(service: Lambda, integrate: Any) -> None:
    service.result = {"error": True, "body": {"errorType": "Runtime.ExitError"}}
    answer = integrate(FunctionName="isolated", TenantId="alice")
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"])["errorType"] == "Runtime.ExitError"


@pytest.mark.parametrize(
    ("parameters", "result", "error"),
    [
        ({"FunctionName": "isolated"}, {}, "Lambda.InvalidParameterValueException"),
        ({"FunctionName": "shared", "TenantId": "a"}, {}, "Lambda.InvalidParameterValueException"),
        ({"FunctionName": "gone"}, {}, "Lambda.ResourceNotFoundException"),
        (
            {"FunctionName": "shared"},
            {"throttle": True, "error": True, "body": {}},
            "Lambda.TooManyRequestsException",
        ),
        ({"FunctionName": "shared"}, {"body": "x" * 300_000}, "States.DataLimitExceeded"),
    ],
)
def test_what_keeps_the_function_from_running_is_an_error_of_the_task(
    service: Lambda, integrate: Any, parameters: Any, result: Any, error: str
) -> None:
    service.result = result
    with pytest.raises(ExecutionError) as caught:
        integrate(**parameters)
    assert caught.value.error == error


def test_a_template_s_property_is_kept(service: Lambda) -> None:
    def make(logical_id: str, properties: Any, stack: str) -> Any:
        service._functions["new"] = {"config": {}}
        return "new", {}

    handlers = {"AWS::Lambda::Function": {"create": make}}
    provisioners = SimpleNamespace(_RESOURCE_HANDLERS=handlers)
    tenancy._kept_by_cloudformation(provisioners, service)
    handlers["AWS::Lambda::Function"]["create"]("Worker", dict(ISOLATED), "stack")
    assert tenancy.is_per_tenant(service._functions["new"]["config"])
