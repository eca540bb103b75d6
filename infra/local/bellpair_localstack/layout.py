"""What the platform on a LocalStack consists of, and where each part listens."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bellpair_local.kept_cloud import LOCALSTACK_FILE
from bellpair_local.target import Target
from bellpair_local.topology import (
    ACCOUNT_ID,
    HOST,
    PRIMARY_REGION,
    SECONDARY_REGION,
    WITNESS_REGION,
    Member,
    Role,
)
from bellpair_local.whole_file import write_whole
from bellpair_localstack.server import log_file

PAIR = (PRIMARY_REGION, SECONDARY_REGION)

_WATCH = {"interval_s": 5, "canary_s": 900, "canary_limit_s": 600}
"""How the regions watch each other, as on AWS: nothing is lost here that would be found sooner, and
one process answers all that they ask."""


def own_state(state_dir: Path) -> Path:
    """Return where a LocalStack keeps its state that is started with the cloud of a directory."""
    return state_dir / "localstack"


class Layout(BaseModel):
    """A LocalStack and what runs beside it.

    Attributes
    ----------
    cloud
        The cloud's name.
    state_dir, cache_dir
        As in `Target`.
    url
        The LocalStack's address, for every service and region.
    own
        Its port where it is started and stopped with the cloud; None where it was there.
    session
        Which run of a LocalStack that was there it is in, as that calls itself; empty before
        that was asked. What another run holds is not this cloud's.
    braket
        The Braket emulators, one for each region.
    door
        What functions ask for either region's Braket.
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
    url: str
    own: int | None = None
    session: str = ""
    braket: tuple[Member, ...]
    door: Member
    empty: bool = False
    template: Path | None = None

    @classmethod
    def plan(
        cls,
        cloud: str,
        state_dir: Path,
        cache_dir: Path,
        port_base: int,
        url: str | None,
        *,
        template: Path | None = None,
        empty: bool = False,
    ) -> Layout:
        """Lay everything out on consecutive ports from `port_base`.

        The first is LocalStack's own; where one is there already, at `url`, it stays unused.
        """
        return cls(
            cloud=cloud,
            state_dir=state_dir,
            cache_dir=cache_dir,
            url=url or f"http://{HOST}:{port_base}",
            own=None if url else port_base,
            braket=tuple(
                Member(role=Role.BRAKET, region=region, port=port_base + 1 + number)
                for number, region in enumerate(PAIR)
            ),
            door=Member(role=Role.DOOR, region=PRIMARY_REGION, port=port_base + 3),
            empty=empty,
            template=template,
        )

    @property
    def own_state(self) -> Path:
        """State directory of a LocalStack that is started with the cloud."""
        return own_state(self.state_dir)

    @property
    def ports(self) -> list[int]:
        """The ports that must be free before it starts."""
        beside = [member.port for member in (*self.braket, self.door)]
        return beside if self.own is None else [self.own, *beside]

    @property
    def target(self) -> Target:
        """What deployments to it need to know of it."""
        return Target(
            account=self.account,
            pair=PAIR,
            endpoints=dict.fromkeys((*PAIR, WITNESS_REGION), self.url),
            state_dir=self.state_dir,
            cache_dir=self.cache_dir,
            logs="the log of LocalStack" if self.own is None else str(log_file(self.own_state)),
            template=self.template,
            variables={
                "AWS_ENDPOINT_URL_BRAKET": self.door.endpoint,
                # Without a licence, LocalStack's API Gateway asks no authorizer.
                "BELLPAIR_API_AUTHORIZES": "1",
                "BELLPAIR_SENTINEL": json.dumps(_WATCH),
            },
        )

    def save(self) -> None:
        """Write the layout into the state directory, which must exist."""
        write_whole(self.state_dir / LOCALSTACK_FILE, self.model_dump_json(indent=2))

    @classmethod
    def load(cls, state_dir: Path) -> Layout | None:
        """Read what :meth:`save` wrote; None if nothing, or nothing that this version wrote."""
        try:
            return cls.model_validate_json((state_dir / LOCALSTACK_FILE).read_text())
        except (FileNotFoundError, ValueError):
            return None
