"""A LocalStack with the process executor, and functions in it."""

from __future__ import annotations

import base64
import json
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from bellpair_local.ports import is_free
from bellpair_localstack import environment, server
from bellpair_localstack.failures import PythonMissing
from bellpair_localstack.server import Running
from localstack_process_executor.settings import python_setting
from tests.polling import eventually
from tests.unit.lambda_host.packages import package

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

FIRST_PORT = 18766
UNUSABLE = "3.13"
"""The version whose Python is set to something that is none."""

ROLE = "arn:aws:iam::000000000000:role/functions"
_NAMES = count(1)


@contextmanager
def localstack(state: Path) -> Iterator[Running]:
    """Start one; the test is skipped where LocalStack has no Python to run in."""
    try:
        made = environment.ensure()
    except PythonMissing as missing:
        pytest.skip(f"{missing} {missing.remedy}")
    port = next(port for port in range(FIRST_PORT, 65536) if is_free(port))
    try:
        unusable = {python_setting(UNUSABLE): "/bin/false"}
        yield server.start(made, port, state, settings=unusable)
    finally:
        server.stop(state)


@dataclass(frozen=True)
class Answer:
    """What a caller of Invoke gets: the kind of error, if any, the JSON and the log's end."""

    function_error: str | None
    payload: Any
    log: str

    @property
    def error_type(self) -> str:
        assert self.function_error == "Unhandled", self
        return str(self.payload["errorType"])

    @property
    def value(self) -> Any:
        assert self.function_error is None, self
        return self.payload


class Functions:
    """Creates and invokes functions of one LocalStack."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.api: LambdaClient = self.client("lambda")

    def client(self, service: str) -> Any:
        """A client that asks once and waits for long invocations."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.url,
            region_name="us-west-2",
            aws_access_key_id="000000000000",
            aws_secret_access_key="any",
            config=Config(read_timeout=120, retries={"max_attempts": 0}, max_pool_connections=40),
        )

    def create(self, source: str, **settings: Any) -> str:
        """Create a function whose handler is ``app.handler``, and wait until it can be invoked.

        A setting that is None is left out.

        Returns
        -------
        str
            Its name.
        """
        name = f"tested-{next(_NAMES)}"
        settings = {
            "Role": ROLE,
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Timeout": 30,
            "Code": {"ZipFile": package(app=textwrap.dedent(source))},
            **settings,
        }
        settings = {key: value for key, value in settings.items() if value is not None}
        self.api.create_function(FunctionName=name, **settings)
        eventually(lambda: self.state(name)[0] != "Pending")
        return name

    def state(self, name: str) -> tuple[str, str]:
        """A function's state and the reason of it."""
        found = self.api.get_function_configuration(FunctionName=name)
        return found["State"], found.get("StateReason", "")

    def provision(self, name: str) -> tuple[str, str]:
        """Publish a version with one environment initialized in advance.

        Returns
        -------
        tuple of str and str
            The version, and what became of the environment.
        """
        version = self.api.publish_version(FunctionName=name)["Version"]
        self.api.put_provisioned_concurrency_config(
            FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=1
        )

        def status() -> str | None:
            found = self.api.get_provisioned_concurrency_config(
                FunctionName=name, Qualifier=version
            )
            return None if found["Status"] == "IN_PROGRESS" else found["Status"]

        return version, eventually(status)

    def updated(self, name: str) -> None:
        """Wait until an update is done."""
        eventually(
            lambda: (
                self.api.get_function_configuration(FunctionName=name)["LastUpdateStatus"]
                == "Successful"
            )
        )

    def invoke(self, name: str, event: object = None, **settings: Any) -> Answer:
        """Invoke and wait."""
        response = self.api.invoke(
            FunctionName=name, Payload=json.dumps(event).encode(), LogType="Tail", **settings
        )
        return Answer(
            response.get("FunctionError"),
            json.loads(response["Payload"].read()),
            base64.b64decode(response["LogResult"]).decode(),
        )
