"""From a message of a queue to what happened."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import JsonValue

from bellpair_core.model.announcement import EVENT_SOURCE
from bellpair_core.model.trigger import INBOX_FOLDER, Happening, SourceKind
from bellpair_core.ports import TriggerRef
from bellpair_core.settings import Settings

from .job_ends import depth_of
from .strangers_json import read_json

_OBJECT_CREATED = ("aws.s3", "Object Created")


class Heard(NamedTuple):
    """What a message tells.

    Attributes
    ----------
    only
        The one trigger that it is for; ``None`` for all.
    tries
        How often the message was delivered, this time included.
    """

    happening: Happening
    only: TriggerRef | None
    tries: int


class Ended(NamedTuple):
    """Word of a job's end.

    Attributes
    ----------
    looks
        How often the word was delivered, this time included.
    """

    job_id: str
    looks: int


def read_record(record: Mapping[str, Any], settings: Settings) -> Heard | Ended | None:
    """What a record of Lambda's SQS event tells; ``None`` for what no trigger may hear.

    Raises
    ------
    ValueError
        If the message is none of those that come to the queues of triggers.
    """
    queue = str(record["eventSourceARN"]).rsplit(":", 1)[-1]
    tries = int(record["attributes"]["ApproximateReceiveCount"])
    if name := _declared(queue, settings):
        return Heard(_message(record, name), None, tries)
    body = read_json(record["body"])
    if not isinstance(body, dict):
        raise ValueError(f"a message of {queue} is no JSON object")
    if "ended" in body:
        return Ended(str(body["ended"]), tries)
    if "happening" in body:
        only = TriggerRef(*body["only"]) if body.get("only") else None
        return Heard(Happening.model_validate(body["happening"]), only, tries)
    if body.get("source") == EVENT_SOURCE:
        # Whoever may put events on the bus could say so; the platform's own word comes otherwise.
        return None
    happening = read_event(body, settings)
    return Heard(happening, None, tries) if happening is not None else None


def read_event(event: Mapping[str, Any], settings: Settings) -> Happening | None:
    """What an EventBridge event tells: an object in an inbox, or an event of the stage's bus."""
    detail = event.get("detail")
    detail = detail if isinstance(detail, dict) else {}
    if (event.get("source"), event.get("detail-type")) == _OBJECT_CREATED:
        bucket = str((detail.get("bucket") or {}).get("name", ""))
        for region, own in settings.inbox_buckets.items():
            if own == bucket:
                return _object(event, detail, region)
    tenant = detail.get("tenant")
    platforms = event.get("source") == EVENT_SOURCE
    if platforms and not isinstance(tenant, str):
        return None
    return Happening(
        kind=SourceKind.EVENT,
        id=f"event/{event['id']}",
        at=datetime.fromisoformat(str(event["time"])),
        document=dict(event),
        tenant=tenant if isinstance(tenant, str) else None,
        depth=depth_of(detail.get("tags")) if platforms else 0,
    )


def read_object(
    tenant: str, name: str, *, at: datetime, region: str, more: Mapping[str, JsonValue], mark: str
) -> Happening:
    """What an object under a tenant's folder of the inbox tells.

    Parameters
    ----------
    name
        The key after ``inbox/<tenant>/``.
    more
        Further members of the document's ``object``.
    mark
        What tells this writing of the object from every other.
    """
    key = f"{INBOX_FOLDER}/{tenant}/{name}"
    found: dict[str, JsonValue] = {"key": key, "name": name, **more}
    return Happening(
        kind=SourceKind.INBOX,
        id=f"object/{region}/{key}/{mark}",
        at=at,
        document={"time": _text(at), "object": found},
        tenant=tenant,
        bucket=region,
    )


def read_tick(tenant: str, trigger: str, at: datetime) -> Happening:
    """What the clock tells a schedule."""
    return Happening(
        kind=SourceKind.SCHEDULE,
        id=f"schedule/{_text(at)}",
        at=at,
        document={"time": _text(at), "trigger": trigger},
        tenant=tenant,
    )


def read_text(
    queue: str, message_id: str, text: str, *, at: datetime, attributes: Mapping[str, JsonValue]
) -> Happening:
    """What a message of a declared queue tells."""
    message: dict[str, JsonValue] = {
        "id": message_id,
        "text": text,
        "attributes": dict(attributes),
    }
    with suppress(ValueError):  # a template that asks for it will say that it is missing
        message["json"] = read_json(text)
    return Happening(
        kind=SourceKind.QUEUE,
        id=f"message/{queue}/{message_id}",
        at=at,
        document={"time": _text(at), "message": message},
        queue=queue,
    )


def _object(event: Mapping[str, Any], detail: Mapping[str, Any], region: str) -> Happening | None:
    found = detail["object"]
    folder, _, rest = str(found["key"]).partition("/")
    tenant, slash, name = rest.partition("/")
    if folder != INBOX_FOLDER or not slash or not name or name.endswith("/"):
        return None
    # A storage service tells of one writing with one sequencer, however often it tells of it.
    mark = found.get("version-id") or found.get("sequencer") or event["id"]
    return read_object(
        tenant,
        name,
        at=datetime.fromisoformat(str(event["time"])),
        region=region,
        more={"size": int(found.get("size", 0)), "etag": str(found.get("etag", ""))},
        mark=str(mark),
    )


def _declared(queue: str, settings: Settings) -> str | None:
    prefix = f"bellpair-{settings.stage}-queue-"
    name = queue.removeprefix(prefix)
    return name if queue.startswith(prefix) and name in settings.trigger_queues else None


def _message(record: Mapping[str, Any], queue: str) -> Happening:
    sent = int(record["attributes"].get("SentTimestamp", 0)) / 1000
    attributes = {
        name: value.get("stringValue")
        for name, value in (record.get("messageAttributes") or {}).items()
    }
    return read_text(
        queue,
        record["messageId"],
        record["body"],
        at=datetime.fromtimestamp(sent, UTC),
        attributes=attributes,
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
