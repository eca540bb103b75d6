"""When a schedule is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from bellpair_core.logic.triggers.cron import Cron, CronInvalid
from bellpair_core.logic.triggers.schedules import due, schedule_of
from bellpair_core.model.errors import BellpairError
from bellpair_core.model.trigger import ScheduleSource
from tests.examples import NOON


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "after", "following"),
    [
        ("0 12 * * ? *", "2026-01-01 12:00", "2026-01-02 12:00"),
        ("0 12 * * ? *", "2026-01-01 11:59", "2026-01-01 12:00"),
        ("*/15 * * * ? *", "2026-01-01 12:07", "2026-01-01 12:15"),
        ("7/20 8-9 ? * MON-FRI *", "2026-01-02 09:47", "2026-01-05 08:07"),
        ("0 0 L * ? *", "2028-02-01 00:00", "2028-02-29 00:00"),
        ("0 0 31 * ? *", "2026-01-31 00:00", "2026-03-31 00:00"),
        ("0 0 15W * ? *", "2026-02-01 00:00", "2026-02-16 00:00"),  # the 15th is a Sunday
        ("0 0 1W * ? *", "2026-07-31 00:00", "2026-08-03 00:00"),  # a Saturday; not in July
        ("0 0 31W * ? *", "2026-05-01 00:00", "2026-05-29 00:00"),  # a Sunday; not in June
        ("0 0 LW * ? *", "2026-05-01 00:00", "2026-05-29 00:00"),
        ("0 0 ? * 2#1 *", "2026-01-06 00:00", "2026-02-02 00:00"),  # 2 is Monday
        ("0 0 ? * 6L *", "2026-01-01 00:00", "2026-01-30 00:00"),  # 6 is Friday
        ("0 0 ? * L *", "2026-01-01 00:00", "2026-01-03 00:00"),  # Saturday
        ("0 0 ? * FRI#5 *", "2026-02-01 00:00", "2026-05-29 00:00"),
        ("0 0 1 JAN,JUL ? 2027-2028", "2026-01-01 00:00", "2027-01-01 00:00"),
        ("0 0 29 2 ? 2027/1", "2026-01-01 00:00", "2028-02-29 00:00"),
    ],
)
def test_a_cron_expression_is_due(expression: str, after: str, following: str) -> None:
    cron = Cron(expression)

    found = cron.next(at(after))

    assert found == at(following)
    assert cron.previous(found + timedelta(minutes=1)) == found
    earlier = cron.previous(found)
    assert earlier is None or earlier <= at(after)


def test_times_come_in_order_forwards_and_backwards() -> None:
    cron = Cron("0,30 6 ? * TUE,THU 2026")
    forwards = list(due(cron, at("2026-01-01 00:00"), at("2026-12-31 23:59")))

    backwards = []
    found = cron.previous(at("2027-01-01 00:00"))
    while found is not None:
        backwards.append(found)
        found = cron.previous(found)

    assert forwards == sorted(forwards)
    assert list(reversed(backwards)) == forwards
    assert len(forwards) == 2 * 105  # 52 Tuesdays, 53 Thursdays


def test_a_time_that_never_comes_again_is_none() -> None:
    assert Cron("0 0 1 1 ? 2020").next(NOON) is None
    assert Cron("0 0 30 2 ? *").next(NOON) is None
    assert Cron("0 0 1 1 ? 2030").previous(NOON) is None


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("0 12 * * ?", "six fields"),
        ("0 12 * * * *", "must be \\?"),
        ("0 12 ? * ? *", "must be \\?"),
        ("60 12 * * ? *", "minutes: it takes 0 to 59"),
        ("0 24 * * ? *", "hours"),
        ("0 0 0 * ? *", "day of month"),
        ("0 0 1 13 ? *", "month"),
        ("0 0 ? * 8 *", "day of week"),
        ("0 0 ? * MON#6 *", "day of week"),
        ("0 0 1 1 ? 1969", "year"),
        ("30-10 0 1 1 ? *", "smaller to the greater"),
        ("*/0 0 1 1 ? *", "minutes"),
        ("a 0 1 1 ? *", "minutes"),
        ("0 0 32W * ? *", "day of month"),
        ("0 0 1,L * ? *", "day of month"),
        ("٣ 0 1 1 ? *", "minutes"),
    ],
)
def test_what_is_no_cron_expression_is_refused_with_its_field(expression: str, said: str) -> None:
    with pytest.raises(CronInvalid, match=said):
        Cron(expression)


@pytest.mark.parametrize(
    ("words", "period"),
    [
        ("1 minute", timedelta(minutes=1)),
        ("rate(5 minutes)", timedelta(minutes=5)),
        ("1 hour", timedelta(hours=1)),
        ("2 days", timedelta(days=2)),
    ],
)
def test_a_rate_counts_from_when_it_was_set(words: str, period: timedelta) -> None:
    schedule = schedule_of(ScheduleSource(type="schedule", rate=words), NOON)

    assert schedule.next(NOON - timedelta(days=9)) == NOON + period
    assert schedule.next(NOON) == NOON + period
    assert schedule.next(NOON + period) == NOON + 2 * period
    assert schedule.previous(NOON + period) is None
    assert schedule.previous(NOON + 2 * period) == NOON + period
    assert schedule.previous(NOON + 2 * period + timedelta(seconds=1)) == NOON + 2 * period
    times = list(islice(due(schedule, NOON, NOON + 3 * period), 9))
    assert times == [NOON + count * period for count in (1, 2, 3)]


@pytest.mark.parametrize(
    "source",
    [
        {"rate": "0 minutes"},
        {"rate": "1 minutes"},
        {"rate": "5 minute"},
        {"rate": "5 seconds"},
        {"rate": "400 days"},
        {"rate": "-1 hours"},
        {"rate": ""},
        {"cron": "whenever"},
        {},
        {"rate": "1 hour", "cron": "0 12 * * ? *"},
    ],
)
def test_what_is_no_schedule_is_refused(source: dict[str, str]) -> None:
    with pytest.raises(BellpairError, match="#/source"):
        schedule_of(ScheduleSource(type="schedule", **source), NOON)
