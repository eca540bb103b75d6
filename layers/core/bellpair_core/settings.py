"""A function's configuration, read once from its environment."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class DeviceSetting(BaseModel):
    """One device that the stage offers.

    ``region`` is ``None`` for a device that is served in every region, which is then used in
    the caller's own.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    arn: str
    region: str | None = None
    max_in_flight: int | None = None


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


class Settings(BaseModel):
    """What the stage's parameters give a function; each function has only what it needs.

    Attributes
    ----------
    api_endpoint
        Base URL of this region's API.
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
    devices: tuple[DeviceSetting, ...] = ()
    failover_machine: str = ""
    api_endpoint: str = ""
    sentinel: SentinelSetting = SentinelSetting()
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
            "failover_machine",
            "api_endpoint",
        ):
            if (text := environment.get(f"BELLPAIR_{field.upper()}")) is not None:
                values[field] = text
        for field, kind in (
            ("blob_buckets", dict[str, str]),
            ("result_buckets", dict[str, str]),
            ("dispatch_queue_urls", dict[str, str]),
            ("devices", tuple[DeviceSetting, ...]),
            ("sentinel", SentinelSetting),
        ):
            if f"BELLPAIR_{field.upper()}" in environment:
                values[field] = parsed(f"BELLPAIR_{field.upper()}", kind)
        if not values.get("api_endpoint") and (path := environment.get("BELLPAIR_API_PATH")):
            # An emulated cloud has its APIs under the endpoint of everything else.
            values["api_endpoint"] = environment["AWS_ENDPOINT_URL"] + path
        return cls.model_validate(values)
