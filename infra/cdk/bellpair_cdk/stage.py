"""A stage's parameters: all that differs between one deployment and another.

They come from ``samplesconfig.toml``, table ``[<stage>.deploy.parameters]``. What
AWS and the local cloud do differently follows from ``cloud`` and is listed in
`Stage`'s properties, nowhere else.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

CONFIGURATION = "samplesconfig.toml"

Region = Literal["us-east-1", "us-west-2", "us-east-2"]
"""The region set in which DynamoDB keeps a table strongly consistent across regions."""


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


class Size(_Parameters):
    """A function's memory (MiB), time limit (s) and, where it matters, its concurrency."""

    memory: int = Field(default=512, ge=128, le=10240)
    timeout: int = Field(default=30, ge=1, le=900)
    concurrency: int | None = Field(default=None, ge=1)


SIZES: dict[str, Size] = {
    # API Gateway gives up after 29 s, so nothing on its path may take longer.
    "api": Size(memory=1024, timeout=28),
    "authorizer": Size(memory=512, timeout=10),
    # Each pass takes a batch of every queue that was named; how many run at once is the
    # event source's matter, see `Dispatching`.
    "dispatch": Size(memory=512, timeout=60),
    "transpile": Size(memory=3008, timeout=300),
    "execute": Size(memory=512, timeout=60),
    "complete": Size(memory=512, timeout=30),
    "postprocess": Size(memory=1024, timeout=120),
    "finish": Size(memory=512, timeout=30),
    "sweep": Size(memory=512, timeout=60),
    "calibration": Size(memory=1024, timeout=300),
    "tenants": Size(memory=512, timeout=30),
}
"""Each function's size, where a stage says nothing else."""


class Stage(_Parameters):
    """Everything that a deployment may choose.

    Parameters
    ----------
    name
        ``local``, ``dev``, ``prod``; part of every resource's name.
    cloud
        ``aws``, or ``local`` for the emulated cloud on one machine.
    region, secondary_region, witness_region
        The first active region, its pair, and the ledger's witness.
    stack_name
        What SAM would call the stack; the stacks' names begin with it.
    retain_data
        Keep tables and buckets when a stack is deleted, and guard them.
    tracing
        Record X-Ray traces.
    log_retention_days
        How long logs are kept, in days; one of CloudWatch's steps.
    log_level
        What functions log from.
    poll_seconds
        How long a running job waits for its task's event before it asks the
        device service, in seconds; at least `POLL_SECONDS_MIN`.
    calibration_minutes
        How often devices are asked for their state, in minutes.
    requests_per_second, burst
        What the API takes before it answers 429.
    alarm_email
        Who hears of alarms; left out, the topic has no subscriber.
    devices
        The devices on offer, by the name that tenants use.
    sizes
        Functions whose size is not `SIZES`'.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9]{1,11}$")
    cloud: Literal["aws", "local"]
    region: Region
    secondary_region: Region
    witness_region: Region
    stack_name: str
    retain_data: bool
    tracing: bool
    log_retention_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365]
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    poll_seconds: int = Field(ge=1, le=3600)
    calibration_minutes: int = Field(default=5, ge=1, le=60)
    requests_per_second: int = Field(default=500, ge=1)
    burst: int = Field(default=1000, ge=1)
    alarm_email: str | None = None
    devices: dict[str, Device] = Field(min_length=1)
    sizes: dict[str, Size] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len({self.region, self.secondary_region, self.witness_region}) != 3:
            raise ValueError("region, secondary_region and witness_region must be three regions")
        unknown = self.sizes.keys() - SIZES.keys()
        if unknown:
            raise ValueError(f"sizes names no function: {', '.join(sorted(unknown))}")
        for name, device in self.devices.items():
            if device.region not in (None, *self.pair):
                raise ValueError(f"device {name} is in {device.region}, outside the pair")
        if self.poll_seconds < POLL_SECONDS_MIN[self.cloud]:
            raise ValueError(
                f"poll_seconds must be {POLL_SECONDS_MIN[self.cloud]} or more with "
                f"cloud = {self.cloud!r}: a job that polls more often until its deadline "
                "would overrun the 25,000 events that an execution may have"
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
    def has_bootstrap(self) -> bool:
        """CDK's bootstrap stack (roles and a version parameter) is there."""
        return self.cloud == "aws"

    @property
    def has_operations(self) -> bool:
        """Alarms notify people, and events cross regions; locally, the edge and tests do."""
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
        raise StageUnknown(
            f"[{name}.deploy.parameters] in {configuration.name}: {error}"
        ) from error


def _is_stage(table: object) -> bool:
    return isinstance(table, dict) and "parameters" in table.get("deploy", {})
