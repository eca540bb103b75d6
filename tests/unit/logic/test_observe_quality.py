"""Devices are observed by results whose answer is known, and a fall is told once."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from bellpair_core.logic.devices.observe_quality import (
    EXPECTED_TAG,
    QualityWatch,
    success_ratio,
)
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.device import DeviceKind
from bellpair_core.model.errors import LedgerConflict, TransientFault
from bellpair_core.model.job import CompiledProgram, Job
from bellpair_core.model.limits import (
    QUALITY_BASELINE_MIN,
    QUALITY_BASELINE_WINDOW,
    QUALITY_EVERY,
    QUALITY_REBASED_AFTER,
)
from bellpair_core.model.quality import Quality
from tests.examples import NOON, job_example
from tests.fakes import FakeClock, MemoryLedger
from tests.fakes.fake_pair_desk import FakeAnnouncements

HOUR = timedelta(hours=1)


def followed(draws: list[float], start: Quality | None = None) -> list[Quality]:
    """The quality after each observation, one an hour."""
    seen = [start or Quality(device="ion-11")]
    first = seen[0].last_at or NOON
    for number, ratio in enumerate(draws):
        at = first + (number + 1) * HOUR
        seen.append(seen[-1].observed(ratio, at, f"job-{seen[-1].observations}"))
    return seen[1:]


def noisy(seed: int, count: int, center: float, sigma: float = 0.04) -> list[float]:
    draw = random.Random(seed)
    return [draw.gauss(center, sigma) for _ in range(count)]


def first_alarm(seen: list[Quality]) -> int | None:
    return next((n for n, one in enumerate(seen) if one.regressed_since is not None), None)


def test_there_is_no_alarm_before_there_is_a_baseline() -> None:
    seen = followed([1.0] * (QUALITY_BASELINE_MIN - 2) + [0.1])

    assert first_alarm(seen) is None
    assert seen[-1].baseline is None


@pytest.mark.parametrize("seed", range(10))
def test_a_fall_of_a_tenth_is_noticed_within_a_dozen_observations(seed: int) -> None:
    steady = followed(noisy(seed, 40, 0.95))
    after = followed(noisy(seed + 100, 12, 0.85), steady[-1])

    assert first_alarm(after) is not None


def test_false_alarms_are_rare() -> None:
    """A chart of this weight and width rings about every 560 observations where the baseline is
    known (Lucas and Saccucci, Technometrics 32, 1990), and oftener where it is estimated."""
    alarms = observations = 0
    for seed in range(20):
        seen = followed(noisy(seed, 150, 0.95))
        alarms += sum(
            after.regressed_since is not None and before.regressed_since is None
            for before, after in itertools.pairwise(seen)
        )
        observations += len(seen)

    assert alarms / observations < 1 / 60


def test_one_bad_result_rings_no_alarm_and_moves_no_baseline() -> None:
    steady = followed(noisy(1, 30, 0.95))
    after = followed([0.0], steady[-1])[-1]
    before = steady[-1].baseline

    assert after.regressed_since is None
    assert before is not None and after.baseline is not None
    assert after.baseline.center == pytest.approx(before.center, abs=0.01)


def test_what_is_observed_while_it_is_worse_makes_no_baseline() -> None:
    steady = followed(noisy(2, 30, 0.95))
    worse = followed(noisy(3, 40, 0.7), steady[-1])

    assert worse[-1].regressed_since is not None
    assert worse[-1].baseline is not None
    assert worse[-1].baseline.center > 0.9


def test_a_device_that_does_as_before_has_recovered() -> None:
    steady = followed(noisy(4, 30, 0.95))
    worse = followed(noisy(5, 10, 0.7), steady[-1])
    again = followed(noisy(6, 20, 0.95), worse[-1])

    assert worse[-1].regressed_since is not None
    assert again[-1].regressed_since is None


def test_what_lasts_a_week_is_the_new_baseline() -> None:
    steady = followed(noisy(7, 30, 0.95))
    worse = followed(noisy(8, 12, 0.8), steady[-1])[-1]
    assert worse.last_at is not None

    later = worse.observed(0.8, worse.last_at + QUALITY_REBASED_AFTER, "job-late")

    assert later.regressed_since is None
    assert later.window == (0.8,)


def test_how_well_a_broken_device_does_is_seen_soon_and_never_becomes_usual() -> None:
    steady = followed([1.0] * 30)
    broken = followed([0.1] * 200, steady[-1])

    assert broken[1].level == 1.0
    assert broken[2].level == 0.1
    assert broken[-1].level == 0.1
    assert all(one.regressed_since is not None for one in broken[3:])


def test_the_window_is_bounded() -> None:
    assert len(followed(noisy(9, 100, 1.0))[-1].window) == QUALITY_BASELINE_WINDOW


def measured(key: str, counts: dict[str, int], **changes: Any) -> tuple[Job, dict[str, Any]]:
    metrics = changes.pop("metrics", {"estimated_success": 0.8, "known_answers": ["0000"]})
    compiled = CompiledProgram(
        program=BlobRef.within(b"//"), bits=(0, 1, 2, 3), calibration_id="c", metrics=metrics
    )
    values = {"device": "any-qpu", "device_used": "ion-11", "compiled": compiled}
    return job_example(key, **(values | changes)), {"counts": counts}


def test_the_ratio_is_observed_over_expected_with_the_share_of_noise() -> None:
    job, result = measured("a", {"0000": 800, "1111": 200})

    assert success_ratio(job, result) == pytest.approx(0.8 / (0.8 + 0.2 / 16))


def test_any_of_several_known_answers_counts() -> None:
    job, result = measured(
        "a",
        {"0000": 400, "1111": 400, "0101": 200},
        metrics={"estimated_success": 0.8, "known_answers": ["0000", "1111"]},
    )

    assert success_ratio(job, result) == pytest.approx(0.8 / (0.8 + 0.2 * 2 / 16))


@pytest.mark.parametrize(
    ("counts", "changes"),
    [
        ({"0000": 100}, {"metrics": {"estimated_success": 0.8}}),
        ({"0000": 100}, {"metrics": {"known_answers": ["0000"]}}),
        ({"0000": 100}, {"metrics": {"estimated_success": 0.1, "known_answers": ["0000"]}}),
        ({"0000": 20}, {}),
        ({"0": 100}, {"metrics": {"estimated_success": 0.8, "known_answers": ["0", "1"]}}),
        ({"0000": 100}, {"compiled": None}),
    ],
    ids=["no answer", "no estimate", "too unlikely", "few shots", "any will do", "not compiled"],
)
def test_a_result_that_tells_nothing_is_no_observation(
    counts: dict[str, int], changes: dict[str, Any]
) -> None:
    job, result = measured("a", counts, **changes)

    assert success_ratio(job, result) is None


class Desk:
    """A watch over a ledger in memory."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.ledger = MemoryLedger()
        self.announcements = FakeAnnouncements()
        self.watch = QualityWatch(self.ledger, self.clock, lambda: self.announcements)

    def see(self, key: str, right: int, kind: DeviceKind = DeviceKind.QPU, **changes: Any) -> None:
        job, result = measured(key, {"0000": right, "0001": 1000 - right}, **changes)
        self.watch(job, result, kind)

    @property
    def quality(self) -> Quality:
        return self.ledger.qualities.get("ion-11") or Quality(device="ion-11")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_result_on_a_qpu_is_written_down(desk: Desk) -> None:
    desk.see("a", 800)

    assert desk.quality.observations == 1
    assert (desk.ledger.reads, desk.ledger.writes) == (1, 1)


def test_a_simulator_is_not_observed(desk: Desk) -> None:
    desk.see("a", 800, DeviceKind.SIMULATOR)

    assert (desk.ledger.reads, desk.ledger.writes) == (0, 0)


def test_many_jobs_write_seldom_and_the_platforms_own_always(desk: Desk) -> None:
    for number in range(5):
        desk.see(f"crowd-{number}", 800)
    desk.see("mirror", 800, tags={EXPECTED_TAG: "0000"})
    desk.clock.advance(QUALITY_EVERY)
    desk.see("later", 800)

    assert desk.quality.observations == 3


def test_a_repetition_of_the_stage_counts_once(desk: Desk) -> None:
    for _ in range(2):
        desk.see("mirror", 800, tags={EXPECTED_TAG: "0000"})

    assert desk.quality.observations == 1


def test_a_fall_is_told_once_with_the_baseline(desk: Desk) -> None:
    for number in range(12):
        desk.clock.advance(HOUR)
        desk.see(f"good-{number}", 800)
    for number in range(6):
        desk.clock.advance(HOUR)
        desk.see(f"bad-{number}", 500)

    (told,) = desk.announcements.regressed
    assert (told["type"], told["device"]) == ("fidelity_regression", "ion-11")
    assert told["quality"] < told["limit"] < told["baseline"]
    assert datetime.fromisoformat(told["since"]) == desk.quality.regressed_since


def test_a_fall_that_could_not_be_told_is_told_by_the_next_observation(desk: Desk) -> None:
    class Away(FakeAnnouncements):
        def fidelity_regressed(self, detail: Mapping[str, Any]) -> None:
            raise TransientFault("nobody listens")

    heard, desk.announcements = desk.announcements, Away()
    for number in range(16):
        desk.clock.advance(HOUR)
        desk.see(f"job-{number}", 800 if number < 12 else 500)
    assert desk.quality.regressed_since is None

    desk.announcements = heard
    desk.clock.advance(HOUR)
    desk.see("next", 500)

    assert len(heard.regressed) == 1
    assert desk.quality.regressed_since is not None


def test_an_observation_that_meets_anothers_write_is_dropped(desk: Desk) -> None:
    class Contended(MemoryLedger):
        def replace_quality(self, old: Quality, new: Quality) -> None:
            raise LedgerConflict("somebody else was here")

    watch = QualityWatch(Contended(), desk.clock, lambda: desk.announcements)
    job, result = measured("a", {"0000": 800, "0001": 200})

    watch(job, result, DeviceKind.QPU)

    assert desk.announcements.regressed == []


def test_a_ledger_out_of_reach_costs_an_observation_and_no_job(desk: Desk) -> None:
    class Away(MemoryLedger):
        def quality(self, device: str) -> Quality:
            raise TransientFault("the ledger does not answer")

    job, result = measured("a", {"0000": 800, "0001": 200})

    QualityWatch(Away(), desk.clock, lambda: desk.announcements)(job, result, DeviceKind.QPU)
