"""One LocalStack for these tests: the one that the environment names, or one of their own."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from bellpair_local.ports import is_free
from bellpair_localstack import address, environment, server
from bellpair_localstack.environment import Environment
from bellpair_localstack.failures import PythonMissing
from bellpair_localstack.server import Running

FIRST_PORT = 18566
REGION = "us-east-1"


def free_port() -> int:
    return next(port for port in range(FIRST_PORT, 65536) if is_free(port))


@pytest.fixture(scope="session")
def host_mode() -> Environment:
    """What LocalStack runs in without Docker."""
    try:
        return environment.ensure()
    except PythonMissing as missing:
        pytest.skip(f"{missing} {missing.remedy}")


@pytest.fixture(scope="session")
def localstack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A LocalStack that answers."""
    named = address.named()
    if named:
        found = server.find(named)
        server.check_plugins(found)
        yield found
        return
    state = tmp_path_factory.mktemp("localstack")
    yield server.start(request.getfixturevalue("host_mode"), free_port(), state)
    server.stop(state)


@pytest.fixture(scope="module")
def aws(localstack: Running) -> Iterator[str]:
    """The address, as the one that AWS's libraries of this process use."""
    from bellpair_core.adapters.aws import client

    with pytest.MonkeyPatch.context() as settings:
        settings.setenv("AWS_ENDPOINT_URL", localstack.url)
        settings.setenv("AWS_ACCESS_KEY_ID", "424242424242")
        settings.setenv("AWS_SECRET_ACCESS_KEY", "local")
        client.cache_clear()
        # LocalStack loads a service at its first request, for which the adapters do not wait.
        for service, request in (("dynamodb", "list_tables"), ("s3", "list_buckets")):
            getattr(
                boto3.client(service, endpoint_url=localstack.url, region_name=REGION), request
            )()
        yield localstack.url
    client.cache_clear()
