"""Ten thousand schedules break no invariant, and they are not harmless ones."""

from __future__ import annotations

import pytest

from .referee import STAGES
from .runner import Summary, play_all, told

pytestmark = [pytest.mark.simulation, pytest.mark.timeout(900)]

SCHEDULES = 10_000


@pytest.fixture(scope="module")
def summary() -> Summary:
    return play_all(range(SCHEDULES))


def test_no_schedule_breaks_an_invariant(summary: Summary) -> None:
    assert summary.schedules == SCHEDULES
    assert not summary.violations, "\n" + told(summary.violations)


@pytest.mark.parametrize("stage", STAGES)
def test_a_region_is_promoted_while_a_job_is_at_each_stage(summary: Summary, stage: str) -> None:
    assert summary.promoted_at_stage[stage] >= 10, summary.promoted_at_stage


@pytest.mark.parametrize(
    ("fact", "at_least"),
    [
        ("promotions", 5_000),
        ("adopted", 5_000),
        ("succeeded", 10_000),
        ("cancelled", 1_000),
        ("generations", 100),
    ],
)
def test_what_the_protocol_is_for_happens_often(summary: Summary, fact: str, at_least: int) -> None:
    assert summary.facts[fact] >= at_least, summary.facts
