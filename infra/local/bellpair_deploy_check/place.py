"""The cloud that the check is made on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import boto3
from botocore.config import Config

from bellpair_local import ports
from bellpair_local.cloud import LocalCloud
from bellpair_local.interruptions import undisturbed
from bellpair_local.topology import DEFAULT_PORT_BASE, SECRET_ACCESS_KEY, Topology

Tell = Callable[[str], None]


class Place(Protocol):
    """An empty cloud with the regions of a pair."""

    @property
    def kind(self) -> str:
        """As ``--on`` names it."""

    @property
    def account(self) -> str:
        """The account, which doubles as the access key."""

    @property
    def regions(self) -> tuple[str, str]:
        """The pair, the primary region first."""

    @property
    def endpoint(self) -> str:
        """Where requests for whichever region may be sent."""

    def client(self, service: str, region: str) -> Any:
        """Return a boto3 client of `service` in `region`."""

    def api(self, region: str, rest_api: str) -> str:
        """Return the base URL of a deployed REST API."""


class LocalPlace:
    """An empty local cloud."""

    kind = "local"

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._clients: dict[tuple[str, str], Any] = {}
        self.account = topology.account

    @property
    def regions(self) -> tuple[str, str]:
        """The pair, the primary region first."""
        primary, secondary = (member.region for member in self._topology.regions)
        return primary, secondary

    @property
    def endpoint(self) -> str:
        """The primary region's edge, which passes on what another region is asked."""
        return self._topology.regions[0].endpoint

    def client(self, service: str, region: str) -> Any:
        """Return a client of the region's own edge."""
        if (service, region) not in self._clients:
            edge = self._topology.edge(region)
            assert edge is not None
            self._clients[service, region] = made_client(
                service, region, edge.endpoint, self.account
            )
        return self._clients[service, region]

    def api(self, region: str, rest_api: str) -> str:
        """Return the API's address at the region's edge."""
        edge = self._topology.edge(region)
        assert edge is not None
        return f"{edge.endpoint}/restapis/{rest_api}/api/_user_request_"


def made_client(service: str, region: str, endpoint: str, account: str) -> Any:
    """Return a boto3 client that nothing in the caller's environment turns elsewhere."""
    session: Any = boto3.Session(
        aws_access_key_id=account, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=region
    )
    settings = Config(
        retries={"mode": "standard", "max_attempts": 3},
        read_timeout=120,
        s3={"addressing_style": "path"},
    )
    return session.client(service, endpoint_url=endpoint, config=settings)


@contextmanager
def local_cloud(state_dir: Path, port_base: int | None, tell: Tell) -> Iterator[LocalPlace]:
    """An empty local cloud of the check's own, which ends with it.

    Raises
    ------
    bellpair_local.failures.LocalCloudError
        It does not start.
    """
    cloud = LocalCloud("deploy-check", state_dir)
    base = port_base or ports.free_base(DEFAULT_PORT_BASE) or DEFAULT_PORT_BASE
    topology = Topology.plan(cloud.name, state_dir, state_dir / "cache", base)
    with cloud.exclusively():
        try:
            cloud.start(topology.model_copy(update={"empty": True}))
            yield LocalPlace(topology)
        finally:
            with undisturbed(tell, "still taking the cloud down"):
                cloud.stop()
