"""LocalStack's side: its class of executors, over ours."""

import logging
import os
import urllib.request
from pathlib import Path
from typing import Any

from localstack import config
from localstack.aws.api.lambda_ import RequestTooLargeException
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from bellpair_lambda_host import EventTooLarge, InitFailed
from bellpair_lambda_host.invocation import Invocation
from localstack_process_executor import shared_host
from localstack_process_executor.executor import FunctionExecutor
from localstack_process_executor.host import ProcessHost
from localstack_process_executor.settings import Settings

LOG = logging.getLogger(__name__)
_FETCH_LIMIT_S = 120.0


class ProcessRuntimeExecutor(RuntimeExecutor):
    """One execution environment, which is one child process at a time.

    LocalStack makes as many as there are invocations at once, within a function's reserved
    concurrency, and stops them when they idle or when the function changes.
    """

    def __init__(self, id: str, function_version: Any) -> None:
        super().__init__(id=id, function_version=function_version)
        self._executor: FunctionExecutor | None = None
        self._last_log = ""

    def start(self, env_vars: dict[str, str]) -> None:
        """Lay the environment out; provisioned ones are initialized too."""
        self._executor = _host().executor(self.function_version, env_vars)
        if env_vars.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "provisioned-concurrency":
            try:
                self._executor.initialize()
            except InitFailed as failure:
                self._last_log = failure.log
                raise StatusErrorException(str(failure), payload=failure.error.payload) from failure

    def stop(self) -> None:
        """End the worker, after its invocation if there is one."""
        if self._executor is not None:
            self._executor.stop()

    def invoke(self, payload: dict[str, str]) -> Any:
        """Run one invocation."""
        assert self._executor is not None, "LocalStack starts before it invokes"
        try:
            invocation = Invocation(
                event=payload["payload"].encode() or b"{}",
                request_id=payload["invoke-id"],
                function_arn=payload["invoked-function-arn"],
                trace_id=payload.get("trace-id"),
            )
        except EventTooLarge as error:
            raise RequestTooLargeException(str(error)) from error
        result = self._executor.invoke(invocation)
        self._last_log = result.log
        return InvocationResult(
            request_id=result.request_id,
            payload=result.payload,
            is_error=result.error is not None,
            logs=result.log,
        )

    def get_address(self) -> str:
        """Where the worker is: here."""
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        """Where the worker finds LocalStack: at the address that it listens at."""
        host: str = config.GATEWAY_LISTEN[0].host
        return "127.0.0.1" if host in {"", "0.0.0.0", "::"} else host  # noqa: S104

    def get_runtime_endpoint(self) -> str:
        """LocalStack's address; workers are not to call back there."""
        return f"http://{self.get_endpoint_from_executor()}:{config.GATEWAY_LISTEN[0].port}"

    def get_logs(self) -> str:
        """What the last invocation wrote."""
        return self._last_log

    @classmethod
    def prepare_version(cls, function_version: Any) -> None:
        """Unpack the code and the layers, or say why the function cannot be run."""
        _host().prepare(function_version)

    @classmethod
    def cleanup_version(cls, function_version: Any) -> None:
        """Nothing: what is unpacked is named by its content and may serve others."""

    @classmethod
    def validate_environment(cls) -> bool:
        """Whether there is what the executor needs of the system."""
        try:
            _host()
        except RuntimeError as error:
            LOG.warning("Lambda functions cannot run in processes: %s", error)
            return False
        return True


def _host() -> ProcessHost:
    return shared_host.get(_make_host)


def _make_host() -> ProcessHost:
    default = Path(config.dirs.cache) / "process-executor"
    return ProcessHost(Settings.read(os.environ, default, Path(config.dirs.tmp)), _fetch)


def _fetch(code: Any) -> bytes:
    url: str = code.generate_presigned_url(endpoint_url=config.internal_service_url())
    # LocalStack is on this machine, whatever proxies are set.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=_FETCH_LIMIT_S) as response:
        content: bytes = response.read()
    return content
