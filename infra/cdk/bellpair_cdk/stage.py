"""A stage's parameters: all that differs between one deployment and another.

They come from ``samplesconfig.toml``, table ``[<stage>.deploy.parameters]``. What
AWS and the local cloud do differently follows from ``cloud`` and is listed in
`Stage`'s properties, nowhere else.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bellpair_cdk import regions
from toolchain.layers import HERE

CONFIGURATION = "samplesconfig.toml"

POLL_SECONDS_MIN = {"aws": 30, "local": 1}
"""The shortest `Stage.poll_seconds` by cloud, in seconds.

Step Functions ends an execution whose history has 25,000 events, and each poll writes
four of them: a job that runs until its deadline must stay below that.
"""


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Device(_Parameters):
    """A device that the stage offers.

    Parameters
    ----------
    arn
        Braket's name of it.
    region
        Where its tasks are made, one of the pair; left out for a simulator that each region
        has.
    max_in_flight
        How many of its tasks may be unfinished at once; left out for no limit.
    """

    arn: str = Field(pattern=r"^arn:aws[a-z-]*:braket:[a-z0-9-]*::device/.+$")
    region: str | None = None
    max_in_flight: int | None = Field(default=None, ge=1)


WATCH_SECONDS = 62
"""How long one call of the sentinel watches: its schedule wakes the next each minute."""


class Sentinel(_Parameters):
    """How a region watches its peer.

    Parameters
    ----------
    interval_seconds
        The time between two probes, in seconds.
    confirm, of
        The passive region takes over when so many of that many last probes failed.
    cool_down_seconds
        How long after a promotion no sentinel starts another, in seconds.
    canary_seconds
        How often the active region runs a job of the platform's own, in seconds.
    canary_limit_seconds
        When such a job counts as stuck, in seconds.
    """

    interval_seconds: float = Field(ge=0.2, le=15)
    confirm: int = Field(default=3, ge=1)
    of: int = Field(default=4, ge=1, le=20)
    cool_down_seconds: int = Field(ge=0, le=86_400)
    canary_seconds: int = Field(ge=10, le=86_400)
    canary_limit_seconds: int = Field(ge=5, le=86_400)

    @model_validator(mode="after")
    def _can_decide(self) -> Self:
        if self.confirm > self.of:
            raise ValueError(f"confirm = {self.confirm} of = {self.of}: confirm must not be more")
        if self.of * self.interval_seconds > WATCH_SECONDS / 2:
            raise ValueError(
                f"{self.of} probes every {self.interval_seconds} s take more than half of the "
                f"{WATCH_SECONDS} s that one watch lasts; choose a shorter interval_seconds or of"
            )
        if self.canary_limit_seconds > self.canary_seconds:
            raise ValueError(
                "canary_limit_seconds must not exceed canary_seconds: the next canary would "
                "start before the last one is given up"
            )
        return self


SENTINELS: dict[str, dict[str, float]] = {
    "aws": {
        "interval_seconds": 5,
        "cool_down_seconds": 600,
        "canary_seconds": 900,
        "canary_limit_seconds": 600,
    },
    "local": {
        "interval_seconds": 1,
        "cool_down_seconds": 10,
        "canary_seconds": 60,
        "canary_limit_seconds": 45,
    },
}
"""Each cloud's `Sentinel`, where a stage says nothing else."""


class Domain(_Parameters):
    """A name of the stage's own for its API, which follows the active region. AWS only.

    Parameters
    ----------
    name
        The API's host name.
    zone_id, zone_name
        The Route 53 hosted zone that the name is in.
    certificates
        Region -> ARN of the certificate for the name in that region, for both of the pair.
    """

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")
    zone_id: str = Field(pattern=r"^Z[A-Z0-9]+$")
    zone_name: str = Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")
    certificates: dict[str, str]

    @model_validator(mode="after")
    def _is_a_pair(self) -> Self:
        if problem := regions.unfit(self.region, self.secondary_region, self.witness_region):
            raise ValueError(problem)
        for name, device in self.devices.items():
            if device.region not in (None, *self.pair):
                raise ValueError(
                    f"device {name} is in {device.region}, outside the pair: nobody would keep "
                    f"its results; take it out, or give it a region of {' and '.join(self.pair)}"
                )
        if self.domain and self.domain.certificates.keys() != set(self.pair):
            raise ValueError(
                f"domain.certificates must have one for each of {' and '.join(self.pair)}"
            )
        return self

    @model_validator(mode="after")
    def _asks_for_what_its_cloud_has(self) -> Self:
        if self.cloud != "aws":
            for name, worker in self.workers.items():
                if worker.image:
                    raise ValueError(f"worker {name} is an image, which needs cloud = 'aws'")
            if self.domain:
                raise ValueError("domain needs cloud = 'aws': nothing else has Route 53")
        if "rollout" in self.model_fields_set and not self.has_rollout:
            raise ValueError(
                f"rollout needs cloud = 'aws', not {self.cloud!r}: nothing else shifts traffic; "
                "take the table out"
            )
        if self.poll_seconds < POLL_SECONDS_MIN[self.cloud]:
            raise ValueError(
                f"poll_seconds must be {POLL_SECONDS_MIN[self.cloud]} or more with "
                f"cloud = {self.cloud!r}: a job that polls more often until its deadline "
                "would overrun the 25,000 events that an execution may have"
            )
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        unknown = self.sizes.keys() - SIZES.keys()
        if unknown:
            raise ValueError(f"sizes names no function: {', '.join(sorted(unknown))}")
        for name in self.workers:
            if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name):
                raise ValueError(
                    f"worker {name!r}: begin with a letter, then letters, digits and -, up to 31"
                )
        if self.size("sentinel").timeout < WATCH_SECONDS + 15:
            raise ValueError(
                f"sizes.sentinel.timeout must be {WATCH_SECONDS + 15} or more: one call watches "
                f"for {WATCH_SECONDS} s, and needs time to end"
            )
        if self.sentinel.canary_limit_seconds <= 2 * self.poll_seconds:
            raise ValueError(
                "sentinel.canary_limit_seconds must be more than twice poll_seconds: a canary "
                "whose event is lost is late by one poll, and no reason to promote"
            )
        return self

    @property
    def pair(self) -> tuple[str, str]:
        """The two regions that run jobs, the first active one first."""
        return (self.region, self.secondary_region)

    def peer(self, region: str) -> str:
        """Return the other region of the pair."""
        return self.secondary_region if region == self.region else self.region

    def size(self, function: str) -> Size:
        """Return a function's size in this stage."""
        return self.sizes.get(function, SIZES[function])

    # What AWS has and the local cloud lacks, one property each.

    @property
    def python(self) -> str:
        """The Python of functions and layers: on AWS ours to choose, locally what runs there."""
        return "3.13" if self.cloud == "aws" else HERE

    @property
    def has_bootstrap(self) -> bool:
        """CDK's bootstrap stack (roles and a version parameter) is there."""
        return self.cloud == "aws"

    @property
    def has_operations(self) -> bool:
        """Alarms notify people, and events cross regions; locally, the edge and tests do."""
        return self.cloud == "aws"

    @property
    def has_rollout(self) -> bool:
        """Functions have versions, and callers an alias that CodeDeploy moves from one to the next.

        Locally nobody is hurt by a version that is replaced at once, no alarm could take it back,
        and neither the local cloud nor LocalStack shifts traffic.
        """
        return self.cloud == "aws"


class StageUnknown(ValueError):
    """The configuration has no such stage, or its parameters are wrong; says which."""


def load(name: str, configuration: Path) -> Stage:
    """Read a stage's parameters.

    Parameters
    ----------
    name
        The stage.
    configuration
        The file, in SAM's shape.

    Raises
    ------
    StageUnknown
        No such stage, or parameters that do not fit.
    """
    tables: dict[str, Any] = tomllib.loads(configuration.read_text())
    parameters = tables.get(name, {}).get("deploy", {}).get("parameters")
    if parameters is None:
        known = [key for key, table in tables.items() if _is_stage(table)]
        raise StageUnknown(
            f"{configuration.name} has no stage {name!r}; it has {', '.join(known)}. "
            f"Choose one with -c stage=NAME or add [{name}.deploy.parameters]."
        )
    try:
        return Stage(name=name, **parameters)
    except ValidationError as error:
        lines = "".join(f"\n  {line}" for line in _told(error))
        raise StageUnknown(f"[{name}.deploy.parameters] in {configuration.name}:{lines}") from error


_MISSING = {
    "secondary_region": (
        "name the region that takes over, in the same region set as region, e.g. us-west-2"
    ),
    "witness_region": (
        "name the third region of the ledger's region set, e.g. us-east-2; with it, two of three "
        "agree on what was written when one is lost"
    ),
}
"""What to do about parameters that are left out and must not be."""


def _told(error: ValidationError) -> Iterator[str]:
    """Yield a line for each thing that is wrong: the key, its value and what to do."""
    for found in error.errors():
        key = ".".join(map(str, found["loc"]))
        match found["type"]:
            case "missing":
                remedy = _MISSING.get(key, "bellpair_cdk/stage.py says what it means")
                yield f"{key} is missing: {remedy}"
            case "extra_forbidden":
                yield f"{key} is no parameter: correct its name or take it out"
            case "value_error":
                yield ": ".join(filter(None, (key, str(found["ctx"]["error"]))))
            case _:
                yield f"{key} = {found['input']!r}: {found['msg']}"


def _is_stage(table: object) -> bool:
    return isinstance(table, dict) and "parameters" in table.get("deploy", {})
