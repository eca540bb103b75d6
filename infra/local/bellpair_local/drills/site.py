"""The platform as a drill reaches it: its regions' APIs, its devices' control faces, its keys."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from bellpair import Client
from bellpair.errors import BellpairError
from bellpair.transport import Transport
from bellpair_local.cloud import LocalCloud
from bellpair_local.drills.records import HealthSample, TaskSeen
from bellpair_local.failures import LocalCloudError
from bellpair_local.topology import Topology

REQUEST_SECONDS = 30.0
"""Patience of the client library, retries included: its default."""
HEALTH_SECONDS = 0.5
KEY_SECONDS = 60.0


class NotReady(LocalCloudError):
    """The platform is not in a state from which a drill can begin, or did not get back to one."""


@dataclass(frozen=True)
class Site:
    """A running local cloud and the keys of a tenant made for one drill.

    Attributes
    ----------
    endpoints
        The API's base URLs by region, primary region first.
    run
        Tells this drill from others in names and keys.
    """

    cloud: LocalCloud
    topology: Topology
    endpoints: Mapping[str, str]
    operator_key: str = field(repr=False)
    api_key: str = field(repr=False)
    tenant: str
    run: str

    @property
    def regions(self) -> tuple[str, ...]:
        """The pair's regions, primary first."""
        return tuple(self.endpoints)

    def other(self, region: str) -> str:
        """The region's peer."""
        return next(each for each in self.endpoints if each != region)

    def client(
        self,
        chance: random.Random,
        on_retry: Callable[[BellpairError, float], None],
        timeout: float = REQUEST_SECONDS,
    ) -> Client:
        """A client as users have it."""
        return Client(
            list(self.endpoints.values()),
            self.api_key,
            timeout=timeout,
            chance=chance,
            on_retry=on_retry,
        )

    def as_tenant(self, timeout: float = REQUEST_SECONDS) -> Transport:
        """Raw requests with the tenant's key."""
        return Transport(list(self.endpoints.values()), self.api_key, timeout=timeout)

    def as_operator(self, timeout: float = REQUEST_SECONDS) -> Transport:
        """Raw requests with the operator's key."""
        return Transport(list(self.endpoints.values()), self.operator_key, timeout=timeout)

    def health(self, http: httpx.Client, region: str) -> HealthSample:
        """Ask one region how it is; silence and nonsense are samples too."""
        sent = time.time()
        status, body = 0, {}
        try:
            answer = http.get(f"{self.endpoints[region]}/v1/health", timeout=HEALTH_SECONDS)
            status = answer.status_code
            found = answer.json() if answer.is_success else {}
            body = found if isinstance(found, dict) else {}
        except (httpx.HTTPError, ValueError):
            pass
        return HealthSample(
            region=region,
            sent=sent,
            received=time.time(),
            status=status,
            epoch=body.get("epoch"),
            accepting=bool(body.get("accepting")),
        )

    def tasks(self) -> list[TaskSeen]:
        """The books of all device services."""
        with local_http() as http:
            return [
                TaskSeen.read(member.region, task)
                for member in self.topology.braket
                for task in http.get(f"{member.endpoint}/_emulator/tasks", timeout=60).json()[
                    "tasks"
                ]
            ]


def local_http() -> httpx.Client:
    """HTTP to this machine, past any proxy of the environment."""
    return httpx.Client(trust_env=False)


def open_site(cloud: LocalCloud, client_file: Mapping[str, Any], drill: str) -> Site:
    """Make a tenant for a drill on a cloud that is up, and wait until both regions know its key.

    Parameters
    ----------
    client_file
        The content of the cloud's ``client.json``.

    Raises
    ------
    NotReady
        If the cloud lacks something, or a region does not get to know the key.
    """
    topology = cloud.topology()
    operator_key = client_file.get("operator_key")
    if topology is None or not operator_key:
        raise NotReady(
            f"The local cloud {cloud.name!r} has no operator key or no record of its processes.",
            f"Begin anew with `{cloud.command('down')}` and `{cloud.command('up')}`.",
        )
    endpoints = _by_region(topology, client_file["endpoints"])
    run = secrets.token_hex(4)
    tenant = f"drill-{drill}-{run}"
    urls = list(endpoints.values())
    with Client(urls, operator_key, timeout=REQUEST_SECONDS) as operator:
        made = operator.create_tenant(tenant)
    site = Site(cloud, topology, endpoints, operator_key, made.api_key or "", tenant, run)
    _await_key(site)
    return site


def _by_region(topology: Topology, urls: list[str]) -> dict[str, str]:
    found = {
        member.region: url
        for member in topology.regions
        for url in urls
        if url.startswith(f"{member.endpoint}/")
    }
    if len(found) != len(topology.regions):
        raise NotReady(
            "The cloud's client file does not name an endpoint for each region.",
            f"Begin anew with `bellpair local down` and `bellpair local up` ({topology.cloud}).",
        )
    return found


def _await_key(site: Site) -> None:
    """A new key reaches the other region within its catalogue's lag."""
    deadline = time.monotonic() + KEY_SECONDS
    transport = site.as_tenant()
    try:
        for region, endpoint in site.endpoints.items():
            while True:
                try:
                    transport.ask(endpoint, "GET", "/v1/jobs")
                    break
                except BellpairError as error:
                    if time.monotonic() > deadline:
                        raise NotReady(
                            f"Region {region} does not take the drill's new key: {error}",
                            "Look at `bellpair local status` and `bellpair local logs`.",
                        ) from error
                time.sleep(0.2)
    finally:
        transport.close()
