"""Make the one job that a trigger makes of what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from pydantic import JsonValue

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.limits import (
    FUNCTION_INPUT_BYTES_MAX,
    SOURCE_BYTES_MAX,
    TRIGGER_DEPTH_MAX,
)
from bellpair_core.model.trigger import (
    DEPTH_TAG,
    TRIGGER_TAG,
    CircuitTarget,
    Happening,
    SourceKind,
    Trigger,
    firing_key,
)
from bellpair_core.ports import Inbox

from .input_templates import PathMissing, filled, filled_bytes, paths_of
from .strangers_json import read_json

DEFAULT_SOURCES: Mapping[SourceKind, str] = {
    SourceKind.INBOX: "$.object.text",
    SourceKind.QUEUE: "$.message.text",
}
"""Where a circuit's program is when its trigger does not say."""


class Firing(NamedTuple):
    """What a trigger asks for.

    Attributes
    ----------
    key
        The idempotency key: the same each time that the same happening is heard.
    inputs
        Of the function, or ``{"source": program}`` of a circuit.
    tags
        Of the job; they carry the depth of the chain of triggers.
    """

    trigger: Trigger
    key: str
    inputs: dict[str, JsonValue]
    tags: dict[str, str]


class Made(NamedTuple):
    """The job, and whether an earlier delivery had made it."""

    job_id: str
    replayed: bool


class Targets(Protocol):
    """Takes what triggers ask for as a client's request would be taken."""

    def invoke(self, firing: Firing) -> Made:
        """Invoke the trigger's function."""
        ...

    def submit(self, firing: Firing) -> Made:
        """Submit the trigger's circuit."""
        ...


def fire(trigger: Trigger, happening: Happening, *, targets: Targets, inbox: Inbox) -> Made:
    """Make the job; a repetition meets the job that is there.

    Raises
    ------
    BellpairError
        With why there is no job.
    TransientFault
        When something is out of reach; a repetition is harmless.
    """
    firing = prepare(trigger, happening, inbox=inbox)
    try:
        return targets.submit(firing) if trigger.circuit is not None else targets.invoke(firing)
    except BellpairError as refusal:
        made_before = refusal.members.get("job_id")
        if refusal.code is ErrorCode.IDEMPOTENCY_CONFLICT and isinstance(made_before, str):
            # The trigger's words, or what an alias stands for, have changed since the first time.
            return Made(made_before, replayed=True)
        raise


def prepare(trigger: Trigger, happening: Happening, *, inbox: Inbox) -> Firing:
    """What the trigger asks for, without asking for it.

    Raises
    ------
    BellpairError
        ``trigger-failed``, when the chain is too long, the object is gone or what its template
        names is not there.
    TransientFault
        When the object is out of reach.
    """
    depth = happening.depth + 1
    if depth > TRIGGER_DEPTH_MAX:
        raise _failed(
            f"This would be trigger number {depth} of a chain, each fired by the end of the job"
            f" before; a chain of more than {TRIGGER_DEPTH_MAX} is taken for a circle.",
            "Narrow the pattern, so that the trigger does not hear of jobs that triggers made.",
        )
    template: dict[str, Any] = dict(trigger.inputs)
    if trigger.circuit is not None:
        template = {"source": program_source(trigger.circuit, trigger.kind)}
    document = _with_content(trigger, happening, template, inbox)
    limit = SOURCE_BYTES_MAX if trigger.circuit is not None else FUNCTION_INPUT_BYTES_MAX
    try:
        if (size := filled_bytes(template, document)) > _ESCAPED * limit:
            raise _failed(
                f"The template filled with what happened has {size} bytes; the limit of its values"
                f" is {limit}.",
                "Take less of it, and no value many times.",
            )
        inputs = filled(template, document)
    except PathMissing as missing:
        raise _failed(f"The input template does not fit: {missing}.", _TEMPLATE) from None
    if trigger.circuit is not None and not (isinstance(inputs["source"], str) and inputs["source"]):
        raise _failed("The program of the circuit is no text, or an empty one.", _TEMPLATE)
    return Firing(
        trigger=trigger,
        key=firing_key(trigger, happening),
        inputs=inputs,
        tags={TRIGGER_TAG: trigger.name, DEPTH_TAG: str(depth)},
    )


def program_source(circuit: CircuitTarget, kind: SourceKind) -> str:
    """The template of a circuit's program."""
    return circuit.source if circuit.source is not None else DEFAULT_SOURCES[kind]


_ESCAPED = 6
"""A character of one byte may have so many in JSON; what the target takes it decides itself."""

_TEMPLATE = "`bellpair triggers test` shows what a template gives; make the trigger anew."


def _with_content(
    trigger: Trigger, happening: Happening, template: Any, inbox: Inbox
) -> Mapping[str, Any]:
    """What happened, with the object's content where the template asks for it."""
    document = happening.document
    wanted = {path[1] for path in paths_of(template) if path[:1] == ("object",) and len(path) > 1}
    if happening.kind is not SourceKind.INBOX or not wanted & {"text", "json"}:
        return document
    found = document["object"]
    assert isinstance(found, dict)
    if "text" in found:
        return document
    limit = SOURCE_BYTES_MAX if trigger.circuit is not None else FUNCTION_INPUT_BYTES_MAX
    size = found.get("size")
    if isinstance(size, int) and size > limit:
        raise _too_large(size, limit)
    assert happening.bucket is not None
    content = inbox.read(happening.bucket, str(found["key"]), str(found.get("etag", "")))
    if content is None:
        raise _failed(
            f"The object {found['name']} was removed or overwritten before it was read.",
            "Put it into the inbox again, under another name.",
        )
    if len(content) > limit:
        raise _too_large(len(content), limit)
    return {**document, "object": {**found, **_read(content, str(found["name"]), wanted)}}


def _read(content: bytes, name: str, wanted: set[str | int]) -> dict[str, Any]:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise _failed(f"The object {name} is not a text in UTF-8.", _CONTENT) from None
    if "json" not in wanted:
        return {"text": text}
    try:
        return {"text": text, "json": read_json(text)}
    except ValueError:
        raise _failed(f"The object {name} is not JSON.", _CONTENT) from None


_CONTENT = "Put a file that the trigger can read into the inbox, or narrow its prefix or suffix."


def _too_large(size: int, limit: int) -> BellpairError:
    return _failed(
        f"The object has {size} bytes; the limit is {limit}.",
        "Make it smaller, or pass its name to the function instead of its content.",
    )


def _failed(detail: str, remedy: str) -> BellpairError:
    return BellpairError(ErrorCode.TRIGGER_FAILED, detail, remedy=remedy)
