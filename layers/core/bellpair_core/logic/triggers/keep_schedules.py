"""Fire what the clock is to fire, and make up for what was missed."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime

from bellpair_core.model.errors import TransientFault
from bellpair_core.model.limits import TRIGGER_CATCH_UP
from bellpair_core.model.trigger import ScheduleSource, SourceKind, Trigger

from .hear_happening import Listening, active_region, fire_or_keep
from .read_happening import read_tick
from .schedules import due, schedule_of

_LOG = logging.getLogger(__name__)


def keep_schedules(listening: Listening) -> Counter[str]:
    """Fire each schedule's times up to now that are not done with; the active region alone does.

    A time is made up for as long as it is not older than `TRIGGER_CATCH_UP`, whichever region
    missed it. It makes one job even where two regions or two calls fire it.

    Returns
    -------
    Counter
        How often there was which outcome; ``later`` counts triggers to be tried again.
    """
    outcomes: Counter[str] = Counter()
    if active_region(listening) != listening.region:
        return outcomes
    now = listening.clock()
    for listed in listening.triggers.of_kind(SourceKind.SCHEDULE):
        if not _due(listed, now):
            continue
        # The list may be out of date; the trigger itself decides.
        trigger = listening.triggers.trigger(listed.tenant, listed.name)
        if trigger is None or trigger.paused:
            continue
        try:
            outcomes.update(_catch_up(listening, trigger, now))
        except TransientFault as fault:
            outcomes["later"] += 1
            _LOG.warning("trigger %s/%s is due and waits: %s", trigger.tenant, trigger.name, fault)
    return outcomes


def _catch_up(listening: Listening, trigger: Trigger, now: datetime) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    done = listening.triggers.last_tick(trigger)
    for at in _due(trigger, now, done):
        happening = read_tick(trigger.tenant, trigger.name, at)
        outcomes[fire_or_keep(listening, trigger, happening, tries=1)] += 1
        listening.triggers.note_tick(trigger, at)
    return outcomes


def _due(trigger: Trigger, now: datetime, done: datetime | None = None) -> list[datetime]:
    """The schedule's times that are neither done with nor too old, the earliest first."""
    if not isinstance(trigger.source, ScheduleSource):
        return []
    after = max(filter(None, (trigger.armed_at, now - TRIGGER_CATCH_UP, done)))
    return list(due(schedule_of(trigger.source, trigger.armed_at), after, now))
