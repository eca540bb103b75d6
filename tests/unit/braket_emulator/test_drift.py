"""The process by which an emulated QPU changes."""

from __future__ import annotations

from itertools import pairwise
from math import log
from statistics import fmean, median, pstdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellpair_braket_emulator.drift import DriftProcess, scheduled
from bellpair_braket_emulator.profile import Profile, calibrate, load_profiles

SQUARE = next(p for p in load_profiles("us-west-2") if p.name == "square-20")
ION = next(p for p in load_profiles("us-east-1") if p.name == "ion-11")
MONTH = 720.0


def changed(profile: Profile, **drift: object) -> Profile:
    """The profile with other settings of its drift."""
    fields = profile.model_dump()
    return Profile(**{**fields, "drift": {**fields["drift"], **drift}})


def factors(profile: Profile, hours: float, tuned_at: float, seeds: int) -> list[float]:
    """Logarithms of how much two-qubit errors differ from the nominal ones."""
    found = []
    for seed in range(seeds):
        process = DriftProcess(profile, seed)
        now = process.calibration(hours, tuned_at).two_qubit
        found += [log(now[edge] / error) for edge, error in process.nominal.two_qubit.items()]
    return found


@pytest.mark.parametrize("profile", [SQUARE, ION], ids=lambda p: p.name)
def test_it_begins_at_the_nominal_rates(profile: Profile) -> None:
    process = DriftProcess(profile)
    assert process.calibration(0.9, 0.0) == calibrate(profile)
    assert process.working(0.0, 0.0) == process.calibration(0.0, 0.0)


@given(
    times=st.lists(st.floats(0, 5000), min_size=2, max_size=5),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=20, deadline=None)
def test_the_course_is_the_same_in_whatever_order_it_is_asked_for(
    times: list[float], seed: int
) -> None:
    one, other = DriftProcess(SQUARE, seed), DriftProcess(SQUARE, seed)
    forwards = [one.working(hours, scheduled(SQUARE, hours)) for hours in sorted(times)]
    backwards = [
        other.working(hours, scheduled(SQUARE, hours)) for hours in sorted(times, reverse=True)
    ]
    assert forwards == backwards[::-1]


@given(hours=st.floats(0, 10_000), since=st.floats(0, 1000), seed=st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_rates_are_always_possible_ones(hours: float, since: float, seed: int) -> None:
    found = DriftProcess(SQUARE, seed).working(hours, max(0.0, hours - since))
    errors = [*found.one_qubit.values(), *found.two_qubit.values()]
    errors += [*found.readout_0_to_1.values(), *found.readout_1_to_0.values()]
    assert all(0 < error < 0.5 for error in errors)
    assert all(0 < found.t2_us[label] <= 2 * found.t1_us[label] for label in found.labels)
    assert all(set(edge) <= set(found.labels) for edge in found.edges)
    assert set(found.one_qubit) == set(found.t1_us) == set(found.readout_1_to_0)


def test_seeds_and_devices_differ() -> None:
    of_seed = [DriftProcess(SQUARE, seed).calibration(MONTH, MONTH) for seed in (0, 1)]
    assert of_seed[0] != of_seed[1]
    other = DriftProcess(SQUARE.model_copy(update={"seed": 5})).calibration(MONTH, MONTH)
    assert other != of_seed[0]


def test_it_wanders_as_far_as_it_is_told_and_no_further() -> None:
    """After one month and after ten the spread is the same: the mean is returned to."""
    for hours in (MONTH, 10 * MONTH):
        found = factors(SQUARE, hours, hours - 100, seeds=30)
        # 930 draws: five standard errors of a standard deviation are 12 %.
        assert pstdev(found) == pytest.approx((0.5**2 + 0.5**2) ** 0.5, rel=0.12)
        # The median of the slow part lies below 0, so that the mean of its factor is 1.
        assert fmean(found) == pytest.approx(-0.125, abs=0.12)


def test_a_figure_forgets_where_it_was_as_fast_as_it_is_told() -> None:
    profile = changed(SQUARE, two_qubit={"slow": 1.0, "tuned": 0.0}, slow_h=24)
    start, later = [], []
    for seed in range(30):
        process = DriftProcess(profile, seed)
        start += [*map(log, process.calibration(MONTH, 0).two_qubit.values())]
        later += [*map(log, process.calibration(MONTH + 24, 0).two_qubit.values())]
    nominal = [*map(log, calibrate(profile).two_qubit.values())] * 30
    a, b = np.array(start) - nominal, np.array(later) - nominal
    assert np.corrcoef(a, b)[0, 1] == pytest.approx(np.exp(-1), abs=0.13)


def test_a_day_without_recalibration_is_worth_a_factor_of_about_two() -> None:
    found = []
    for seed in range(30):
        process = DriftProcess(SQUARE, seed)
        fresh = process.calibration(MONTH, MONTH).two_qubit
        old = process.calibration(MONTH + 24, MONTH).two_qubit
        found += [abs(log(old[edge] / fresh[edge])) for edge in fresh]
    typical, rare = np.exp(median(found)), np.exp(np.quantile(found, 0.9))
    assert 1.3 < typical < 1.7
    assert 2.0 < rare < 3.5


def test_a_recalibration_brings_rates_back_towards_the_nominal_ones() -> None:
    tired = factors(SQUARE, MONTH, MONTH - 48, seeds=20)
    tuned = factors(SQUARE, MONTH, MONTH, seeds=20)
    assert pstdev(tuned) < 0.8 * pstdev(tired)
    assert fmean(map(np.exp, tuned)) < fmean(map(np.exp, tired))


def test_a_recalibration_does_not_mend_the_material() -> None:
    process = DriftProcess(SQUARE, 3)
    assert process.calibration(MONTH, MONTH).t1_us == process.calibration(MONTH, 0).t1_us
    assert process.calibration(MONTH, MONTH).t1_us != process.nominal.t1_us


def test_time_goes_by_the_hour() -> None:
    process = DriftProcess(SQUARE, 3)
    assert process.calibration(100.0, 96.0) == process.calibration(100.9, 96.0)
    assert process.calibration(100.9, 96.0) != process.calibration(101.0, 96.0)


def test_edges_and_qubits_fail_and_recover_as_often_as_they_are_told() -> None:
    profile = changed(SQUARE, edge_life_h=300, qubit_life_h=None, outage_h=100)
    dead = [
        DriftProcess(profile, seed).outages(hours).edges
        for seed in range(20)
        for hours in (2000.0, 2030.0, 2060.0, 4000.0)
    ]
    share = sum(map(len, dead)) / (len(dead) * len(profile.edges))
    assert share == pytest.approx(100 / 400, abs=0.05)
    course = [DriftProcess(profile, 1).outages(hours).edges for hours in np.arange(0, 2000, 5.0)]
    assert course[0] == frozenset()
    assert any(earlier - later for earlier, later in pairwise(course)), "some recover"


def test_an_edge_of_a_dead_qubit_does_not_work() -> None:
    whole = calibrate(SQUARE)
    part = whole.without({7}, {(1, 2)})
    assert 7 not in part.labels and (1, 2) not in part.edges
    assert not any(7 in edge for edge in part.edges)
    # Qubit 7 of the lattice has four edges.
    assert len(part.edges) == len(whole.edges) - 5


@pytest.mark.parametrize(
    ("hours", "last"), [(-3.0, 0.0), (0.0, 0.0), (11.9, 0.0), (12.0, 12.0), (700.0, 696.0)]
)
def test_recalibrations_come_on_schedule(hours: float, last: float) -> None:
    assert scheduled(SQUARE, hours) == last
    assert scheduled(changed(SQUARE, recalibrate_every_h=None), hours) == 0.0
