"""The API's answers about functions as models, from which its schema is made."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bellpair_core.model.job import JobStatus

from .schemas import Job


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class VersionLinks(_Shown):
    """Paths below the endpoint."""

    self: str
    invocations: str


class VersionSummary(_Shown):
    """A version of a function in a listing."""

    name: str
    version: int
    digest: str = Field(description="SHA-256 of everything that makes the version what it is")
    entry: str = Field(description='"module:attribute" in the package')
    worker: str = Field(description="the runtime that runs it")
    device: str | None = Field(description="for quantum calls where nothing else is said")
    options: list[str]
    timeout_s: int = Field(description="seconds from acceptance within which it is to be finished")
    description: str
    package_bytes: int = Field(description="of the zip with its source")
    builtin: bool = Field(description="whether it comes with the platform")
    created_at: datetime
    created_by: str = Field(description="the id of the API key")
    deleted_at: datetime | None
    links: VersionLinks


class Version(VersionSummary):
    """A version of a function; it never changes."""

    inputs: dict[str, Any] = Field(description="a JSON schema")
    output: dict[str, Any] = Field(description="a JSON schema")


class DeployedVersion(Version):
    """The version that was deployed."""

    existed: bool = Field(description="whether the very same had been deployed before")


class VersionPage(_Shown):
    """One page of a function's versions, newest first."""

    versions: list[VersionSummary]
    next_page_token: str | None = Field(description="good for an hour")


class FunctionLinks(_Shown):
    """Paths below the endpoint."""

    self: str
    versions: str
    invocations: str


class Function(_Shown):
    """A function's names."""

    name: str
    latest: int = Field(description="the number given last; numbers are never given twice")
    builtin: bool = Field(description="whether it comes with the platform")
    aliases: dict[str, dict[str, int]] = Field(
        description="by alias, versions and their parts of the invocations in percent"
    )
    created_at: datetime
    changed_at: datetime
    deleted_at: datetime | None
    links: FunctionLinks


class SeenFunction(Function):
    """A function with its newest version."""

    description: str
    newest: Version | None = Field(description="null when each version was deleted")
    openapi: dict[str, Any] | None = Field(description="an OpenAPI document of the function's own")


class FunctionList(_Shown):
    """The tenant's functions, by name."""

    functions: list[Function]
    next_page_token: None


class FunctionResult(_Shown):
    """The outcome of a job that ran a function."""

    job_id: str
    status: Literal["succeeded"]
    output: Any = Field(description="what the function returned")
    timings: dict[str, float] = Field(description="seconds in each state")


class InvokedJob(Job):
    """The job of an invocation; with its result where that was waited for and is there."""

    result: FunctionResult | None = None


class Logs(_Shown):
    """A piece of what a function printed."""

    job_id: str
    text: str
    next: int = Field(description="what to ask after for the next piece")
    more: bool = Field(description="whether there is more already")
    dropped: int = Field(description="characters printed up to here that are not kept")


class HappenedEvent(_Shown):
    """What happened to a job, or progress that its function told of."""

    at: datetime
    type: str = Field(description='the status that was entered, "progress", or what else happened')
    message: str
    region: str
    epoch: int
    fraction: float | None = Field(None, description="of progress: how far it is, 0 to 1")


class Happened(_Shown):
    """A piece of what happened to a job."""

    job_id: str
    status: JobStatus
    events: list[HappenedEvent]
    next: int = Field(description="what to ask after for the next piece")
    more: bool = Field(description="whether there is more already")


class Worker(_Shown):
    """A runtime that runs functions."""

    name: str
    python: str
    packages: dict[str, str] = Field(description="importable distributions and their versions")
    memory_mb: int
    seconds: int = Field(description="what one run may take; a function may have many")
    seen_at: datetime = Field(description="when it described itself")


class WorkerList(_Shown):
    """The workers."""

    workers: list[Worker]


class Callback(_Shown):
    """A URL that may be told of a job's end."""

    id: str
    url: str
    created_at: datetime


class RegisteredCallback(Callback):
    """A callback just registered."""

    secret: str = Field(description="signs each call; shown this once and never again")


class CallbackList(_Shown):
    """The tenant's callbacks."""

    callbacks: list[Callback]


class DeletedCallback(_Shown):
    """A callback that was deleted."""

    id: str
    deleted: Literal[True]


class Spending(_Shown):
    """What a tenant's functions spent or reserved on devices in a month."""

    tenant: str
    month: str = Field(description='"2026-11", in UTC')
    spent_usd: float | None = Field(
        description="counted while the tenant has a cap, from when it was set; null without"
    )
    max_usd_per_month: float | None
