"""The cloud that the check is made on: one of its own, empty, and gone when the check is over."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bellpair_local import ports
from bellpair_local.cloud import LocalCloud
from bellpair_local.deployment import Deployer
from bellpair_local.failures import LocalCloudError
from bellpair_local.interruptions import undisturbed
from bellpair_local.target import Target
from bellpair_local.topology import DEFAULT_PORT_BASE, Topology
from bellpair_localstack.cloud import LocalStackCloud

Tell = Callable[[str], None]

NAME = "deploy-check"
"""What each cloud of a check is called."""

_STOPPING = "still taking the cloud down"


@dataclass(frozen=True)
class Place:
    """An empty cloud with the regions of a pair.

    Attributes
    ----------
    kind
        As ``--on`` names it.
    target
        Where its services are, and what functions need to know there.
    diff_options
        What ``cdk diff`` has to be told there. LocalStack's change sets do not say which properties
        they change, and ``cdk`` hides what they do not say: there it must look at templates alone,
        or it would find no difference ever.
    """

    kind: str
    target: Target
    diff_options: tuple[str, ...] = ()

    @property
    def regions(self) -> tuple[str, str]:
        """The pair, the primary region first."""
        primary, secondary = self.target.pair
        return primary, secondary

    @property
    def endpoint(self) -> str:
        """Where requests for whichever region may be sent: the primary region's address."""
        return self.target.endpoints[self.target.pair[0]]

    def client(self, service: str, region: str) -> Any:
        """Return a boto3 client of a service in a region, which nothing here turns elsewhere."""
        return self._deployer.client(service, region)

    @functools.cached_property
    def _deployer(self) -> Deployer:
        return Deployer(self.target, lambda what: None)


@contextmanager
def _local(state_dir: Path, port_base: int, tell: Tell) -> Iterator[Place]:
    cloud = LocalCloud(NAME, state_dir)
    topology = Topology.plan(cloud.name, state_dir, state_dir / "cache", port_base)
    empty = topology.model_copy(update={"empty": True})
    with cloud.exclusively(), _gone_afterwards(cloud, tell):
        cloud.start(empty)
        yield Place("local", topology.target)


@contextmanager
def _localstack(state_dir: Path, port_base: int, tell: Tell) -> Iterator[Place]:
    cloud = LocalStackCloud(NAME, state_dir)
    layout = cloud.planned(state_dir / "cache", port_base, None, empty=True)
    with cloud.exclusively(), _gone_afterwards(cloud, tell):
        cloud.start(layout)
        yield Place("localstack", layout.target, ("--method", "template"))


@contextmanager
def _gone_afterwards(cloud: LocalCloud | LocalStackCloud, tell: Tell) -> Iterator[None]:
    """End the cloud; what went wrong before is told rather than what goes wrong then."""
    try:
        yield
    except BaseException:
        try:
            with undisturbed(tell, _STOPPING):
                cloud.stop()
        except LocalCloudError as error:
            tell(f"The cloud in {cloud.state_dir} could not be taken down: {error}")
        raise
    with undisturbed(tell, _STOPPING):
        cloud.stop()


KINDS: dict[str, Callable[[Path, int, Tell], AbstractContextManager[Place]]] = {
    "local": _local,
    "localstack": _localstack,
}
"""What ``--on`` may name."""


def a_place(
    kind: str, state_dir: Path, port_base: int | None, tell: Tell
) -> AbstractContextManager[Place]:
    """An empty cloud of the check's own, which ends with it.

    On LocalStack that is the one which the environment names (``AWS_ENDPOINT_URL``,
    ``LOCALSTACK_HOST``); where it names none, one that is started for the check.

    Raises
    ------
    bellpair_local.failures.LocalCloudError
        It does not start.
    """
    base = port_base or ports.free_base(DEFAULT_PORT_BASE) or DEFAULT_PORT_BASE
    return KINDS[kind](state_dir, base, tell)
