"""Ten thousand schedules break no invariant, and they are not harmless ones."""

from __future__ import annotations

import os

import pytest

from .call_referee import FUNCTION_STAGES
from .referee import STAGES
from .runner import Summary, play_all, told

pytestmark = [pytest.mark.simulation, pytest.mark.timeout(900)]

PART = 5_000
"""Schedules of each part; where tests run in several processes at once, each takes a part."""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            range(first, first + PART),
            id=f"seeds-from-{first}",
            marks=pytest.mark.xdist_group(f"schedules-from-{first}"),
        )
        for first in (0, PART)
    ],
)
def summary(request: pytest.FixtureRequest) -> Summary:
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    return play_all(request.param, processes=None if alone else 1)


def test_no_schedule_breaks_an_invariant(summary: Summary) -> None:
    assert summary.schedules == PART
    assert not summary.violations, "\n" + told(summary.violations)


@pytest.mark.parametrize("stage", STAGES)
def test_a_region_is_promoted_while_a_job_is_at_each_stage(summary: Summary, stage: str) -> None:
    assert summary.promoted_at_stage[stage] >= 5, summary.promoted_at_stage


# The last one is over so soon that it takes many more schedules to meet it.
@pytest.mark.parametrize("stage", FUNCTION_STAGES[:-1])
def test_a_region_is_promoted_while_a_function_is_at_each_stage(
    summary: Summary, stage: str
) -> None:
    assert summary.promoted_at_stage[stage] >= 2, summary.promoted_at_stage


@pytest.mark.parametrize(
    ("fact", "at_least"),
    [
        ("promotions", 2_500),
        ("adopted", 2_500),
        ("succeeded", 5_000),
        ("cancelled", 500),
        ("generations", 50),
        ("recompiled", 50),
        ("without room", 50),
        ("functions succeeded", 200),
        ("functions cancelled", 40),
        ("calls' tasks", 500),
        ("program sets", 10),
    ],
)
def test_what_the_protocol_is_for_happens_often(summary: Summary, fact: str, at_least: int) -> None:
    assert summary.facts[fact] >= at_least, summary.facts
