"""Which processes a local cloud consists of, and where each of them listens."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bellpair_local.target import Target
from bellpair_local.whole_file import write_whole

ACCOUNT_ID = "424242424242"
"""The account of every local cloud. It doubles as the access key id: the edge reads a key of
twelve digits as the account, and tools that cache accounts by key never mix it up with a real one.
"""
SECRET_ACCESS_KEY = "local"

PRIMARY_REGION = "us-east-1"
SECONDARY_REGION = "us-west-2"
WITNESS_REGION = "us-east-2"
DEFAULT_PORT_BASE = 4566
PORTS_PER_CLOUD = 5
HOST = "127.0.0.1"
DEPLOYED_FILE = "deployed-assembly"
"""File in a cloud's state directory with the path of the cloud assembly that it runs."""


class Role(StrEnum):
    """What a process of the cloud is for."""

    REGION = "region"
    WITNESS = "witness"
    BRAKET = "braket"
    LOCALSTACK = "localstack"
    """All services of all regions but Braket, in place of regions and witness."""
    DOOR = "door"
    """Hands requests on to the Braket of the region that they are meant for."""


class Member(BaseModel):
    """One process of the cloud.

    Attributes
    ----------
    role, region
        What it does, and for which AWS region.
    port
        TCP port on the loopback interface.
    """

    model_config = ConfigDict(frozen=True)

    role: Role
    region: str
    port: int

    @property
    def name(self) -> str:
        """Unique within the cloud: ``us-east-1``, ``witness``, ``braket-us-east-1``."""
        match self.role:
            case Role.REGION:
                return self.region
            case Role.WITNESS:
                return "witness"
            case Role.BRAKET:
                return f"braket-{self.region}"
            case Role.LOCALSTACK:
                return "localstack"
            case Role.DOOR:
                return "braket-door"

    @property
    def endpoint(self) -> str:
        """Base URL of the process."""
        return f"http://{HOST}:{self.port}"


class Topology(BaseModel):
    """All processes of one local cloud.

    Attributes
    ----------
    cloud
        Name of the cloud, as given to ``bellpair local --name``.
    state_dir
        Directory for its logs, its registry of global tables and its client configuration.
    cache_dir
        Directory for what outlives the cloud and clouds may share: unpacked functions and layers.
    members
        The regions (primary first), the witness, the Braket emulators.
    empty
        Whether it is meant to run without an application.
    template
        The cloud assembly to deploy in place of the application, or None.
    """

    model_config = ConfigDict(frozen=True)

    cloud: str
    state_dir: Path
    cache_dir: Path
    account: str = ACCOUNT_ID
    members: tuple[Member, ...]
    empty: bool = False
    template: Path | None = None

    @classmethod
    def plan(
        cls,
        cloud: str,
        state_dir: Path,
        cache_dir: Path,
        port_base: int = DEFAULT_PORT_BASE,
        *,
        primary: str = PRIMARY_REGION,
        secondary: str = SECONDARY_REGION,
        witness: str = WITNESS_REGION,
    ) -> Topology:
        """Lay the cloud's processes out on consecutive ports from `port_base`.

        Raises
        ------
        ValueError
            If the ports would not fit below 65536.
        """
        if not 1024 <= port_base <= 65535 - PORTS_PER_CLOUD + 1:
            last = 65535 - PORTS_PER_CLOUD + 1
            raise ValueError(f"port base {port_base} is outside 1024..{last}; choose another one")
        layout = (
            (Role.REGION, primary),
            (Role.REGION, secondary),
            (Role.WITNESS, witness),
            (Role.BRAKET, primary),
            (Role.BRAKET, secondary),
        )
        members = tuple(
            Member(role=role, region=region, port=port_base + offset)
            for offset, (role, region) in enumerate(layout)
        )
        return cls(cloud=cloud, state_dir=state_dir, cache_dir=cache_dir, members=members)

    @property
    def regions(self) -> tuple[Member, ...]:
        """The region processes, primary first."""
        return tuple(m for m in self.members if m.role is Role.REGION)

    @property
    def witness(self) -> Member:
        """The process that holds the strongly consistent tables."""
        return next(m for m in self.members if m.role is Role.WITNESS)

    @property
    def braket(self) -> tuple[Member, ...]:
        """The Braket emulators."""
        return tuple(m for m in self.members if m.role is Role.BRAKET)

    @property
    def port_base(self) -> int:
        """The first of the cloud's consecutive ports."""
        return self.members[0].port

    def member(self, name: str) -> Member:
        """Return the member called `name`.

        Raises
        ------
        KeyError
            If there is none.
        """
        for member in self.members:
            if member.name == name:
                return member
        raise KeyError(f"no process {name!r} in local cloud {self.cloud!r}")

    def edge(self, region: str) -> Member | None:
        """Return the process whose edge serves `region`, the witness included; None if unknown."""
        edges = (m for m in self.members if m.role is not Role.BRAKET)
        return next((m for m in edges if m.region == region), None)

    def peers_of(self, region: str) -> tuple[Member, ...]:
        """The region processes other than `region`'s."""
        return tuple(m for m in self.regions if m.region != region)

    @property
    def target(self) -> Target:
        """What deployments to this cloud need to know of it."""
        edges = (m for m in self.members if m.role is not Role.BRAKET)
        return Target(
            account=self.account,
            pair=tuple(m.region for m in self.regions),
            endpoints={m.region: m.endpoint for m in edges},
            state_dir=self.state_dir,
            cache_dir=self.cache_dir,
            logs=str(self.state_dir / "logs"),
            template=self.template,
        )

    @property
    def file(self) -> Path:
        """Where :meth:`save` writes."""
        return self.state_dir / "topology.json"

    def save(self) -> None:
        """Write the topology into the state directory, which must exist."""
        write_whole(self.file, self.model_dump_json(indent=2))

    @classmethod
    def load(cls, file: Path) -> Topology:
        """Read what :meth:`save` wrote.

        Raises
        ------
        FileNotFoundError
            If no cloud was laid out there.
        """
        return cls.model_validate(json.loads(file.read_text()))
