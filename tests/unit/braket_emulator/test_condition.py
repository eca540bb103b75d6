"""What is true of an emulated QPU, and what is published of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bellpair_braket_emulator.condition import Condition, UnknownPart, read_part
from bellpair_braket_emulator.profile import calibrate, load_profiles

SQUARE = next(p for p in load_profiles("us-west-2") if p.name == "square-20")
START = datetime(2026, 3, 1, tzinfo=UTC)


class Wall:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def wait(self, **time: float) -> None:
        self.time += timedelta(**time)


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def condition(wall: Wall) -> Condition:
    """Real time, recalibrated every 12 hours, published an hour later."""
    return Condition(SQUARE, rate=1.0, now=wall)


def age(condition: Condition, wall: Wall) -> float:
    return (wall() - condition.published().updated_at) / timedelta(hours=1)


def test_at_first_truth_and_publication_are_the_nominal_rates(condition: Condition) -> None:
    assert condition.truth() == condition.published().calibration
    assert condition.truth() == calibrate(SQUARE)


def test_what_is_published_stands_still_while_the_truth_wanders(
    condition: Condition, wall: Wall
) -> None:
    first = condition.published()
    wall.wait(hours=11)
    assert condition.published() is first
    assert condition.truth() != first.calibration
    assert age(condition, wall) == pytest.approx(11)


def test_a_recalibration_is_published_after_its_lag(condition: Condition, wall: Wall) -> None:
    wall.wait(hours=12.5)
    assert condition.tuned_at == 12
    assert condition.published().measured_h == 0
    wall.wait(hours=0.6)
    snapshot = condition.published()
    assert snapshot.measured_h == 12
    assert snapshot.updated_at == START + timedelta(hours=12)
    assert snapshot.calibration != condition.truth(), "an hour has gone by since"


def test_a_device_that_stands_still_does_not_change(wall: Wall) -> None:
    condition = Condition(SQUARE, now=wall)
    before = condition.truth(), condition.published()
    wall.wait(days=30)
    assert (condition.truth(), condition.published()) == before
    assert condition.hours == 0


def test_time_can_be_put_on_and_the_snapshot_ages_with_it(wall: Wall) -> None:
    condition = Condition(SQUARE, now=wall)
    condition.advance(10)
    assert condition.hours == 10
    assert condition.published().measured_h == 0
    assert age(condition, wall) == pytest.approx(10)
    condition.advance(10)
    assert condition.published().measured_h == 12
    assert age(condition, wall) == pytest.approx(8)


def test_putting_time_on_and_waiting_lead_to_the_same_truth(
    condition: Condition, wall: Wall
) -> None:
    other = Condition(SQUARE, now=wall)
    other.advance(100)
    wall.wait(hours=100)
    assert other.truth() == condition.truth()
    assert other.published().calibration == condition.published().calibration


def test_a_forced_recalibration_is_published_at_once(condition: Condition, wall: Wall) -> None:
    wall.wait(hours=5)
    tired = condition.truth()
    condition.recalibrate()
    assert condition.tuned_at == pytest.approx(5)
    assert condition.published().updated_at == wall()
    assert condition.published().calibration == condition.truth() != tired


def test_without_publishing_the_snapshot_grows_old(condition: Condition, wall: Wall) -> None:
    condition.publishing = False
    wall.wait(hours=168)
    assert age(condition, wall) == pytest.approx(168)
    assert condition.tuned_at == 168, "the device itself is looked after"
    condition.publishing = True
    assert age(condition, wall) == pytest.approx(12)


def test_what_fails_is_published_with_the_next_snapshot_only(
    condition: Condition, wall: Wall
) -> None:
    condition.kill([(3, 4), 20])
    assert (3, 4) not in condition.truth().edges
    assert 20 not in condition.truth().labels
    assert (3, 4) in condition.published().calibration.edges
    wall.wait(hours=14)
    published = condition.published().calibration
    assert (3, 4) not in published.edges and 20 not in published.labels
    condition.revive([(3, 4), 20])
    assert 20 in condition.truth().labels
    assert 20 not in condition.published().calibration.labels
    condition.recalibrate()
    assert condition.published().calibration == condition.truth()


def test_a_snapshot_that_is_due_was_measured_before_a_later_failure(
    condition: Condition, wall: Wall
) -> None:
    wall.wait(hours=12.5)
    condition.kill([(3, 4)])
    wall.wait(hours=1)
    assert condition.published().measured_h == 12
    assert (3, 4) in condition.published().calibration.edges


def test_the_published_age_can_be_set(condition: Condition, wall: Wall) -> None:
    before = condition.published().calibration
    condition.age(168)
    assert age(condition, wall) == pytest.approx(168)
    assert condition.published().calibration == before


def test_the_rate_counts_from_when_it_is_set(condition: Condition, wall: Wall) -> None:
    wall.wait(hours=2)
    condition.rate = 60
    wall.wait(minutes=5)
    assert condition.hours == pytest.approx(7)
    condition.rate = 0
    wall.wait(hours=3)
    assert condition.hours == pytest.approx(7)


def test_another_seed_is_another_course(condition: Condition, wall: Wall) -> None:
    condition.advance(50)
    before = condition.truth()
    condition.seed = 8
    assert condition.truth() != before
    assert condition.published().calibration == condition.truth()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda condition: condition.kill([99]), "square-20 has no qubit 99"),
        (lambda condition: condition.revive([(1, 20)]), "square-20 has no edge 1-20"),
        (lambda _: read_part("a-b"), "'a-b' names neither a qubit"),
        (lambda _: read_part("1-2-3"), "neither"),
        (lambda _: read_part(""), "neither"),
    ],
)
def test_what_is_not_there_cannot_fail(
    condition: Condition, act: Callable[[Condition], Any], said: str
) -> None:
    with pytest.raises(UnknownPart, match=said):
        act(condition)


def test_parts_are_read_in_either_direction() -> None:
    assert [read_part(text) for text in ("5", "$5", "4-3", "3-4")] == [5, 5, (3, 4), (3, 4)]
