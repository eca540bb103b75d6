"""When a schedule is due: pure functions of its words and of the time from which it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Protocol

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.limits import TRIGGER_RATE_MAX
from bellpair_core.model.trigger import ScheduleSource

from .cron import Cron, CronInvalid

_RATE = re.compile(r"(\d{1,5}) (minute|hour|day)(s?)", re.ASCII)
_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}


class Schedule(Protocol):
    """Times at which something is due."""

    def next(self, after: datetime) -> datetime | None:
        """The first time later than ``after``; ``None`` where there is none any more."""
        ...

    def previous(self, before: datetime) -> datetime | None:
        """The last time earlier than ``before``; ``None`` where there is none."""
        ...


class Rate:
    """Due each ``period``, for the first time one period after ``since``."""

    def __init__(self, period: timedelta, since: datetime) -> None:
        self._period = period
        self._since = since.replace(microsecond=0)

    def next(self, after: datetime) -> datetime | None:
        """The first time later than ``after``."""
        return self._since + max(1, (after - self._since) // self._period + 1) * self._period

    def previous(self, before: datetime) -> datetime | None:
        """The last time earlier than ``before``."""
        whole, rest = divmod(before - self._since, self._period)
        count = whole if rest else whole - 1
        return self._since + count * self._period if count >= 1 else None


def schedule_of(source: ScheduleSource, since: datetime) -> Schedule:
    """The schedule that a trigger's source words.

    Parameters
    ----------
    source
        ``rate`` as ``"1 hour"`` or ``"5 minutes"``, or ``cron`` with six fields; each may stand in
        EventBridge's brackets, ``rate(…)`` and ``cron(…)``.
    since
        From when a rate counts.

    Raises
    ------
    BellpairError
        ``trigger-invalid``.
    """
    if (source.rate is None) == (source.cron is None):
        raise _refused("#/source", "a schedule has either a rate or a cron expression")
    if source.rate is not None:
        return Rate(_period(_bare(source.rate, "rate")), since)
    assert source.cron is not None
    try:
        return Cron(_bare(source.cron, "cron"))
    except CronInvalid as error:
        raise _refused("#/source/cron", str(error)) from None


def due(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """The times later than ``after`` and not later than ``until``, in order."""
    at = schedule.next(after)
    while at is not None and at <= until:
        yield at
        at = schedule.next(at)


def _bare(text: str, word: str) -> str:
    text = text.strip()
    if text.startswith(f"{word}(") and text.endswith(")"):
        return text[len(word) + 1 : -1].strip()
    return text


def _period(text: str) -> timedelta:
    found = _RATE.fullmatch(text)
    if found is None or (found[1] == "1") == bool(found[3]) or int(found[1]) == 0:
        raise _refused(
            "#/source/rate",
            'a rate is "1 minute", "5 minutes", "1 hour", "12 hours", "1 day" or the like',
        )
    period = int(found[1]) * _UNITS[found[2]]
    if period > TRIGGER_RATE_MAX:
        raise _refused("#/source/rate", f"a rate is at most {TRIGGER_RATE_MAX.days} days")
    return period


def _refused(pointer: str, why: str) -> BellpairError:
    return BellpairError(
        ErrorCode.TRIGGER_INVALID,
        f"{pointer}: {why}.",
        pointer=pointer,
        errors=[{"pointer": pointer, "detail": why}],
    )
