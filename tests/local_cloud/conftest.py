"""A local cloud with a small application in it, for the tests of this folder."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

from bellpair_local.cloud import LocalCloud
from bellpair_local.topology import SECRET_ACCESS_KEY, Topology
from tests.integration.running_cloud import BELLPAIR, free_port_base
from tests.local_cloud import small_assembly

DEADLINE_SECONDS = 60.0


def eventually(look: Callable[[], Any], seconds: float = DEADLINE_SECONDS) -> Any:
    """Return the first true value that ``look`` gives, or fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing came within {seconds} s")
        time.sleep(0.02)


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
class SmallCloud:
    """The running cloud, and ways into it."""

    topology: Topology
    cloud: LocalCloud

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

    def invoke(self, event: Any, region: str = "us-east-1") -> Any:
        """Invoke the small function; return its result or its error document."""
        answer = self.aws("lambda", region).invoke(
            FunctionName="small-function", Payload=json.dumps(event)
        )
        return json.loads(answer["Payload"].read())

    def run_machine(self, data: dict[str, Any]) -> dict[str, Any]:
        """Run the small state machine and return its description when it has ended."""
        states = self.aws("stepfunctions")
        execution = states.start_execution(
            stateMachineArn=self.machine_arn, input=json.dumps(data)
        )["executionArn"]

        def ended() -> Any:
            description = states.describe_execution(executionArn=execution)
            return description if description["status"] != "RUNNING" else None

        found: dict[str, Any] = eventually(ended)
        return found

    @property
    def machine_arn(self) -> str:
        account = self.topology.account
        return f"arn:aws:states:us-east-1:{account}:stateMachine:small-machine"

    def api_id(self, region: str) -> str:
        """The id of the small REST API in ``region``."""
        (api,) = self.aws("apigateway", region).get_rest_apis()["items"]
        return str(api["id"])

    def catalogue(self, region: str, key: str) -> dict[str, Any] | None:
        """The catalogue's item ``key`` as ``region`` has it."""
        item: dict[str, Any] | None = (
            self.aws("dynamodb", region, attempts=3)
            .get_item(
                TableName=small_assembly.CATALOGUE, Key={"pk": {"S": key}, "sk": {"S": "seen"}}
            )
            .get("Item")
        )
        return item


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
