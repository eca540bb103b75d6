"""Try again what a trigger made no job of."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bellpair_core.model.errors import BellpairError, ErrorCode, TransientFault
from bellpair_core.model.limits import REDRIVE_LOOKS_MAX, REDRIVE_TIME, REDRIVEN_MAX
from bellpair_core.model.tenant import Principal
from bellpair_core.model.trigger import DeadLetter, Trigger, TriggerFailure
from bellpair_core.ports import Clock, DeadLetters, Happenings, TakenLetter, TriggerRef, Triggers

from .manage_triggers import own_trigger

_REASONS_MAX = 10


class RedriveRequest(BaseModel):
    """What is to be redriven; each description also tells what should be there."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, title="Redrive"
    )

    before: AwareDatetime | None = Field(
        None,
        description="a time with its zone, as the answer before gave it: what failed later, such as"
        " what was redriven and failed again, is left alone",
    )


class Redriven(NamedTuple):
    """What was done.

    Attributes
    ----------
    redriven
        How many dead letters were given to the trigger again.
    more
        Whether the request ended before it had looked at all of them.
    in_flight
        Whether somebody else held dead letters when this began, perhaps of this trigger.
    before
        What failed later was left alone.
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
    in_flight: bool
    before: datetime
    lost: int
    away: tuple[str, ...]
    reasons: tuple[TriggerFailure, ...]


def redrive_trigger(
    principal: Principal,
    name: str,
    asked: RedriveRequest,
    *,
    triggers: Triggers,
    letters: DeadLetters,
    happenings: Happenings,
    clock: Clock,
    region: str,
    peer: str,
) -> Redriven:
    """Give a trigger's dead letters of both regions to it again; others' stay where they are.

    What fails again becomes a dead letter again. What made a job before makes none again. It ends
    after `REDRIVE_TIME` or `REDRIVEN_MAX` letters, and says then that there may be more.

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
        When this region's queues are out of reach and nothing was done; a repetition is harmless.
    """
    trigger = own_trigger(triggers, principal, name)
    if trigger.paused:
        raise BellpairError(ErrorCode.TRIGGER_PAUSED, f"Trigger {name} is paused.")
    now = clock()
    walk = _Walk(
        TriggerRef(trigger.tenant, trigger.name),
        letters=letters,
        happenings=happenings,
        clock=clock,
        region=region,
        before=min(now, asked.before or now),
        until=now + REDRIVE_TIME,
    )
    more, away = False, []
    for place in (region, peer):
        try:
            more = not walk.through(place)
        except TransientFault:
            if place != region:
                away.append(place)
                continue
            if not walk.met:
                raise
            more = True
        if more:
            break
    return Redriven(
        trigger,
        redriven=walk.redriven,
        more=more,
        in_flight=walk.in_flight,
        before=walk.before,
        lost=walk.lost,
        away=tuple(away),
        reasons=tuple(walk.reasons.values())[:_REASONS_MAX],
    )


@dataclass
class _Walk:
    """One request's way through the dead letters.

    Attributes
    ----------
    until
        When it takes no more of them.
    """

    only: TriggerRef
    letters: DeadLetters
    happenings: Happenings
    clock: Clock
    region: str
    before: datetime
    until: datetime
    redriven: int = 0
    lost: int = 0
    looked_at: int = 0
    in_flight: bool = False
    reasons: dict[tuple[str, str], TriggerFailure] = field(default_factory=dict)

    @property
    def met(self) -> int:
        """How many letters of the trigger's own it met."""
        return self.redriven + self.lost

    def through(self, place: str) -> bool:
        """Go through a region's letters; tells whether it came to their end."""
        self.in_flight = self.letters.held(place) > 0 or self.in_flight
        met_before = self.met
        aside: set[str] = set()
        put_back = True
        try:
            while self._goes_on():
                taken = self.letters.take(place, REDRIVEN_MAX - self.met)
                if not taken:
                    return True
                self.looked_at += len(taken)
                aside.update(each.receipt for each in taken)
                self._give(place, taken, aside)
            # Where only others' letters stood before its own, the next request is to see what is
            # behind them: they stay hidden, and are seen again by themselves a little later.
            put_back = self.met > met_before
            return False
        finally:
            if put_back:
                with suppress(TransientFault):
                    self.letters.put_back(place, sorted(aside))

    def _goes_on(self) -> bool:
        few = self.met < REDRIVEN_MAX and self.looked_at < REDRIVE_LOOKS_MAX
        return few and self.clock() < self.until

    def _give(self, place: str, taken: Iterable[TakenLetter], aside: set[str]) -> None:
        """Give the trigger what is its own among some letters, which are no more aside then."""
        given: list[str] = []
        try:
            for letter, receipt in taken:
                if letter is None or not self._is_wanted(letter):
                    continue
                if letter.happening.document:
                    self.happenings.tell(letter.happening, self.region, self.only)
                    self.redriven += 1
                else:
                    self.lost += 1
                self.reasons[letter.error.code, letter.error.detail] = letter.error
                given.append(receipt)
        finally:
            self.letters.drop(place, given)
            aside.difference_update(given)

    def _is_wanted(self, letter: DeadLetter) -> bool:
        own = (letter.tenant, letter.trigger) == self.only
        return own and letter.at <= self.before
