"""A local cloud of the tests' own, driven through the command line as a person would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bellpair_local.ports import free_base

BELLPAIR = str(Path(sys.executable).with_name("bellpair"))
FIRST_PORT = 15566
"""Well above the default, where a person's own cloud may run."""
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


@dataclass(frozen=True)
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

    def up(self) -> None:
        """Start it."""
        self.bellpair("local", "up", "--detach")

    def hold(self) -> None:
        """Let no region be promoted: a busy machine may keep the active one from every job."""
        self.bellpair("pair", "hold", "--reason", "tests of the active region")

    def down(self) -> None:
        """Stop it and all that belongs to it."""
        self.bellpair("local", "down")

    def status(self) -> dict[str, Any]:
        """What ``local status --json`` says."""
        answer: dict[str, Any] = json.loads(self.bellpair("local", "status", "--json").stdout)
        return answer

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
        offset = {"us-east-1": 3, "us-west-2": 4}[region]
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port_base + offset}", timeout=30.0)

    def aws(self, service: str, region: str) -> Any:
        """A boto3 client of this cloud's AWS."""
        import boto3

        from bellpair_local.topology import ACCOUNT_ID, SECRET_ACCESS_KEY

        offset = {"us-east-1": 0, "us-west-2": 1}[region]
        return boto3.client(  # type: ignore[call-overload]
            service,
            region_name=region,
            endpoint_url=f"http://127.0.0.1:{self.port_base + offset}",
            aws_access_key_id=ACCOUNT_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
        )


def words(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """The types of a job's events, in order."""
    return [str(line["type"]) for line in lines]
