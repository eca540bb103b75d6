"""A snapshot is compared with those before it, figure by figure."""

from __future__ import annotations

import math
from typing import Any

import pytest

from bellpair_core.logic.devices.calibration_age import is_stale
from bellpair_core.logic.devices.calibration_drift import COMPARED_MIN, drift_of, robust_z
from bellpair_core.model.device import DeviceKind, DeviceTarget
from bellpair_core.model.limits import CALIBRATION_AGE_MAX
from tests.examples import NOON, device_example


def target(**changes: Any) -> DeviceTarget:
    """Three qubits in a line."""
    values: dict[str, Any] = {
        "device": "line-3",
        "kind": DeviceKind.QPU,
        "qubits": (1, 2, 3),
        "edges": ((1, 2), (2, 3)),
        "one_qubit_error": dict.fromkeys((1, 2, 3), 1e-3),
        "two_qubit_error": {"1-2": 1e-2, "2-3": 1e-2},
        "readout_error": dict.fromkeys((1, 2, 3), 2e-2),
        "t1_us": dict.fromkeys((1, 2, 3), 40.0),
        "t2_us": dict.fromkeys((1, 2, 3), 20.0),
        "calibration_id": "one",
    }
    return DeviceTarget(**values | changes)


def scattered(number: int) -> list[DeviceTarget]:
    """Snapshots whose edge 1-2 scatters by factors of 1.2."""
    return [
        target(two_qubit_error={"1-2": 1e-2 * 1.2 ** (-1) ** index, "2-3": 1e-2})
        for index in range(number)
    ]


def test_a_robust_z_score_is_the_distance_in_units_of_the_scatter() -> None:
    # Logarithms -1, 0 and 1 have a median of 0 and a median absolute deviation of 1.
    past = [math.exp(-1), 1.0, math.exp(1)]

    assert robust_z(math.exp(2.9652), past) == pytest.approx(2.0)
    assert robust_z(math.exp(-1.4826), past) == pytest.approx(-1.0)


def test_one_bad_snapshot_hides_no_later_one() -> None:
    past = [0.9e-2, 1.0e-2, 1.1e-2, 1.0e-2, 0.95e-2]

    with_outlier = robust_z(5e-2, [*past, 0.5])

    assert with_outlier > 10


def test_a_figure_that_never_changed_has_still_a_scatter() -> None:
    assert robust_z(1.01e-2, [1e-2] * 9) == pytest.approx(math.log(1.01) / 0.05)
    assert robust_z(0.0, [0.0] * 9) == 0.0


def test_what_got_worse_is_above_0_and_what_got_better_below() -> None:
    now = target(
        two_qubit_error={"1-2": 3e-2, "2-3": 0.5e-2},
        t1_us={1: 40.0, 2: 10.0, 3: 160.0},
    )

    drift = drift_of(now, [target()] * COMPARED_MIN)

    assert drift.edges["1-2"] > 3.5 > -3.5 > drift.edges["2-3"]
    assert drift.qubits[1] == 0.0
    assert drift.qubits[2] > 3.5
    assert drift.qubits[3] < -3.5
    assert drift.worst == max(drift.edges["1-2"], drift.qubits[2])
    assert drift.baseline == COMPARED_MIN


def test_an_edge_that_always_scatters_is_not_held_to_a_still_ones_measure() -> None:
    now = target(two_qubit_error={"1-2": 1.4e-2, "2-3": 1.4e-2})

    drift = drift_of(now, scattered(8))

    assert 0 < drift.edges["1-2"] < 3.5 < drift.edges["2-3"]


def test_the_figure_that_differs_most_stands_for_its_qubit() -> None:
    now = target(
        one_qubit_error={1: 1.1e-3, 2: 1e-3, 3: 1e-3}, readout_error={1: 0.2, 2: 0.02, 3: 0.02}
    )

    drift = drift_of(now, [target()] * COMPARED_MIN)

    assert drift.qubits[1] == pytest.approx(math.log(10) / 0.05, abs=0.01)


def test_a_mean_over_the_device_drifts_as_its_median() -> None:
    ions = {"edges": None, "two_qubit_error": dict.fromkeys(("1-2", "1-3", "2-3"), 1e-2)}
    now = target(**ions | {"two_qubit_error": dict.fromkeys(("1-2", "1-3", "2-3"), 2e-2)})

    drift = drift_of(now, [target(**ions)] * COMPARED_MIN)

    assert drift.edges == {}
    assert drift.medians["two_qubit_error"] > 3.5
    assert drift.worst == drift.medians["two_qubit_error"]


def test_a_few_snapshots_are_no_baseline() -> None:
    drift = drift_of(target(two_qubit_error={"1-2": 0.3}), [target()] * (COMPARED_MIN - 1))

    assert (drift.baseline, drift.edges, drift.qubits) == (COMPARED_MIN - 1, {}, {})
    assert drift.worst is None


def test_what_has_few_figures_of_its_own_has_no_score() -> None:
    without = target(edges=((1, 2),), two_qubit_error={"1-2": 1e-2})

    drift = drift_of(target(), [target(), *[without] * COMPARED_MIN])

    assert set(drift.edges) == {"1-2"}


def test_edges_and_qubits_die_and_recover() -> None:
    whole = target()
    maimed = target(qubits=(1, 2), edges=((1, 2),), two_qubit_error={"1-2": 1e-2})

    died, stayed, recovered = (
        drift_of(maimed, [whole]),
        drift_of(maimed, [maimed, whole]),
        drift_of(whole, [maimed, whole]),
    )

    assert (died.dead_qubits, died.dead_edges) == ((3,), ("2-3",))
    assert (stayed.dead_qubits, stayed.dead_edges) == ((), ())
    assert (stayed.recovered_qubits, stayed.recovered_edges) == ((), ())
    assert (recovered.recovered_qubits, recovered.recovered_edges) == ((3,), ("2-3",))
    assert recovered.dead_edges == ()


def test_what_was_never_there_before_is_new_and_has_not_recovered() -> None:
    small = target(qubits=(1, 2), edges=((1, 2),))

    drift = drift_of(target(), [small, small])

    assert (drift.recovered_qubits, drift.recovered_edges) == ((), ())


def test_the_first_snapshot_drifts_from_nothing() -> None:
    drift = drift_of(target(), [])

    assert (drift.baseline, drift.worst, drift.dead_edges) == (0, None, ())


@pytest.mark.parametrize("kind", [DeviceKind.QPU, DeviceKind.SIMULATOR])
def test_a_calibration_is_stale_past_its_limit(kind: DeviceKind) -> None:
    old = device_example("square-4", kind=kind, calibrated_at=NOON)

    assert not is_stale(old, NOON + CALIBRATION_AGE_MAX)
    stale = is_stale(old, NOON + CALIBRATION_AGE_MAX * 1.001)
    assert stale is (kind is DeviceKind.QPU)


def test_a_calibration_of_an_unknown_age_is_stale() -> None:
    assert is_stale(target(), NOON)
