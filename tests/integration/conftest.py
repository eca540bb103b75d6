"""One running cloud for all integration tests: a local cloud, or the platform on a LocalStack.

``BELLPAIR_TEST_ON=localstack`` chooses the second. ``BELLPAIR_TEST_CLOUD=<state dir>:<port base>``
names one that is running already.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from bellpair_local.deployment import Deployer, read_assembly
from bellpair_local.topology import SECRET_ACCESS_KEY
from tests import small_assembly
from tests.integration.not_on_localstack import reason
from tests.running_cloud import RunningCloud, RunningOnLocalStack, free_port_base
from tests.small_application import SmallApplication

KINDS = {"local": RunningCloud, "localstack": RunningOnLocalStack}
KIND = KINDS[os.environ.get("BELLPAIR_TEST_ON", "local")]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out, on LocalStack, what cannot hold there."""
    if KIND is RunningOnLocalStack:
        for item in items:
            if why := reason(item.nodeid):
                item.add_marker(pytest.mark.skip(reason=f"not on LocalStack: {why}"))


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """The cloud under test, started for these tests if none is named."""
    if running := os.environ.get("BELLPAIR_TEST_CLOUD"):
        state_dir, port_base = running.rsplit(":", 1)
        yield KIND("default", int(port_base), Path(state_dir))
        return
    state_dir = tmp_path_factory.mktemp("cloud")
    cloud = KIND("tests", free_port_base(), state_dir)
    try:
        cloud.up()
        cloud.hold()
        yield cloud
    finally:
        cloud.down()


class Small(SmallApplication):
    """The small application in the cloud under test, beside the platform."""

    def __init__(self, cloud: RunningCloud) -> None:
        self._cloud = cloud

    @property
    def account(self) -> str:
        return self._cloud.target.account

    def endpoint(self, region: str) -> str:
        return self._cloud.target.endpoints[region]

    def aws(self, service: str, region: str = "us-east-1", attempts: int = 1) -> Any:
        session: Any = boto3.Session()
        return session.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint(region),
            aws_access_key_id=self.account,
            aws_secret_access_key=SECRET_ACCESS_KEY,
            config=Config(
                retries={"total_max_attempts": attempts, "mode": "standard"}, read_timeout=60
            ),
        )


@pytest.fixture(scope="session")
def small(cloud: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> Small:
    """The small application, deployed as the platform is."""
    assembly = small_assembly.write(tmp_path_factory.mktemp("small") / "cdk.out", alone=False)
    stacks = read_assembly(assembly, cloud.target.account)
    Deployer(cloud.target, lambda name: None).deploy(stacks)
    return Small(cloud)
