"""Try again what a trigger made no job of."""

from __future__ import annotations

from typing import NamedTuple

from bellpair_core.model.errors import BellpairError, ErrorCode, TransientFault
from bellpair_core.model.limits import REDRIVEN_MAX
from bellpair_core.model.tenant import Principal
from bellpair_core.model.trigger import Trigger, TriggerFailure
from bellpair_core.ports import DeadLetters, Happenings, TriggerRef, Triggers

from .manage_triggers import own_trigger


class Redriven(NamedTuple):
    """What was done.

    Attributes
    ----------
    redriven
        How many dead letters were given to the trigger again.
    more
        Whether there may be more of them than one request looks at.
    lost
        How many were too large to be kept whole and cannot be tried again; they are dropped.
    away
        Regions whose dead letters could not be looked at.
    reasons
        The latest failures of what was given again, each kind once.
    """

    trigger: Trigger
    redriven: int
    more: bool
    lost: int
    away: tuple[str, ...]
    reasons: tuple[TriggerFailure, ...]


def redrive_trigger(
    principal: Principal,
    name: str,
    *,
    triggers: Triggers,
    letters: DeadLetters,
    happenings: Happenings,
    region: str,
    peer: str,
) -> Redriven:
    """Give a trigger's dead letters of both regions to it again; others' stay where they are.

    What fails again becomes a dead letter again. What made a job before makes none again.

    Parameters
    ----------
    region
        This region, the active one.
    peer
        The other; it may be away.

    Raises
    ------
    BellpairError
        ``trigger-not-found`` or ``trigger-paused``.
    TransientFault
        When this region's queues are out of reach; a repetition is harmless.
    """
    trigger = own_trigger(triggers, principal, name)
    if trigger.paused:
        raise BellpairError(ErrorCode.TRIGGER_PAUSED, f"Trigger {name} is paused.")
    count = lost = 0
    more, away = False, []
    reasons: dict[tuple[str, str], TriggerFailure] = {}
    for place in (region, peer):
        try:
            taken = letters.take(place, REDRIVEN_MAX)
        except TransientFault:
            if place == region:
                raise
            away.append(place)
            continue
        more = more or len(taken) >= REDRIVEN_MAX
        for each in taken:
            letter = each.letter
            if (letter.tenant, letter.trigger) != (trigger.tenant, trigger.name):
                letters.put_back(place, each)
                continue
            if letter.happening.document:
                only = TriggerRef(trigger.tenant, trigger.name)
                happenings.tell(letter.happening, region, only)
                count += 1
            else:
                lost += 1
            letters.drop(place, each)
            reasons[letter.error.code, letter.error.detail] = letter.error
    return Redriven(trigger, count, more, lost, tuple(away), tuple(reasons.values())[:10])
