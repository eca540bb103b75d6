"""Let every trigger that waits for what happened make its job of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from bellpair_core.logic.pair.pair_gate import PairReading
from bellpair_core.model.errors import BellpairError, ErrorCode, TransientFault
from bellpair_core.model.limits import PAIR_REFRESH_SECONDS, TRIGGER_FAN_MAX, TRIGGER_TRIES_MAX
from bellpair_core.model.trigger import (
    DeadLetter,
    Happening,
    SourceKind,
    Trigger,
    TriggerFailure,
)
from bellpair_core.ports import (
    Clock,
    DeadLetters,
    Happenings,
    Inbox,
    TriggerRef,
    Triggers,
)

from .fire_trigger import Targets, fire
from .trigger_matching import waits_for

_LATER = frozenset(
    {
        ErrorCode.DEVICE_OFFLINE,
        ErrorCode.NOT_ACCEPTING,
        ErrorCode.REGION_PASSIVE,
        ErrorCode.THROTTLED,
        ErrorCode.UNAVAILABLE,
    }
)
"""Refusals that time may cure."""


_TOO_MANY = BellpairError(
    ErrorCode.TRIGGER_FAILED,
    f"The end of a job that a trigger made fires {TRIGGER_FAN_MAX} triggers at most, the first by"
    " name; else a few that hear of each other would make jobs without number.",
    remedy="Narrow the pattern, so that the trigger does not hear of jobs that triggers made.",
)


class NobodyListens(Exception):
    """No trigger takes a message of a declared queue, so it stays in its queue."""


@dataclass(frozen=True)
class Listening:
    """What hearing works with.

    Attributes
    ----------
    pair
        The pair record, a little old at most.
    region
        This region.
    """

    triggers: Triggers
    targets: Targets
    inbox: Inbox
    letters: DeadLetters
    happenings: Happenings
    pair: PairReading
    clock: Clock
    region: str


def active_region(listening: Listening) -> str:
    """Which region fires triggers now; read again before another than this one is named."""
    record = listening.pair()
    if record.active != listening.region:
        record = listening.pair(PAIR_REFRESH_SECONDS)
    return record.active


def hear(
    listening: Listening, happening: Happening, only: TriggerRef | None, tries: int
) -> Counter[str]:
    """Fire what waits for this; a passive region hands it to the active one instead.

    Parameters
    ----------
    only
        The one trigger that is to hear it; ``None`` for all that wait for it.
    tries
        How often it was heard, this time included.

    Returns
    -------
    Counter
        How often there was which outcome: ``made``, ``repeated``, ``failed``, ``handed-over``.

    Raises
    ------
    TransientFault
        When it is to be heard again; jobs that were made are not made again.
    NobodyListens
        When a queue's message has no trigger that is not paused.
    """
    active = active_region(listening)
    if active != listening.region:
        listening.happenings.tell(happening, active, only)
        return Counter({"handed-over": 1})
    outcomes: Counter[str] = Counter()
    later: list[str] = []
    taken = 0
    for candidate in _candidates(listening.triggers, happening, only):
        # The list may be out of date; the trigger itself decides.
        trigger = listening.triggers.trigger(candidate.tenant, candidate.name)
        if trigger is None or (only is None and not waits_for(trigger, happening)):
            continue
        if trigger.paused:
            if only is not None:
                paused = BellpairError(ErrorCode.TRIGGER_PAUSED, f"{trigger.name} is paused.")
                keep_letter(listening, trigger, happening, paused)
                outcomes["failed"] += 1
            continue
        taken += 1
        if only is None and happening.depth > 0 and taken > TRIGGER_FAN_MAX:
            keep_letter(listening, trigger, happening, _TOO_MANY)
            outcomes["failed"] += 1
            continue
        try:
            outcomes[fire_or_keep(listening, trigger, happening, tries)] += 1
        except TransientFault as fault:
            later.append(f"{trigger.tenant}/{trigger.name}: {fault}")
    if later:
        raise TransientFault("; ".join(later))
    if happening.kind is SourceKind.QUEUE and only is None and not taken:
        raise NobodyListens(f"no trigger takes messages of the queue {happening.queue}")
    return outcomes


def fire_or_keep(listening: Listening, trigger: Trigger, happening: Happening, tries: int) -> str:
    """Fire one trigger; what fails for good becomes a dead letter.

    Returns
    -------
    str
        ``made``, ``repeated`` or ``failed``.

    Raises
    ------
    TransientFault
        When it is worth trying again.
    """
    try:
        made = fire(trigger, happening, targets=listening.targets, inbox=listening.inbox)
    except TransientFault as fault:
        if tries < TRIGGER_TRIES_MAX:
            raise
        refusal = BellpairError(ErrorCode.UNAVAILABLE, f"Given up after {tries} tries: {fault}.")
    except BellpairError as error:
        if error.code in _LATER and tries < TRIGGER_TRIES_MAX:
            raise TransientFault(error.detail) from error
        refusal = error
    else:
        return "repeated" if made.replayed else "made"
    keep_letter(listening, trigger, happening, refusal)
    return "failed"


def keep_letter(
    listening: Listening, trigger: Trigger, happening: Happening, refusal: BellpairError
) -> None:
    """Keep what came to nothing until somebody redrives it."""
    listening.letters.keep(
        DeadLetter(
            tenant=trigger.tenant,
            trigger=trigger.name,
            happening=happening,
            error=TriggerFailure(
                code=refusal.code.value, detail=refusal.detail, remedy=refusal.remedy
            ),
            at=listening.clock(),
        )
    )


def _candidates(
    triggers: Triggers, happening: Happening, only: TriggerRef | None
) -> Sequence[Trigger]:
    if only is not None:
        found = triggers.trigger(*only)
        return [found] if found is not None else []
    match happening.kind:
        case SourceKind.INBOX:
            assert happening.tenant is not None
            listed = triggers.of_tenant(happening.tenant)
        case SourceKind.EVENT:
            listed = triggers.of_kind(SourceKind.EVENT)
        case SourceKind.QUEUE:
            assert happening.queue is not None
            listed = triggers.of_queue(happening.queue)
        case SourceKind.SCHEDULE:
            listed = ()
        case _:
            assert_never(happening.kind)
    waiting = [trigger for trigger in listed if waits_for(trigger, happening)]
    return sorted(waiting, key=lambda trigger: (trigger.tenant, trigger.name))
