"""Does a trigger wait for what happened, and could its own jobs' ends be what it waits for?"""

from __future__ import annotations

from typing import Any, assert_never

from bellpair_core.logic.functions.function_target import read_target
from bellpair_core.model.announcement import EVENT_SOURCE, JOB_ENDED
from bellpair_core.model.job import JobStatus
from bellpair_core.model.trigger import (
    DEPTH_TAG,
    TRIGGER_TAG,
    EventSource,
    Happening,
    InboxSource,
    QueueSource,
    ScheduleSource,
    SourceKind,
    Trigger,
)

from .event_patterns import ANYTHING, fits


def waits_for(trigger: Trigger, happening: Happening) -> bool:
    """Whether the trigger is to hear of this; whether it is paused is another matter."""
    if happening.tenant is not None and happening.tenant != trigger.tenant:
        return False
    source = trigger.source
    match source:
        case InboxSource():
            if happening.kind is not SourceKind.INBOX:
                return False
            name = str(dict(happening.document["object"])["name"])  # type: ignore[arg-type]
            return name.startswith(source.prefix) and name.endswith(source.suffix)
        case EventSource():
            return happening.kind is SourceKind.EVENT and fits(source.pattern, happening.document)
        case QueueSource():
            return happening.kind is SourceKind.QUEUE and happening.queue == source.queue
        case ScheduleSource():
            return happening.kind is SourceKind.SCHEDULE
        case _:
            assert_never(source)


def hears_itself(trigger: Trigger) -> bool:
    """Whether the end of a job that the trigger made may fire it again."""
    if not isinstance(trigger.source, EventSource):
        return False
    return any(
        fits(trigger.source.pattern, _end_of_own_job(trigger, status))
        for status in JobStatus
        if status.terminal
    )


def _end_of_own_job(trigger: Trigger, status: JobStatus) -> dict[str, Any]:
    """The event as far as it is known before there is a job."""
    function: dict[str, Any] | None = None
    if trigger.function is not None:
        target = read_target(trigger.function)
        version = ANYTHING if target.version is None else target.version
        function = {"name": target.name, "version": version, "alias": target.alias}
    return {
        "version": "0",
        "id": ANYTHING,
        "source": EVENT_SOURCE,
        "detail-type": JOB_ENDED,
        "account": ANYTHING,
        "region": ANYTHING,
        "time": ANYTHING,
        "resources": [],
        "detail": {
            "tenant": trigger.tenant,
            "job_id": ANYTHING,
            "name": trigger.name,
            "status": status.value,
            "device": ANYTHING,
            "function": function,
            "trigger": trigger.name,
            "tags": {TRIGGER_TAG: trigger.name, DEPTH_TAG: ANYTHING},
            "error": ANYTHING if status is JobStatus.FAILED else None,
        },
    }
