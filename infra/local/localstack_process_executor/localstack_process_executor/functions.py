"""LocalStack's functions, as the Lambda host wants them."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from bellpair_lambda_host import FunctionSpec, RemoteZip
from bellpair_lambda_host.function import Artifact
from localstack_process_executor.refusals import FunctionRefused

# Between LocalStack and the init process of its containers; nothing for functions.
_INTERNAL_VARIABLES = frozenset(
    {
        "AWS_LAMBDA_FUNCTION_TIMEOUT",
        "LOCALSTACK_FUNCTION_ACCOUNT_ID",
        "LOCALSTACK_INIT_LOG_LEVEL",
        "LOCALSTACK_MAX_PAYLOAD_SIZE",
        "LOCALSTACK_POST_INVOKE_WAIT_MS",
        "LOCALSTACK_RUNTIME_ENDPOINT",
        "LOCALSTACK_RUNTIME_ID",
        "LOCALSTACK_USER",
    }
)


class Code(Protocol):
    """An archive that LocalStack keeps, or a folder of the person's own."""

    @property
    def code_sha256(self) -> str:
        """Base64."""

    def is_hot_reloading(self) -> bool:
        """Whether it is a folder that may change at any time."""

    def get_unzipped_code_location(self) -> Path:
        """The folder."""


class Layer(Protocol):
    """One version of a layer."""

    @property
    def layer_version_arn(self) -> str:
        """Its name."""

    @property
    def code(self) -> Code | None:
        """Its content, where LocalStack has it."""


class Configuration(Protocol):
    """What we read of a version's configuration."""

    @property
    def runtime(self) -> str | None:
        """Such as ``python3.11``; none for images."""

    @property
    def handler(self) -> str | None:
        """None for images."""

    @property
    def timeout(self) -> int:
        """Seconds."""

    @property
    def memory_size(self) -> int:
        """Megabytes."""

    @property
    def package_type(self) -> str:
        """``Zip`` or ``Image``."""

    @property
    def environment(self) -> Mapping[str, str] | None:
        """The function's own variables."""

    @property
    def code(self) -> Code | None:
        """None for images."""

    @property
    def layers(self) -> Sequence[Layer]:
        """In the function's order."""

    @property
    def capacity_provider_config(self) -> object:
        """Something for Lambda Managed Instances."""


class Identifier(Protocol):
    """Which version of which function."""

    @property
    def qualifier(self) -> str:
        """The version."""

    def unqualified_arn(self) -> str:
        """The function's ARN."""


class FunctionVersion(Protocol):
    """One version of a function, as LocalStack has it."""

    @property
    def id(self) -> Identifier:
        """Which."""

    @property
    def config(self) -> Configuration:
        """How it is configured."""


Fetch = Callable[[Code], bytes]
"""Returns the zip archive of a code that LocalStack keeps."""


def python_version(version: FunctionVersion) -> str:
    """The Python that a function is for, such as ``3.11``.

    Raises
    ------
    FunctionRefused
        For what is no function of a Python runtime from a zip archive.
    """
    config = version.config
    if config.package_type != "Zip":
        raise FunctionRefused(
            "The process executor runs no container images; deploy the function as a zip archive "
            "or set LAMBDA_RUNTIME_EXECUTOR=docker"
        )
    if config.capacity_provider_config:
        raise FunctionRefused(
            "The process executor runs no Lambda Managed Instances; "
            "create the function without a capacity provider"
        )
    found = re.fullmatch(r"python(\d+\.\d+)", config.runtime or "")
    if found is None:
        raise FunctionRefused(
            f"The process executor runs Python runtimes, not {config.runtime}; "
            "set LAMBDA_RUNTIME_EXECUTOR=docker for others"
        )
    return found[1]


def specification(
    version: FunctionVersion, variables: Mapping[str, object], fetch: Fetch
) -> FunctionSpec:
    """A function as the host runs it.

    Parameters
    ----------
    variables
        What LocalStack gives to an execution environment; none when there is none yet.

    Raises
    ------
    FunctionRefused
    """
    config = version.config
    if config.code is None or config.handler is None:
        raise FunctionRefused("The function has no code or no handler")
    own = config.environment or {}
    environment = {
        name: str(value)
        for name, value in variables.items()
        if name in own or name not in _INTERNAL_VARIABLES
    }
    return FunctionSpec(
        arn=version.id.unqualified_arn(),
        handler=config.handler,
        code_zip=_artifact(config.code, fetch),
        layer_zips=tuple(_layer(layer, fetch) for layer in config.layers),
        environment=environment,
        timeout_s=config.timeout,
        memory_mb=config.memory_size,
        version=version.id.qualifier,
        log_stream=environment.get("AWS_LAMBDA_LOG_STREAM_NAME", ""),
        initialization_type=environment.get("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    )


def _artifact(code: Code, fetch: Fetch) -> Artifact:
    if code.is_hot_reloading():
        return Path(code.get_unzipped_code_location())
    return RemoteZip(base64.b64decode(code.code_sha256).hex(), lambda: fetch(code))


def _layer(layer: Layer, fetch: Fetch) -> Artifact:
    if layer.code is None:
        raise FunctionRefused(f"LocalStack has no content of the layer {layer.layer_version_arn}")
    return _artifact(layer.code, fetch)
