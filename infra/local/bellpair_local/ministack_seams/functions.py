"""Lambda functions run in our host, from their real artifacts, with their real errors.

MiniStack's own worker reports each Python exception as ``Runtime.HandlerError``, so that Retry and
Catch by error name never match.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from typing import Any

from bellpair_lambda_host import (
    EventTooLarge,
    FunctionSpec,
    InvalidTenant,
    InvocationResult,
    LambdaHost,
    LambdaHostError,
    TooManyRequests,
)
from bellpair_local.ministack_seams import tenancy
from bellpair_local.topology import SECRET_ACCESS_KEY


class FunctionExecutor:
    """Stands in for MiniStack's executor of Python functions.

    Parameters
    ----------
    host
        Runs the functions.
    endpoint
        Base URL that the functions' SDKs use for every service.
    account
        The functions' account, and their access key.
    """

    def __init__(self, host: LambdaHost, endpoint: str, account: str) -> None:
        self._host = host
        self._credentials = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        }
        self._specs: dict[str, tuple[tuple[Any, ...], FunctionSpec]] = {}
        self._lock = threading.Lock()

    def install(self) -> None:
        """Put this executor and its cheaper logging in MiniStack's place."""
        from ministack.services import lambda_svc

        self._lambda_svc = lambda_svc
        lambda_svc._execute_function_warm = self.execute
        # The host writes the functions' logs to files. The original makes one log stream for each
        # invocation and keeps them all in memory.
        lambda_svc._emit_lambda_logs = lambda *_, **__: None

    def execute(self, function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        """Run `function` and answer in the shape that MiniStack's callers expect."""
        config = function.get("config") or function
        if function.get("concurrency") == 0:
            closed: dict[str, Any] = self._lambda_svc._throttle_response(
                "ReservedFunctionConcurrentInvocationLimitExceeded",
                f"{config['FunctionArn']} has no concurrency",
            )
            return closed
        try:
            result = self._host.invoke(
                self._spec(function, config),
                json.dumps(event).encode(),
                request_id=request_id,
                function_arn=config["FunctionArn"],
                trace_id=trace_header(event),
                tenant_id=tenancy.tenant(),
            )
        except TooManyRequests as refusal:
            refused: dict[str, Any] = self._lambda_svc._throttle_response(
                "ConcurrentInvocationLimitExceeded", str(refusal)
            )
            return refused
        except InvalidTenant as refusal:
            return _failure("Lambda.InvalidParameterValueException", str(refusal))
        except EventTooLarge as refusal:
            return _failure("Lambda.RequestTooLargeException", str(refusal))
        except (LambdaHostError, ValueError) as refusal:
            return _failure("Lambda.ServiceException", str(refusal))
        return _outcome(result)

    def _spec(self, function: dict[str, Any], config: dict[str, Any]) -> FunctionSpec:
        """Return the function's specification; the same object until it is deployed again."""
        arn = ":".join(config["FunctionArn"].split(":")[:7])
        version = config.get("Version", "$LATEST")
        code = function.get("code_zip") or b""
        layers = config.get("Layers") or []
        variables = (config.get("Environment") or {}).get("Variables") or {}
        reserved = function.get("concurrency")
        state = (
            config.get("CodeSha256"),
            config["Handler"],
            config.get("Timeout"),
            config.get("MemorySize"),
            tuple(layer["Arn"] if isinstance(layer, dict) else layer for layer in layers),
            tuple(sorted(variables.items())),
            reserved,
            tenancy.is_per_tenant(config),
        )
        key = f"{arn}:{version}"
        with self._lock:
            known = self._specs.get(key)
            if known is not None and known[0] == state:
                return known[1]
            zips = [self._lambda_svc._resolve_layer_zip(layer) for layer in layers]
            spec = FunctionSpec(
                arn=arn,
                handler=config["Handler"],
                code_zip=code,
                layer_zips=tuple(content for content in zips if content),
                environment={**variables, **self._credentials},
                timeout_s=float(config.get("Timeout") or 3),
                memory_mb=int(config.get("MemorySize") or 128),
                version=version,
                max_workers=int(reserved) if reserved else None,
                per_tenant=tenancy.is_per_tenant(config),
            )
            self._specs[key] = (state, spec)
            return spec


def trace_header(event: Any) -> str:
    """The X-Ray trace header of an invocation: the HTTP caller's, or a new one, not sampled."""
    headers = event.get("headers") if isinstance(event, dict) else None
    if isinstance(headers, dict) and (inherited := headers.get("x-amzn-trace-id")):
        return str(inherited)
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled=0"


def _outcome(result: InvocationResult) -> dict[str, Any]:
    body = json.loads(result.payload) if result.payload else None
    if result.error is None:
        return {"body": body, "log": result.log}
    return {"body": body, "error": True, "log": result.log}


def _failure(kind: str, message: str) -> dict[str, Any]:
    return {
        "body": {"errorType": kind, "errorMessage": message},
        "error": True,
        "log": "",
    }
