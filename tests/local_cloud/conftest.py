"""A local cloud with a small application in it, for the tests of this folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

from bellpair_local.cloud import LocalCloud
from bellpair_local.topology import SECRET_ACCESS_KEY, Topology
from tests import small_assembly
from tests.polling import eventually
from tests.running_cloud import BELLPAIR, free_port_base
from tests.small_application import SmallApplication


def bellpair_local(*words: str, state_dir: Path) -> subprocess.CompletedProcess[str]:
    """Run ``bellpair local …`` for the cloud in ``state_dir``."""
    return subprocess.run(
        [BELLPAIR, "local", *words, "--state-dir", str(state_dir)],
        env={k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "BELLPAIR_"))},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@dataclass
class SmallCloud(SmallApplication):
    """The running cloud, and ways into it."""

    topology: Topology
    cloud: LocalCloud

    @property
    def account(self) -> str:
        return self.topology.account

    def endpoint(self, region: str) -> str:
        return self.topology.target.endpoints[region]

    def aws(
        self, service: str, region: str = "us-east-1", attempts: int = 1, through: str = ""
    ) -> Any:
        """A client of ``service`` that tries each request ``attempts`` times.

        It asks the edge of the region ``through``, which is the service's own unless said.
        """
        member = self.topology.edge(through or region)
        assert member is not None
        session: Any = boto3.Session()
        return session.client(
            service,
            region_name=region,
            endpoint_url=member.endpoint,
            aws_access_key_id=self.topology.account,
            aws_secret_access_key=SECRET_ACCESS_KEY,
            config=Config(
                retries={"total_max_attempts": attempts, "mode": "standard"},
                connect_timeout=10,
                read_timeout=60,
            ),
        )

    def edge(self, member: str) -> httpx.Client:
        """A plain HTTP client of a process."""
        return httpx.Client(base_url=self.topology.member(member).endpoint, timeout=60)

    def faults(self, member: str, **faults: Any) -> None:
        """Put faults in force at an edge; none to end them."""
        with self.edge(member) as edge:
            answer = edge.put("/_faults", json=faults)
            assert answer.status_code == 200, answer.text


@pytest.fixture(scope="package")
def small_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCloud]:
    directory = tmp_path_factory.mktemp("small")
    assembly = small_assembly.write(directory / "cdk.out")
    state_dir = directory / "state"
    done = bellpair_local(
        *("up", "--detach", "--port-base", str(free_port_base()), "--template", str(assembly)),
        state_dir=state_dir,
    )
    try:
        assert done.returncode == 0, done.stderr
        cloud = LocalCloud("small", state_dir)
        topology = cloud.topology()
        assert topology is not None
        yield SmallCloud(topology, cloud)
    finally:
        bellpair_local("down", state_dir=state_dir)


@pytest.fixture(autouse=True)
def without_faults(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "small_cloud" in request.fixturenames:
        cloud: SmallCloud = request.getfixturevalue("small_cloud")
        for member in ("us-east-1", "us-west-2", "witness"):
            with cloud.edge(member) as edge:
                edge.delete("/_faults")


__all__ = ["SmallCloud", "bellpair_local", "eventually"]
