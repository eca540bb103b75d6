"""A cloud of the tests' own, driven through the command line as a person would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import psutil

from bellpair_local.ports import free_base
from bellpair_local.target import Target
from tests.polling import eventually

BELLPAIR = str(Path(sys.executable).with_name("bellpair"))
FIRST_PORT = int(os.environ.get("BELLPAIR_TEST_FIRST_PORT", "15566"))
"""Well above the default, where a person's own cloud may run; the checks' stages have each a range
of their own."""
PORTS_PER_PROCESS = 1000


def free_port_base() -> int:
    """The first base from which a cloud of the tests finds all its ports free.

    Each of the processes that run tests at once looks in a range of its own: two clouds that
    start at the same time would both find the same ports free.
    """
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    base = free_base(FIRST_PORT + number * PORTS_PER_PROCESS)
    if base is None:
        raise RuntimeError("no free range of ports for a local cloud")
    return base


@dataclass
class RunningCloud:
    """One local cloud, its files and its ports."""

    name: str
    port_base: int
    state_dir: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which ``bellpair`` finds this cloud."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("BELLPAIR_", "AWS_"))}
        return {
            **kept,
            "BELLPAIR_STATE_DIR": str(self.state_dir),
            "BELLPAIR_LOCAL_NAME": self.name,
            "BELLPAIR_LOCAL_PORT_BASE": str(self.port_base),
        }

    def bellpair(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command line against this cloud."""
        done = subprocess.run(
            [BELLPAIR, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if check and done.returncode != 0:
            said = f"{done.stdout}{done.stderr}"
            raise AssertionError(f"bellpair {' '.join(arguments)} gave {done.returncode}:\n{said}")
        return done

    def up(self, *options: str) -> None:
        """Start it."""
        self.bellpair("local", "up", "--detach", *options)

    def hold(self) -> None:
        """Let no region be promoted: a busy machine may keep the active one from every job."""
        words = ("pair", "hold", "--reason", "tests of the active region")
        # Everything starts cold at once, so the first request may be given up by its caller.
        eventually(lambda: self.bellpair(*words, check=False).returncode == 0, within_s=300)

    def down(self) -> None:
        """Stop it and all that belongs to it."""
        self.bellpair("local", "down")

    def status(self) -> dict[str, Any]:
        """What ``local status --json`` says, whether all is well or not."""
        said = self.bellpair("local", "status", "--json", check=False).stdout
        answer: dict[str, Any] = json.loads(said)
        return answer

    @cached_property
    def target(self) -> Target:
        """Where it answers, and what else a deployment to it needs to know."""
        told = self.status()
        return Target(
            account=told["account"],
            pair=("us-east-1", "us-west-2"),
            endpoints=told["aws"],
            state_dir=self.state_dir,
            cache_dir=self.state_dir / "cache",
            logs=str(self.state_dir),
        )

    @cached_property
    def emulators(self) -> dict[str, str]:
        """Region -> base URL of its device service."""
        found: dict[str, str] = self.status()["braket"]
        return found

    def workers(self) -> list[int]:
        """The processes that run Lambda functions, of the primary region at least."""
        home = next(m for m in self.status()["members"] if m["name"] == self.home)
        children = psutil.Process(home["pid"]).children(recursive=True)
        return [child.pid for child in children if "awslambdaric" in command_line(child)]

    @property
    def home(self) -> str:
        """The member that the primary region's functions are processes of."""
        return "us-east-1"

    @property
    def client_file(self) -> dict[str, Any]:
        """Endpoints and keys that the cloud wrote for its clients."""
        (found,) = self.state_dir.rglob("client.json")
        content: dict[str, Any] = json.loads(found.read_text())
        return content

    def http(self, endpoint: int = 0, key: str | None = "") -> httpx.Client:
        """An HTTP client of one region's API.

        Parameters
        ----------
        endpoint
            0 for the primary region, 1 for the secondary.
        key
            The API key; that of the local tenant's admin when empty, none at all when ``None``.
        """
        settings = self.client_file
        headers = {}
        if key is not None:
            headers["Authorization"] = f"Bearer {key or settings['api_key']}"
        return httpx.Client(base_url=settings["endpoints"][endpoint], headers=headers, timeout=60.0)

    def emulator(self, region: str) -> httpx.Client:
        """An HTTP client of the device service's control face in a region."""
        return httpx.Client(base_url=self.emulators[region], timeout=30.0)

    def aws(self, service: str, region: str) -> Any:
        """A boto3 client of this cloud's AWS."""
        import boto3

        from bellpair_local.topology import SECRET_ACCESS_KEY

        return boto3.client(  # type: ignore[call-overload]
            service,
            region_name=region,
            endpoint_url=self.target.endpoints[region],
            aws_access_key_id=self.target.account,
            aws_secret_access_key=SECRET_ACCESS_KEY,
        )


class RunningOnLocalStack(RunningCloud):
    """The platform on a LocalStack: the one that the environment names, or one of its own."""

    @property
    def environment(self) -> dict[str, str]:
        """As of a local cloud, with where a LocalStack is if that is said."""
        where = {name: os.environ[name] for name in LOCALSTACK_NAMES if name in os.environ}
        return {**super().environment, **where}

    def up(self, *options: str) -> None:
        """Put it there."""
        super().up("--on", "localstack", *options)

    @property
    def home(self) -> str:
        """LocalStack itself."""
        return "localstack"


LOCALSTACK_NAMES = (
    "AWS_ENDPOINT_URL",
    "LOCALSTACK_HOST",
    "USE_SSL",
    "BELLPAIR_LOCALSTACK_PYTHON",
)
"""By which localstack-client, the AWS tools and we are told where it is and what it runs on."""


def command_line(process: psutil.Process) -> str:
    """The process's command line; empty of one that has ended, reaped or not."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie is one of these too
        return ""


def words(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """The types of a job's events, in order."""
    return [str(line["type"]) for line in lines]
