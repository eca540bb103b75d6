"""Announce a job's end to all who are told of it: its callback, its tenant's triggers, the bus."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from bellpair_core.model.errors import TransientFault
from bellpair_core.ports import Announcements, Callbacks, Ledger

from .hear_happening import Listening, hear
from .job_ends import ended_detail, ended_happening

LOOKS_MAX = 8
"""How often a job is looked at that is not over. By then its end was not written after all: the
looks go on for longer than any function may run that writes ends. Who writes it another time sends
word anew."""

_PAUSE = timedelta(seconds=1)


class Fate(StrEnum):
    """What became of the word."""

    ANNOUNCED = "announced"
    DROPPED = "dropped"
    LATER = "later"


class Announced(NamedTuple):
    """What became of one attempt.

    Attributes
    ----------
    pause
        After how long to look again.
    outcomes
        What the triggers did, as of `hear`.
    """

    fate: Fate
    pause: timedelta = timedelta(0)
    outcomes: Mapping[str, int] = MappingProxyType({})


def announce_end(
    job_id: str,
    looks: int,
    *,
    ledger: Ledger,
    callbacks: Callbacks,
    announcements: Announcements,
    listening: Listening,
) -> Announced:
    """Announce the end of a job, once it is on record.

    A repetition announces it again: callbacks are given the same id, and a trigger makes one job of
    a job's end.

    Parameters
    ----------
    looks
        How often the job was looked at for this word, this time included.

    Raises
    ------
    TransientFault
        When something is out of reach; the whole is to be tried again.
    """
    job = ledger.job(job_id)
    if job is None:
        return Announced(Fate.DROPPED)
    if not job.status.terminal:
        if looks >= LOOKS_MAX:
            return Announced(Fate.DROPPED)
        return Announced(Fate.LATER, _PAUSE * (1 << (looks - 1)))
    callbacks.enqueue(job)
    announcements.job_ended(ended_detail(job))
    happening = ended_happening(job)
    try:
        return Announced(Fate.ANNOUNCED, outcomes=hear(listening, happening, None, tries=1))
    except TransientFault:
        # The triggers are tried again by themselves, so that nobody else is told as often.
        listening.happenings.tell(happening, listening.region)
        return Announced(Fate.ANNOUNCED, outcomes={"later": 1})
