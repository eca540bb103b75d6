"""Cron expressions as EventBridge writes them: six fields, in UTC.

Minutes, hours, day of month, month, day of week, year; ``,`` ``-`` ``*`` ``/`` everywhere, ``?``
in one of the two day fields, ``L``, ``W`` and ``LW`` in the day of month, ``L`` and ``#`` in the
day of week (1 is Sunday).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

_MONTHS = {name.upper(): month for month, name in enumerate(calendar.month_abbr) if month}
_WEEKDAYS = {
    name: day for day, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)
}
_SATURDAY_OF_PYTHON, _SUNDAY_OF_PYTHON = 5, 6
_ANY: Final = "?"

Days = Callable[[int, int], set[int]]
"""The days of a month (year, month) on which an expression is due."""


class CronInvalid(ValueError):
    """The expression is none; the message names the field and what it may hold."""


class _Field(NamedTuple):
    name: str
    low: int
    high: int
    names: dict[str, int]


_MINUTES = _Field("minutes", 0, 59, {})
_HOURS = _Field("hours", 0, 23, {})
_MONTH = _Field("month", 1, 12, _MONTHS)
_DAY = _Field("day of month", 1, 31, {})
_WEEKDAY = _Field("day of week", 1, 7, _WEEKDAYS)
_YEAR = _Field("year", 1970, 2199, {})


class Cron:
    """A parsed expression.

    Parameters
    ----------
    text
        Six fields with spaces between them.

    Raises
    ------
    CronInvalid
        Naming the field that is wrong.
    """

    def __init__(self, text: str) -> None:
        fields = text.upper().split()
        if len(fields) != 6:
            raise CronInvalid(
                f"a cron expression has six fields (minutes, hours, day of month, month, day of"
                f" week, year); this one has {len(fields)}"
            )
        minutes, hours, day, month, weekday, year = fields
        self._minutes = sorted(_values(_MINUTES, minutes))
        self._hours = sorted(_values(_HOURS, hours))
        self._months = sorted(_values(_MONTH, month))
        self._years = sorted(_values(_YEAR, year))
        if (day == _ANY) == (weekday == _ANY):
            raise CronInvalid("one of day of month and day of week must be ?, the other must not")
        self._days = _days_of_month(day) if weekday == _ANY else _days_of_week(weekday)

    def next(self, after: datetime) -> datetime | None:
        """The first time later than ``after``; ``None`` where there is none any more."""
        after = after.astimezone(UTC)
        for year in (year for year in self._years if year >= after.year):
            for month in self._months:
                if (year, month) >= (after.year, after.month):
                    for at in self._within(year, month):
                        if at > after:
                            return at
        return None

    def previous(self, before: datetime) -> datetime | None:
        """The last time earlier than ``before``; ``None`` where there is none."""
        before = before.astimezone(UTC)
        for year in (year for year in reversed(self._years) if year <= before.year):
            for month in reversed(self._months):
                if (year, month) <= (before.year, before.month):
                    for at in self._within(year, month, backwards=True):
                        if at < before:
                            return at
        return None

    def _within(self, year: int, month: int, *, backwards: bool = False) -> Iterator[datetime]:
        step = -1 if backwards else 1
        for day in sorted(self._days(year, month))[::step]:
            for hour in self._hours[::step]:
                for minute in self._minutes[::step]:
                    yield datetime(year, month, day, hour, minute, tzinfo=UTC)


def _values(field: _Field, text: str) -> set[int]:
    """All values that a field of lists, ranges and steps stands for."""
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        step = _whole(field, step_text, 1, field.high) if slash else 1
        if span == "*":
            low, high = field.low, field.high
        elif "-" in span:
            first, _, last = span.partition("-")
            low, high = _value(field, first), _value(field, last)
            if low > high:
                raise _wrong(field, part, "a range goes from the smaller to the greater value")
        else:
            low = _value(field, span)
            high = field.high if slash else low
        found.update(range(low, high + 1, step))
    return found


def _value(field: _Field, text: str) -> int:
    if text in field.names:
        return field.names[text]
    return _whole(field, text, field.low, field.high)


def _whole(field: _Field, text: str, low: int, high: int) -> int:
    if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or not low <= int(text) <= high:
        raise _wrong(field, text, f"it takes {low} to {high}")
    return int(text)


def _days_of_month(text: str) -> Days:
    if text == "L":
        return lambda year, month: {_length(year, month)}
    if text == "LW":
        return lambda year, month: {_nearest_weekday(year, month, _length(year, month))}
    if wanted := re.fullmatch(r"(\d{1,2})W", text, re.ASCII):
        near = _whole(_DAY, wanted[1], 1, 31)
        return lambda year, month: (
            {_nearest_weekday(year, month, near)} if near <= _length(year, month) else set()
        )
    wanted_days = _values(_DAY, text)
    return lambda year, month: {day for day in wanted_days if day <= _length(year, month)}


def _days_of_week(text: str) -> Days:
    if text == "L":
        text = "7"
    if nth := re.fullmatch(r"(\w+)#(\w+)", text):
        weekday, count = _value(_WEEKDAY, nth[1]), _whole(_WEEKDAY, nth[2], 1, 5)
        return lambda year, month: set(_on(year, month, {weekday})[count - 1 : count])
    if last := re.fullmatch(r"(\w+)L", text):
        weekday = _value(_WEEKDAY, last[1])
        return lambda year, month: set(_on(year, month, {weekday})[-1:])
    weekdays = _values(_WEEKDAY, text)
    return lambda year, month: set(_on(year, month, weekdays))


def _on(year: int, month: int, weekdays: set[int]) -> list[int]:
    """The month's days on these weekdays, 1 being Sunday."""
    first = (datetime(year, month, 1, tzinfo=UTC).weekday() + 1) % 7 + 1
    return [
        day for day in range(1, _length(year, month) + 1) if (first + day - 2) % 7 + 1 in weekdays
    ]


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """The day from Monday to Friday that is nearest, in the same month."""
    at = datetime(year, month, day, tzinfo=UTC)
    if at.weekday() == _SATURDAY_OF_PYTHON:
        nearest = at - timedelta(days=1) if day > 1 else at + timedelta(days=2)
    elif at.weekday() == _SUNDAY_OF_PYTHON:
        is_last = day == _length(year, month)
        nearest = at - timedelta(days=2) if is_last else at + timedelta(days=1)
    else:
        nearest = at
    return nearest.day


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _wrong(field: _Field, text: str, why: str) -> CronInvalid:
    return CronInvalid(f"{text[:32]!r} is no value for the field {field.name}: {why}")
