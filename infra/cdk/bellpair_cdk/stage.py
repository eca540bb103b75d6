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
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError, model_validator

from bellpair_cdk import regions
from toolchain.layers import HERE, ON_AWS

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
        Braket's name of it; left out for a device with a service of its own.
    region
        Where its tasks are made, one of the pair; left out for a simulator that each region
        has, and for a device with a service of its own, which each region can ask.
    max_in_flight
        How many of its tasks may be unfinished at once; left out for no limit.
    adapter
        What speaks to a service of its own: ``http``, or the name of another entry point of
        ``bellpair.devices`` in the core layer.
    url
        Where that service is: https, or on this machine with ``cloud = "local"`` http.
    credential
        The secret that it asks for, by name: ``secretsmanager:NAME`` or ``ssm:NAME``, which
        both regions of the pair must have.
    """

    arn: str | None = Field(default=None, pattern=r"^arn:aws[a-z-]*:braket:[a-z0-9-]*::device/.+$")
    region: str | None = None
    max_in_flight: int | None = Field(default=None, ge=1)
    adapter: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_-]*$")
    url: str | None = Field(default=None, pattern=r"^https?://[^\s@?#]+$")
    credential: str | None = Field(
        default=None, pattern=r"^(secretsmanager|ssm):[A-Za-z0-9/_+=.-]+$"
    )

    @model_validator(mode="after")
    def _has_one_service(self) -> Self:
        if (self.arn is None) == (self.adapter is None):
            raise ValueError(
                "a device has an arn, which is Braket's, or an adapter for a service of its own: "
                "give one of them"
            )
        if self.arn is not None and (self.url or self.credential):
            raise ValueError("url and credential are for a device with an adapter, not an arn")
        if self.adapter is not None and self.region is not None:
            raise ValueError("a device with a service of its own has no region: take it out")
        if self.adapter == "http" and self.url is None:
            raise ValueError("adapter = 'http' needs url, where the device's service is")
        return self


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


class Quality(_Parameters):
    """How QPUs are tried with circuits of the platform's own, which the operator pays for.

    Parameters
    ----------
    minutes
        Between two of one device, in minutes.
    shots
        Of each.
    max_usd_per_day
        What those of one device may cost in a day, US dollars; they come as seldom as that needs.
    """

    minutes: int = Field(default=60, ge=5, le=1440)
    shots: int = Field(default=100, ge=50, le=10_000)
    max_usd_per_day: float = Field(ge=0, le=10_000)


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
    def _fits_together(self) -> Self:
        if self.name != self.zone_name and not self.name.endswith(f".{self.zone_name}"):
            raise ValueError(f"domain {self.name} is outside of its zone {self.zone_name}")
        for region, arn in self.certificates.items():
            if not re.fullmatch(rf"arn:aws[a-z-]*:acm:{region}:\d{{12}}:certificate/.+", arn):
                raise ValueError(f"the certificate for {region} is not one of that region: {arn}")
        return self


class Rollout(_Parameters):
    """How a function's new version takes over from the one before. AWS only.

    Parameters
    ----------
    percent
        The part of the calls that the new version serves at first, in percent.
    minutes
        How long it does, before it serves all of them, in minutes. An alarm in that time gives
        every call back to the version before.
    heed_alarms
        Whether alarms that tell of the whole stage (stuck canaries, failed executions, faults of
        the API) take a new version back. They may ring already for what a release repairs; without
        them, a function's own two still do (its new version fails, its calls are turned away).
    """

    # With more than half, those whom a broken version hits are the rule.
    percent: int = Field(default=10, ge=1, le=50)
    # An alarm takes two minutes to ring: one of measuring, one to be looked at.
    minutes: int = Field(default=5, ge=3, le=120)
    heed_alarms: StrictBool = True


class Size(_Parameters):
    """A function's memory (MiB), time limit (s) and, where it matters, its concurrency."""

    memory: int = Field(default=512, ge=128, le=10240)
    timeout: int = Field(default=30, ge=1, le=900)
    concurrency: int | None = Field(default=None, ge=1)


WORKER_LAYERS = frozenset({"numeric", "quantum", "worker"})
"""The layers that a worker may be made of; each has ``worker``, or it could run nothing."""


QueueName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


class TriggerQueue(_Parameters):
    """A queue whose messages triggers may take.

    Parameters
    ----------
    tenants
        The tenants whose triggers may; left out, all.
    """

    tenants: tuple[str, ...] | None = None


class Worker(_Parameters):
    """A runtime that runs users' functions; they name it and get its libraries.

    Parameters
    ----------
    layers
        The layers that it is made of, ``worker`` among them.
    image
        An image in place of layers, as ECR names it, in the stage's account; ``{region}``
        stands for each region of the pair. It holds ``functions/worker`` and the package
        ``bellpair_worker``, and answers as Lambda's runtime does.
    memory, timeout
        What one run may use (MiB), and how long it lasts at most (s).
    concurrency
        Runs at once, of all tenants; left out, as many as the account has.
    run_seconds
        When a run is ended that has not come to its end, in seconds; left out, the timeout.
        A function that made calls meanwhile goes on in another run.
    preload
        Modules that are imported once for all runs.
    """

    layers: tuple[str, ...] = ()
    image: str | None = Field(
        default=None,
        pattern=r"^\d{12}\.dkr\.ecr\.\{region\}\.amazonaws\.com/[a-z0-9/._-]+[:@][\w.:-]+$",
    )
    memory: int = Field(default=2048, ge=512, le=10240)
    timeout: int = Field(default=900, ge=30, le=900)
    concurrency: int | None = Field(default=None, ge=1)
    run_seconds: float | None = Field(default=None, ge=10, le=900)
    preload: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _runs_functions(self) -> Self:
        if bool(self.layers) == bool(self.image):
            raise ValueError("a worker is made of layers or of an image: give one of them")
        unknown = set(self.layers) - WORKER_LAYERS
        if unknown:
            raise ValueError(
                f"no worker is made of {', '.join(sorted(unknown))}; "
                f"there are {', '.join(sorted(WORKER_LAYERS))}"
            )
        if self.layers and "worker" not in self.layers:
            raise ValueError("layers must have 'worker', which runs the functions")
        return self


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
    "failover": Size(memory=512, timeout=30),
    "adopt": Size(memory=512, timeout=60),
    # It watches for a minute and longer while it has a suspicion.
    "sentinel": Size(memory=256, timeout=90),
    # It compiles and launches up to a thousand programs of one call, and waits a little.
    "broker": Size(memory=2048, timeout=120),
    "resume": Size(memory=1024, timeout=120),
    "park": Size(memory=512, timeout=30),
    # It waits for workers that start.
    "registrar": Size(memory=256, timeout=300),
    "observe": Size(memory=256, timeout=60),
    "notify": Size(memory=256, timeout=30),
    "triggers": Size(memory=512, timeout=30),
}
"""Each function's size, where a stage says nothing else."""

BY_CANARY = frozenset(
    {
        *("api", "authorizer", "notify", "triggers"),
        *("dispatch", "transpile", "execute", "complete", "postprocess", "finish"),
        *("resume", "park", "broker"),
    }
)
"""Functions on the way of a request or a job: workers, and these.

A part of their calls tells whether a new version is sound. The others are called by the clock or
by a person, a few times in an hour, and the first call would be the canary's only one: they are
replaced at once, and what they do wrong is done right by their next call.
"""

ALIAS = "live"
"""By this a function is called that has versions."""

REFUSES_BY_FAILING = frozenset({"authorizer"})
"""Functions whose errors anybody can cause, with an unknown key; a true fault is an `ApiFaults`."""


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
    workers
        What runs users' functions, by the name that they choose it by.
    call_patience_s
        How long a function's process waits for a quantum call's tasks before it is suspended,
        in seconds; left out, as long as is worth it for the device.
    sentinel
        How the regions watch each other; what is left out is the cloud's in `SENTINELS`.
    quality
        How QPUs are tried; left out, they are not, and are observed by tenants' jobs alone.
    trigger_queues
        Queues whose messages triggers may take, by the name that tenants use.
    domain
        The API's own name; left out, it has the two that API Gateway gives.
    rollout
        How new versions of functions take over, see `has_rollout`.
    sizes
        Functions whose size is not `SIZES`'.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9]{1,11}$")
    cloud: Literal["aws", "local"]
    region: str
    secondary_region: str
    witness_region: str
    stack_name: str
    retain_data: StrictBool
    tracing: StrictBool
    log_retention_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365]
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    poll_seconds: int = Field(ge=1, le=3600)
    calibration_minutes: int = Field(default=5, ge=1, le=60)
    requests_per_second: int = Field(default=500, ge=1)
    burst: int = Field(default=1000, ge=1)
    alarm_email: str | None = None
    devices: dict[str, Device] = Field(min_length=1)
    workers: dict[str, Worker] = Field(min_length=1)
    trigger_queues: dict[QueueName, TriggerQueue] = Field(default_factory=dict)
    call_patience_s: float | None = Field(default=None, ge=0, le=20)
    sentinel: Sentinel
    quality: Quality | None = None
    domain: Domain | None = None
    rollout: Rollout = Rollout()
    sizes: dict[str, Size] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _sentinel_of_the_cloud(cls, given: Any) -> Any:
        table = given.get("sentinel", {})
        if not isinstance(table, dict):
            return given
        return {**given, "sentinel": {**SENTINELS.get(str(given.get("cloud")), {}), **table}}

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
            if device.adapter and not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name):
                raise ValueError(
                    f"device {name!r}: begin with a letter, then letters, digits and -, up to 40"
                )
            local = self.cloud == "local" and re.match(
                r"http://(127\.0\.0\.1|localhost)(:|/|$)", device.url or ""
            )
            if device.url and not device.url.startswith("https://") and not local:
                raise ValueError(
                    f"device {name} has the url {device.url}: give one that begins with https://"
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

    def active(self, named: str | None) -> str:
        """Return the region that counts as active: the one that is named, or the first.

        Raises
        ------
        StageUnknown
            The one that is named is not of the pair.
        """
        if named not in (None, *self.pair):
            raise StageUnknown(
                f"active = {named!r} is not of the pair of stage {self.name}; "
                f"name {' or '.join(self.pair)}"
            )
        return named or self.region

    def size(self, function: str) -> Size:
        """Return a function's size in this stage."""
        return self.sizes.get(function, SIZES[function])

    # What AWS has and the local cloud lacks, one property each.

    @property
    def python(self) -> str:
        """The Python of functions and layers: on AWS ours to choose, locally what runs there."""
        return ON_AWS if self.cloud == "aws" else HERE

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

    def rolls_out(self, function: str) -> bool:
        """Say whether a function's new version takes over bit by bit here.

        Parameters
        ----------
        function
            Its name without the stage's prefix.
        """
        return self.has_rollout and (function in BY_CANARY or function.startswith("worker-"))


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
        No such file or stage, or parameters that do not fit.
    """
    try:
        tables: dict[str, Any] = tomllib.loads(configuration.read_text(encoding="utf-8"))
    except OSError as error:
        raise StageUnknown(f"{configuration} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise StageUnknown(f"{configuration} is no TOML file: {error}") from error
    parameters = tables.get(name, {}).get("deploy", {}).get("parameters")
    if parameters is None:
        known = [key for key, table in tables.items() if _is_stage(table)]
        raise StageUnknown(
            f"{configuration.name} has no stage {name!r}; it has {', '.join(known) or 'none'}. "
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
