"""Try a trigger: what would it ask for, if this happened? Nothing is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, assert_never

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from bellpair_core.model.device import Device
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.tenant import Principal
from bellpair_core.model.trigger import (
    EventSource,
    Happening,
    InboxSource,
    QueueSource,
    ScheduleSource,
    Trigger,
)
from bellpair_core.ports import Clock, Functions, Inbox, Triggers
from bellpair_core.settings import Settings

from .check_firing import check_firing
from .fire_trigger import Firing, prepare
from .manage_triggers import own_trigger
from .read_happening import read_event, read_object, read_text, read_tick
from .schedules import schedule_of
from .trigger_matching import waits_for

_TIMES_SHOWN = 5


class TriedHappening(BaseModel):
    """What is to be tried; each description also tells what should be there."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, title="TriedHappening"
    )

    event: dict[str, JsonValue] | None = Field(
        None, description="for an event trigger: an event with source, detail-type and detail"
    )
    name: str | None = Field(
        None,
        min_length=1,
        max_length=1024,
        description="for an inbox trigger: the object's name, as it comes after inbox/<tenant>/",
    )
    text: str | None = Field(
        None, description="for an inbox or queue trigger: the object's or message's text"
    )


class Trial(NamedTuple):
    """What would come of it.

    Attributes
    ----------
    waits
        Whether the trigger waits for this at all.
    firing
        What it would ask for; ``None`` when it does not wait for it, or its template cannot be
        filled.
    problem
        Why there would be no job.
    times
        When a schedule is due next.
    """

    trigger: Trigger
    waits: bool
    firing: Firing | None = None
    problem: BellpairError | None = None
    times: tuple[datetime, ...] = ()


class _Given:
    """An inbox that has only the text that was given; ``None`` is no object."""

    def __init__(self, text: str | None) -> None:
        self._text = text

    def read(self, region: str, key: str, etag: str) -> bytes | None:
        return self._text.encode() if self._text is not None else None


def try_trigger(
    principal: Principal,
    name: str,
    tried: TriedHappening,
    *,
    triggers: Triggers,
    functions: Functions,
    devices: Callable[[], Sequence[Device]],
    clock: Clock,
    settings: Settings,
) -> Trial:
    """Say what a trigger would make of something; a paused one as if it were resumed.

    Raises
    ------
    BellpairError
        ``trigger-not-found``, or ``request-invalid`` when what is tried is not of its kind.
    """
    trigger = own_trigger(triggers, principal, name)
    happening = _happening(trigger, tried, clock(), settings)
    times = _times(trigger, clock())
    if happening is None or not waits_for(trigger, happening):
        return Trial(trigger, waits=False, times=times)
    inbox: Inbox = _Given(tried.text)
    firing: Firing | None = None
    try:
        firing = prepare(trigger, happening, inbox=inbox)
        check_firing(firing, functions=functions, devices=devices)
    except BellpairError as problem:
        return Trial(trigger, waits=True, firing=firing, problem=problem, times=times)
    return Trial(trigger, waits=True, firing=firing, times=times)


def _happening(
    trigger: Trigger, tried: TriedHappening, now: datetime, settings: Settings
) -> Happening | None:
    match trigger.source:
        case EventSource():
            event = _needed("event", tried.event)
            filled: dict[str, Any] = {
                "version": "0",
                "id": "trial",
                "source": "trial",
                "detail-type": "Trial",
                "account": "000000000000",
                "time": now.isoformat(),
                "region": settings.region,
                "resources": [],
                "detail": {},
                **event,
            }
            # Whoever tries it sees no event that would not be for this tenant.
            return read_event(filled, settings.model_copy(update={"inbox_buckets": {}}))
        case InboxSource():
            size = len(tried.text.encode()) if tried.text is not None else 0
            return read_object(
                trigger.tenant,
                _needed("name", tried.name),
                at=now,
                region=settings.region,
                more={"size": size, "etag": "trial"},
                mark="trial",
            )
        case QueueSource():
            text = _needed("text", tried.text)
            return read_text(trigger.source.queue, "trial", text, at=now, attributes={})
        case ScheduleSource():
            return read_tick(trigger.tenant, trigger.name, now)
        case _:
            assert_never(trigger.source)


def _needed(field: str, value: Any) -> Any:
    if value is None:
        raise BellpairError(
            ErrorCode.REQUEST_INVALID,
            f"#/{field}: it is missing; give {TriedHappening.model_fields[field].description}.",
            pointer=f"#/{field}",
            errors=[{"pointer": f"#/{field}", "detail": "it is missing"}],
        )
    return value


def _times(trigger: Trigger, now: datetime) -> tuple[datetime, ...]:
    if not isinstance(trigger.source, ScheduleSource):
        return ()
    schedule = schedule_of(trigger.source, trigger.armed_at)
    times: list[datetime] = []
    at = schedule.next(now)
    while at is not None and len(times) < _TIMES_SHOWN:
        times.append(at)
        at = schedule.next(at)
    return tuple(times)
