"""A function's configuration, read once from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from .model.device_names import device_name_of

BRAKET = "braket"
"""The adapter of a device whose setting names none."""


class DeviceSetting(BaseModel):
    """One device that the stage offers.

    Attributes
    ----------
    arn
        Its ARN; for a device that has none, what `device_name_of` puts in its place.
    region
        ``None`` for a device that is served in every region, which is then used in the caller's
        own.
    adapter
        What speaks to its service: the name of an entry point of ``bellpair.devices``.
    url
        Where its service is, for an adapter that needs to be told.
    credential
        Names the secret that its service asks for, such as ``"secretsmanager:kite-5"``; never
        the secret itself.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    arn: str
    region: str | None = None
    max_in_flight: int | None = None
    adapter: str = BRAKET
    url: str | None = None
    credential: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        other = isinstance(given, dict) and given.get("adapter", BRAKET) != BRAKET
        if other and "arn" not in given and "name" in given:
            return {**given, "arn": device_name_of(str(given["name"]))}
        return given


class SentinelSetting(BaseModel):
    """How a region watches its peer; all times in seconds.

    Attributes
    ----------
    interval_s
        Between two probes.
    confirm_n, confirm_m
        The peer counts as lost when ``confirm_n`` of the last ``confirm_m`` probes say so.
    cool_down_s
        After a promotion, for how long none follows by itself.
    canary_s
        Between two canary jobs.
    canary_limit_s
        How long a canary job may take.
    watch_s
        How long one invocation watches; a schedule starts the next.
    """

    model_config = ConfigDict(frozen=True)

    interval_s: float = 5.0
    confirm_n: int = 3
    confirm_m: int = 4
    cool_down_s: float = 600.0
    canary_s: float = 900.0
    canary_limit_s: float = 600.0
    watch_s: float = 62.0


class TriggerQueueSetting(BaseModel):
    """A queue whose messages triggers may take.

    ``tenants`` names the tenants whose triggers may; ``None`` is all.
    """

    model_config = ConfigDict(frozen=True)

    tenants: tuple[str, ...] | None = None

    def is_for(self, tenant: str) -> bool:
        """Whether the tenant's triggers may take its messages."""
        return self.tenants is None or tenant in self.tenants


class QualitySetting(BaseModel):
    """How QPUs are tried with circuits of the platform's own, which the operator pays for.

    Attributes
    ----------
    minutes
        Between two of one device; 0 tries none.
    shots
        Of each.
    max_usd_per_day
        What those of one device may cost in a day, US dollars.
    """

    model_config = ConfigDict(frozen=True)

    minutes: int = 0
    shots: int = 100
    max_usd_per_day: float = 0.0

    @property
    def on(self) -> bool:
        """Whether QPUs are tried at all."""
        return self.minutes > 0


class Settings(BaseModel):
    """What the stage's parameters give a function; each function has only what it needs.

    Attributes
    ----------
    workers
        Lambda function's name by the name of the worker that it is.
    broker
        Lambda function's name of what serves running functions.
    calibration
        Lambda function's name, in either region, of what brings devices in.
    call_patience_s
        How long the broker waits for a simulator's result before the function is suspended.
    callback_queue_urls
        By region, where word to callbacks waits.
    api_endpoint
        Base URL of this region's API.
    api_authorizes
        Whether the API finds out itself who is calling, as its gateway has no authorizers.
    inbox_buckets
        Where tenants drop objects, by region.
    trigger_queue_urls, dead_letter_queue_urls
        The queues of what triggers are to hear and of what came to nothing, by region.
    trigger_queues
        The declared queues whose messages triggers may take, by name.
    event_bus
        The event bus that triggers listen to and jobs' ends are told on.
    """

    model_config = ConfigDict(frozen=True)

    stage: str
    region: str
    primary_region: str
    secondary_region: str
    ledger_table: str = ""
    catalogue_table: str = ""
    blob_buckets: dict[str, str] = Field(default_factory=dict)
    result_buckets: dict[str, str] = Field(default_factory=dict)
    dispatch_queue_urls: dict[str, str] = Field(default_factory=dict)
    job_state_machine_arn: str = ""
    hybrid_state_machine_arn: str = ""
    workers: dict[str, str] = Field(default_factory=dict)
    broker: str = ""
    calibration: str = ""
    call_patience_s: float = 5.0
    callback_queue_urls: dict[str, str] = Field(default_factory=dict)
    devices: tuple[DeviceSetting, ...] = ()
    failover_machine: str = ""
    api_endpoint: str = ""
    api_authorizes: bool = False
    sentinel: SentinelSetting = SentinelSetting()
    quality: QualitySetting = QualitySetting()
    inbox_buckets: dict[str, str] = Field(default_factory=dict)
    trigger_queue_urls: dict[str, str] = Field(default_factory=dict)
    dead_letter_queue_urls: dict[str, str] = Field(default_factory=dict)
    trigger_queues: dict[str, TriggerQueueSetting] = Field(default_factory=dict)
    event_bus: str = ""
    memory_mb: int = 1024

    @property
    def peer_region(self) -> str:
        """The other region of the pair."""
        return self.secondary_region if self.region == self.primary_region else self.primary_region

    def device(self, name: str) -> DeviceSetting | None:
        """The device of this name, if the stage offers it."""
        return next((device for device in self.devices if device.name == name), None)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Settings from Lambda's environment variables.

        Raises
        ------
        pydantic.ValidationError
            Naming the variable that is missing or malformed.
        """

        def parsed(name: str, kind: type | object) -> object:
            return TypeAdapter(kind).validate_json(environment[name])

        values: dict[str, object] = {
            "region": environment["AWS_REGION"],
            "memory_mb": environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
        }
        for field in (
            "stage",
            "primary_region",
            "secondary_region",
            "ledger_table",
            "catalogue_table",
            "job_state_machine_arn",
            "hybrid_state_machine_arn",
            "broker",
            "calibration",
            "call_patience_s",
            "failover_machine",
            "api_endpoint",
            "api_authorizes",
            "event_bus",
        ):
            if (text := environment.get(f"BELLPAIR_{field.upper()}")) is not None:
                values[field] = text
        for field, kind in (
            ("blob_buckets", dict[str, str]),
            ("result_buckets", dict[str, str]),
            ("dispatch_queue_urls", dict[str, str]),
            ("workers", dict[str, str]),
            ("callback_queue_urls", dict[str, str]),
            ("devices", tuple[DeviceSetting, ...]),
            ("sentinel", SentinelSetting),
            ("quality", QualitySetting),
            ("inbox_buckets", dict[str, str]),
            ("trigger_queue_urls", dict[str, str]),
            ("dead_letter_queue_urls", dict[str, str]),
            ("trigger_queues", dict[str, TriggerQueueSetting]),
        ):
            if f"BELLPAIR_{field.upper()}" in environment:
                values[field] = parsed(f"BELLPAIR_{field.upper()}", kind)
        if not values.get("api_endpoint") and (path := environment.get("BELLPAIR_API_PATH")):
            # An emulated cloud has its APIs under the endpoint of everything else.
            values["api_endpoint"] = environment["AWS_ENDPOINT_URL"] + path
        return cls.model_validate(values)
