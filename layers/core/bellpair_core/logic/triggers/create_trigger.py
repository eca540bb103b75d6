"""Make a trigger, once everything that can be known of it is known to be right."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from bellpair_core.logic.devices.asked_device import require_device
from bellpair_core.model.device import Device
from bellpair_core.model.errors import BellpairError, ErrorCode, LedgerConflict
from bellpair_core.model.function import FunctionVersion
from bellpair_core.model.limits import (
    SHOTS_MAX,
    SHOTS_MIN,
    TRIGGER_DEPTH_MAX,
    TRIGGER_TEMPLATE_BYTES_MAX,
    TRIGGERS_MAX,
)
from bellpair_core.model.tenant import Principal
from bellpair_core.model.trigger import (
    DEPTH_TAG,
    TRIGGER_PATTERN,
    CircuitTarget,
    EventSource,
    QueueSource,
    ScheduleSource,
    Source,
    SourceKind,
    Trigger,
)
from bellpair_core.ports import Clock, Functions, Triggers
from bellpair_core.settings import TriggerQueueSetting

from .event_patterns import check_pattern
from .fire_trigger import DEFAULT_SOURCES, program_source
from .fitting_inputs import invoked_versions, require_fitting
from .input_templates import Path, TemplateInvalid, paths_of, shown
from .schedules import schedule_of
from .trigger_matching import hears_itself


class NewTrigger(BaseModel):
    """What a client asks for; each description also tells what should be there."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, title="NewTrigger"
    )

    name: str = Field(
        pattern=f"^{TRIGGER_PATTERN.pattern}$",
        description="a name of lower-case letters, digits and hyphens, at most 63",
    )
    source: Source = Field(
        description='what it waits for: {"type": "inbox", "prefix"?, "suffix"?},'
        ' {"type": "event", "pattern"}, {"type": "schedule", "rate" or "cron"}'
        ' or {"type": "queue", "queue"}'
    )
    function: str | None = Field(
        None,
        max_length=128,
        description="the function to invoke: its name, name:alias or name:version",
    )
    inputs: dict[str, JsonValue] = Field(
        default_factory=dict,
        description="a JSON object with the function's inputs; a text such as $.detail.shots gives"
        " what is there in what happened",
    )
    circuit: CircuitTarget | None = Field(
        None,
        description='instead of a function {"device", "shots", "source"?}: the program to run,'
        " by itself the object's or message's text",
    )
    device: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        description='for a function: the name of a device as in GET /v1/devices, "any", "any-qpu"',
    )
    max_cost_usd: float | None = Field(
        None,
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
        description="for a function: the cost cap of each of its jobs, US dollars",
    )
    paused: bool = Field(False, description="true or false: whether it fires nothing at first")


class CreatedTrigger(NamedTuple):
    """The trigger, and whether it was there already."""

    trigger: Trigger
    replayed: bool


def create_trigger(
    principal: Principal,
    asked: NewTrigger,
    *,
    triggers: Triggers,
    functions: Functions,
    devices: Callable[[], Sequence[Device]],
    queues: Mapping[str, TriggerQueueSetting],
    clock: Clock,
) -> CreatedTrigger:
    """Make a trigger; asking for the same again gives the one that is there.

    Parameters
    ----------
    devices
        The devices, a little old at most.
    queues
        The queues that the stage declares.

    Raises
    ------
    BellpairError
        ``trigger-invalid`` with the place, ``function-not-found``, ``device-unknown``,
        ``trigger-exists`` or ``limit-reached``.
    """
    now = clock()
    trigger = Trigger(
        tenant=principal.tenant,
        name=asked.name,
        function=asked.function,
        circuit=asked.circuit,
        source=asked.source,
        inputs=asked.inputs,
        device=asked.device,
        max_cost_usd=asked.max_cost_usd,
        paused=asked.paused,
        created_at=now,
        created_by=principal.key_id,
        armed_at=now,
    )
    versions = _checked_target(trigger, functions, devices)
    _check_source(trigger, queues)
    _check_template(trigger)
    require_fitting(trigger, versions)
    if hears_itself(trigger):
        raise _refused(
            "#/source/pattern",
            "the pattern fits the end of the jobs that this trigger makes, so it would fire itself"
            f" again and again, until {TRIGGER_DEPTH_MAX} follow one from another",
            remedy="Narrow the pattern: name another function in detail.function.name, or leave"
            f' out what triggers made with "tags": {{"{DEPTH_TAG}": [{{"exists": false}}]}}.',
        )
    there = triggers.of_tenant(principal.tenant)
    same = next((each for each in there if each.name == trigger.name), None)
    if same is not None:
        return _replayed(same, trigger, triggers)
    if len(there) >= TRIGGERS_MAX:
        raise BellpairError(
            ErrorCode.LIMIT_REACHED,
            f"This tenant has {len(there)} triggers; the limit is {TRIGGERS_MAX}.",
        )
    try:
        triggers.put(None, trigger)
    except LedgerConflict:
        raise _exists(trigger) from None
    return CreatedTrigger(trigger, replayed=False)


def _replayed(stored: Trigger, asked: Trigger, triggers: Triggers) -> CreatedTrigger:
    kept = ("created_at", "created_by", "armed_at", "revision", "paused")
    if asked.model_copy(update={name: getattr(stored, name) for name in kept}) != stored:
        raise _exists(asked)
    # The first attempt may have been cut off before all of the trigger was written.
    triggers.put(stored, stored.changed())
    return CreatedTrigger(stored, replayed=True)


def _exists(trigger: Trigger) -> BellpairError:
    return BellpairError(
        ErrorCode.TRIGGER_EXISTS, f"There is another trigger {trigger.name}.", pointer="#/name"
    )


def _checked_target(
    trigger: Trigger, functions: Functions, devices: Callable[[], Sequence[Device]]
) -> Sequence[FunctionVersion]:
    if (trigger.function is None) == (trigger.circuit is None):
        raise _refused("#/function", "a trigger has either a function or a circuit")
    if trigger.circuit is not None:
        _check_circuit(trigger, trigger.circuit)
        _check_device(devices(), trigger.circuit.device)
        return ()
    assert trigger.function is not None
    versions = invoked_versions(functions, trigger.tenant, trigger.function)
    if trigger.device is not None:
        _check_device(devices(), trigger.device)
    return versions


def _check_device(devices: Sequence[Device], asked: str) -> None:
    try:
        require_device(devices, asked)
    except BellpairError as refusal:
        # It need not be online before something happens.
        if refusal.code is not ErrorCode.DEVICE_OFFLINE:
            raise


def _check_circuit(trigger: Trigger, circuit: CircuitTarget) -> None:
    for name, value in (
        ("inputs", trigger.inputs),
        ("device", trigger.device),
        ("max_cost_usd", trigger.max_cost_usd),
    ):
        if value:
            raise _refused(f"#/{name}", "it is for functions; a circuit has none")
    if not SHOTS_MIN <= circuit.shots <= SHOTS_MAX:
        raise _refused("#/circuit/shots", f"shots are a number from {SHOTS_MIN} to {SHOTS_MAX}")
    if circuit.source is None and trigger.kind not in DEFAULT_SOURCES:
        raise _refused(
            "#/circuit/source",
            f"a trigger of type {trigger.kind.value} has to say where the program is: a path such"
            " as $.detail.program, or the program itself",
        )


def _check_source(trigger: Trigger, queues: Mapping[str, TriggerQueueSetting]) -> None:
    source = trigger.source
    if _bytes(source.model_dump()) > TRIGGER_TEMPLATE_BYTES_MAX:
        raise _refused("#/source", f"it has more than {TRIGGER_TEMPLATE_BYTES_MAX} bytes of JSON")
    if isinstance(source, EventSource):
        check_pattern(source.pattern)
    elif isinstance(source, ScheduleSource):
        if schedule_of(source, trigger.armed_at).next(trigger.armed_at) is None:
            raise _refused("#/source/cron", "this time never comes again")
    elif isinstance(source, QueueSource):
        open_to = [name for name, queue in queues.items() if queue.is_for(trigger.tenant)]
        if source.queue not in open_to:
            listed = ", ".join(sorted(open_to)) or "none"
            raise _refused(
                "#/source/queue",
                f"this tenant has no queue of this name; the queues are {listed}",
                remedy="An operator declares queues in the stage's parameters trigger_queues.",
            )


_ROOTS: Mapping[SourceKind, frozenset[Path]] = {
    SourceKind.INBOX: frozenset(
        {
            ("time",),
            *(("object", name) for name in ("key", "name", "size", "etag", "text", "json")),
        }
    ),
    SourceKind.SCHEDULE: frozenset({("time",), ("trigger",)}),
    SourceKind.QUEUE: frozenset(
        {("time",), *(("message", name) for name in ("id", "text", "json", "attributes"))}
    ),
}
"""What there is in what happened, by source; an event has whatever its sender put into it."""


def _check_template(trigger: Trigger) -> None:
    pointer, template = "#/inputs", dict(trigger.inputs)
    if trigger.circuit is not None:
        pointer = "#/circuit/source"
        template = {"source": program_source(trigger.circuit, trigger.kind)}
    if _bytes(template) > TRIGGER_TEMPLATE_BYTES_MAX:
        raise _refused(pointer, f"it has more than {TRIGGER_TEMPLATE_BYTES_MAX} bytes of JSON")
    try:
        paths = list(paths_of(template))
    except TemplateInvalid as error:
        raise _refused(pointer, str(error)) from None
    roots = _ROOTS.get(trigger.kind)
    for path in paths if roots is not None else ():
        assert roots is not None
        if not any(path[: len(root)] == root or root[: len(path)] == path for root in roots):
            listed = ", ".join(sorted(shown(root) for root in roots))
            raise _refused(
                pointer,
                f"a trigger of type {trigger.kind.value} never has {shown(path)}; it has {listed}",
            )


def _bytes(value: object) -> int:
    return len(json.dumps(value).encode())


def _refused(pointer: str, why: str, remedy: str | None = None) -> BellpairError:
    return BellpairError(
        ErrorCode.TRIGGER_INVALID,
        f"{pointer}: {why}.",
        remedy=remedy,
        pointer=pointer,
        errors=[{"pointer": pointer, "detail": why}],
    )
