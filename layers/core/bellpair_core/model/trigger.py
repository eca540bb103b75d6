"""Triggers: what makes jobs by itself, from an object, an event, the clock or a queue."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

TRIGGER_PATTERN = re.compile(r"[a-z][a-z0-9-]{0,62}")

INBOX_FOLDER = "inbox"
"""Objects are heard of under ``inbox/<tenant>/`` of a region's inbox bucket."""

TRIGGER_TAG = "bellpair:trigger"
"""The tag of a job that a trigger made; its value is the trigger's name."""

DEPTH_TAG = "bellpair:depth"
"""The tag with the number of triggers that followed one from another up to a job."""


class SourceKind(StrEnum):
    """Where what happens comes from."""

    INBOX = "inbox"
    EVENT = "event"
    SCHEDULE = "schedule"
    QUEUE = "queue"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class InboxSource(_Part):
    """An object was put into the tenant's inbox.

    Attributes
    ----------
    prefix, suffix
        How the object's name begins and ends; the name is the key after ``inbox/<tenant>/``.
    """

    type: Literal["inbox"]
    prefix: str = Field("", max_length=512)
    suffix: str = Field("", max_length=512)


class EventSource(_Part):
    """An event on the stage's event bus fits a pattern in EventBridge's language."""

    type: Literal["event"]
    pattern: dict[str, JsonValue]


class ScheduleSource(_Part):
    """The clock, in UTC: either a rate (``"5 minutes"``) or a cron expression of six fields."""

    type: Literal["schedule"]
    rate: str | None = Field(None, max_length=64)
    cron: str | None = Field(None, max_length=256)


class QueueSource(_Part):
    """A message came to a queue that the stage declares."""

    type: Literal["queue"]
    queue: str = Field(min_length=1, max_length=64)


Source = Annotated[
    InboxSource | EventSource | ScheduleSource | QueueSource, Field(discriminator="type")
]


class CircuitTarget(_Part):
    """A program that becomes an ordinary job.

    Attributes
    ----------
    source
        The OpenQASM program, or the path at which it is found in what happened; when left out,
        the object's or the message's text.
    """

    device: str = Field(min_length=1, max_length=64)
    shots: int
    source: str | None = None


class Trigger(BaseModel):
    """A trigger as the catalogue keeps it.

    Attributes
    ----------
    function
        ``name``, ``name:alias`` or ``name:version`` of what is invoked; else ``circuit`` is given.
    inputs
        Template of the function's inputs: JSON whose texts may be paths into what happened.
    armed_at
        When it was made or resumed last: a schedule counts from then.
    revision
        Grows with each change.
    """

    model_config = ConfigDict(frozen=True)

    tenant: str
    name: str
    function: str | None = None
    circuit: CircuitTarget | None = None
    source: Source
    inputs: dict[str, JsonValue] = Field(default_factory=dict)
    device: str | None = None
    max_cost_usd: float | None = None
    paused: bool = False
    created_at: datetime
    created_by: str
    armed_at: datetime
    revision: int = 1

    @property
    def kind(self) -> SourceKind:
        """Where what it waits for comes from."""
        return SourceKind(self.source.type)

    def changed(self, **changes: Any) -> Self:
        """The trigger's next revision."""
        return self.model_copy(update={"revision": self.revision + 1, **changes})


class Happening(BaseModel):
    """Something that happened, in the one form in which triggers see it.

    Attributes
    ----------
    id
        The same each time that the same happening is told of, in whichever region.
    document
        What patterns and templates see.
    tenant
        Whose it is alone; ``None`` where every tenant's triggers may see it.
    bucket
        Of an object: the region whose inbox bucket has it.
    queue
        Of a message: the queue's name.
    depth
        How many triggers followed one from another before it.
    """

    model_config = ConfigDict(frozen=True)

    kind: SourceKind
    id: str
    at: datetime
    document: Mapping[str, JsonValue]
    tenant: str | None = None
    bucket: str | None = None
    queue: str | None = None
    depth: int = 0


class TriggerFailure(BaseModel):
    """Why a trigger made no job of a happening."""

    model_config = ConfigDict(frozen=True)

    code: str
    detail: str
    remedy: str


class DeadLetter(BaseModel):
    """A happening of which a trigger made no job, kept until somebody redrives it."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    trigger: str
    happening: Happening
    error: TriggerFailure
    at: datetime


def firing_key(trigger: Trigger, happening: Happening) -> str:
    """The idempotency key of the one job that a trigger makes of a happening."""
    return hashlib.sha256(f"{trigger.tenant}/{trigger.name}/{happening.id}".encode()).hexdigest()
