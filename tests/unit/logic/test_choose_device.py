"""Which device a job is given to, and how that is explained."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.logic.devices.device_figures import (
    QPU_TASK_SECONDS,
    expected_success,
    routing_overhead,
)
from bellpair_core.logic.jobs.choose_device import DeviceLoad, Need, choose_device
from bellpair_core.logic.jobs.require_suitable import require_suitable
from bellpair_core.model.breaker import Breaker, BreakerState
from bellpair_core.model.choice import Choice, Constraints, ProgramShape, Verdict
from bellpair_core.model.device import Device, DeviceKind, DeviceStatus, TaskPrice
from bellpair_core.model.errors import BellpairError, ErrorCode
from tests.examples import NOON, device_example

GHZ = ProgramShape(one_qubit_gates=1, two_qubit_gates=4, depth=5, interactions=4, measured=5)
DENSE = ProgramShape(one_qubit_gates=10, two_qubit_gates=40, depth=30, interactions=10, measured=5)


def qpu(name: str, error: float = 0.01, **changes: Any) -> Device:
    values: dict[str, Any] = {
        "kind": DeviceKind.QPU,
        "num_qubits": 20,
        "shots_max": 10_000,
        "max_in_flight": 4,
        "calibrated_at": NOON,
        "calibration_id": "today",
        "couplings": 31,
        "median_one_qubit_error": 0.001,
        "median_two_qubit_error": error,
        "median_readout_error": 0.02,
        "price": TaskPrice(per_task_usd=0.3, per_shot_usd=0.001),
    }
    return device_example(name, **(values | changes))


GOOD, POOR = qpu("good", 0.005), qpu("poor", 0.05)
SIMULATOR = device_example("sim", price=TaskPrice(per_minute_usd=0.075))


def need(asked: str = "any-qpu", **changes: Any) -> Need:
    limits = changes.pop("limits", None)
    values: dict[str, Any] = {
        "job_id": "job-1",
        "asked": asked,
        "num_qubits": 5,
        "shots": 1000,
        "shape": GHZ,
        "constraints": Constraints(**limits) if limits else None,
    }
    return Need(**(values | changes))


def chosen(wanted: Need, *devices: Device | DeviceLoad) -> Choice:
    loads = [each if isinstance(each, DeviceLoad) else DeviceLoad(each) for each in devices]
    return choose_device(wanted, loads, NOON)


def told(choice: Choice, device: str) -> tuple[Verdict, str]:
    found = next(one for one in choice.considered if one.device == device)
    return found.verdict, found.reason


def test_the_qpu_with_the_fewer_errors_is_chosen_whatever_the_order() -> None:
    assert chosen(need(), POOR, GOOD).chosen == "good"
    assert chosen(need(), GOOD, POOR).chosen == "good"


def test_equal_devices_go_by_the_order_given() -> None:
    first, second = qpu("zeta"), qpu("alpha")

    assert chosen(need(), first, second).chosen == "zeta"
    assert chosen(need(), second, first).chosen == "alpha"


def test_the_same_facts_give_the_same_choice() -> None:
    assert chosen(need(), POOR, GOOD, SIMULATOR) == chosen(need(), POOR, GOOD, SIMULATOR)


def test_a_simulator_never_errs_and_is_preferred_where_any_device_will_do() -> None:
    choice = chosen(need("any"), GOOD, SIMULATOR)

    assert choice.chosen == "sim"
    assert choice.considered[0].expected_success == 1.0


def test_a_long_queue_costs_more_than_a_small_difference_of_errors() -> None:
    near = qpu("near", 0.006)
    crowded = GOOD.model_copy(update={"queue_depth": 100})

    assert chosen(need(), crowded, near).chosen == "near"


def test_what_the_platform_has_on_a_device_counts_as_its_queue() -> None:
    twin = qpu("twin", 0.005)
    busy = DeviceLoad(GOOD, frozenset({"job-8", "job-9"}))

    choice = chosen(need(), busy, twin)

    assert choice.chosen == "twin"
    assert [one.wait_s for one in choice.considered] == [0, 2 * QPU_TASK_SECONDS]


def test_a_price_weighs_too() -> None:
    dear = qpu("dear", 0.005, price=TaskPrice(per_shot_usd=0.02))

    assert chosen(need(), dear, qpu("cheap", 0.006)).chosen == "cheap"


def test_what_was_observed_of_a_device_lowers_its_score() -> None:
    worse = GOOD.model_copy(update={"quality": 0.5})
    choice = chosen(need(), worse, qpu("near", 0.02))

    assert choice.chosen == "near"
    assert "observed success 0.50 of the expected" in told(choice, "good")[1]


def test_an_observation_above_the_expected_raises_nothing() -> None:
    better = GOOD.model_copy(update={"quality": 1.3})

    assert expected_success(GHZ, 5, better) == expected_success(GHZ, 5, GOOD)


def test_failures_in_a_row_weigh_before_the_breaker_opens() -> None:
    shaky = DeviceLoad(GOOD, breaker=Breaker(device="good", failures=2, reason="a task failed"))

    choice = chosen(need(), shaky, qpu("near", 0.006))

    assert choice.chosen == "near"
    assert "failures in a row: 2" in told(choice, "good")[1]


def test_an_old_calibration_weighs() -> None:
    old = qpu("old", 0.005, calibrated_at=NOON - timedelta(days=9))

    choice = chosen(need(), old, qpu("near", 0.006))

    assert choice.chosen == "near"
    assert "its calibration is old" in told(choice, "old")[1]


def test_a_doubtful_device_is_tried_only_where_no_sound_one_is_left() -> None:
    breaker = Breaker(
        device="good", state=BreakerState.OPEN, reason="it was offline", retry_at=NOON
    )
    doubtful = DeviceLoad(GOOD, breaker=breaker)

    assert chosen(need(), doubtful, POOR).chosen == "poor"
    assert chosen(need(), doubtful).chosen == "good"


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (DeviceLoad(qpu("good", status=DeviceStatus.OFFLINE)), "it is offline"),
        (DeviceLoad(GOOD, frozenset({"a", "b", "c", "d"})), "its 4 places are taken"),
        (
            DeviceLoad(
                GOOD,
                breaker=Breaker(
                    device="good",
                    state=BreakerState.OPEN,
                    reason="its service does not answer",
                    retry_at=NOON + timedelta(seconds=30),
                ),
            ),
            "its service does not answer",
        ),
    ],
    ids=["offline", "full", "kept free"],
)
def test_a_device_that_cannot_take_the_job_now_is_waited_for(load: DeviceLoad, reason: str) -> None:
    choice = chosen(need(), load)

    assert choice.chosen is None
    assert told(choice, "good") == (Verdict.WAITS, reason)


def test_a_device_without_room_as_calibrated_is_waited_for() -> None:
    choice = chosen(need(no_room={"good": "today"}), GOOD)

    assert told(choice, "good") == (
        Verdict.WAITS,
        "it has no room for the program as it is calibrated now",
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"num_qubits": 21}, "it has 20 qubits, and the program needs 21"),
        ({"shots": 10_001}, "it takes 1 to 10000 shots"),
        ({"avoid": ("good",)}, "it failed this job before"),
        ({"limits": {"kind": DeviceKind.SIMULATOR}}, "it is a QPU, and kind is simulator"),
        (
            {"limits": {"max_cost_usd": 1.0}},
            "1000 shots cost 1.3 USD, over the 1 allowed",
        ),
        (
            {"limits": {"min_fidelity": 0.95}},
            "expected success 0.885 is below the 0.95 asked for",
        ),
    ],
    ids=["width", "shots", "avoided", "kind", "cost", "fidelity"],
)
def test_a_device_that_cannot_serve_the_job_is_excluded_and_said_why(
    changes: dict[str, Any], reason: str
) -> None:
    choice = chosen(need(**changes), GOOD)

    assert choice.chosen is None
    assert told(choice, "good") == (Verdict.EXCLUDED, reason)


def test_a_wait_that_is_too_long_is_waited_out() -> None:
    crowded = GOOD.model_copy(update={"queue_depth": 40})
    wanted = need(limits={"max_wait_s": 600})

    assert told(chosen(wanted, crowded), "good") == (
        Verdict.WAITS,
        "a task is expected to wait 800 s there, over the 600 s allowed",
    )
    assert chosen(wanted, GOOD).chosen == "good"


def test_unknown_error_rates_do_not_pass_for_good_ones() -> None:
    unknown = qpu("unknown", median_two_qubit_error=None)

    assert told(chosen(need(limits={"min_fidelity": 0.1}), unknown), "unknown") == (
        Verdict.EXCLUDED,
        "its error rates are not known, and min_fidelity asks for them",
    )
    assert chosen(need(), unknown, GOOD).chosen == "good"


def test_constraints_are_met_together() -> None:
    cheap = qpu("cheap", 0.05, price=TaskPrice(per_task_usd=0.3))
    wanted = need("any", limits={"kind": DeviceKind.QPU, "min_fidelity": 0.8, "max_cost_usd": 2})

    choice = chosen(wanted, SIMULATOR, cheap, GOOD)

    assert choice.chosen == "good"
    assert {one.device: one.verdict for one in choice.considered} == {
        "good": Verdict.CHOSEN,
        "sim": Verdict.EXCLUDED,
        "cheap": Verdict.EXCLUDED,
    }


def test_a_named_device_is_held_to_the_constraints_too() -> None:
    assert chosen(need("good", limits={"max_cost_usd": 0.5}), GOOD, POOR).chosen is None
    assert chosen(need("poor"), GOOD, POOR).chosen == "poor"


def test_routing_costs_gates_where_qubits_have_few_neighbours() -> None:
    connected = GOOD.model_copy(update={"couplings": None})

    assert routing_overhead(GHZ, 5, GOOD) == 1.0
    assert routing_overhead(DENSE, 5, GOOD) > 1.2
    assert routing_overhead(DENSE, 5, connected) == 1.0


def test_expected_success_falls_with_every_gate_and_readout() -> None:
    assert expected_success(GHZ, 5, GOOD) == pytest.approx(0.999 * 0.995**4 * 0.98**5)


def refusal(wanted: Need, *devices: Device) -> BellpairError:
    with pytest.raises(BellpairError) as raised:
        require_suitable(wanted, devices)
    assert raised.value.code is ErrorCode.CONSTRAINTS_UNMET
    return raised.value


@pytest.mark.parametrize(
    ("limits", "pointer", "words"),
    [
        ({"min_fidelity": 0.95}, "#/constraints/min_fidelity", "the best, good, has 0.885"),
        ({"max_cost_usd": 1.2}, "#/constraints/max_cost_usd", "the cheapest, good, takes 1.3 USD"),
        ({"kind": DeviceKind.SIMULATOR}, "#/constraints/kind", "is a simulator"),
    ],
)
def test_what_no_device_can_ever_meet_is_refused_with_the_best_figure(
    limits: dict[str, Any], pointer: str, words: str
) -> None:
    error = refusal(need(limits=limits), GOOD, POOR)

    assert words in error.detail
    assert error.members["pointer"] == pointer


def test_constraints_that_no_device_meets_together_are_each_named() -> None:
    cheap = qpu("cheap", 0.2, price=TaskPrice(per_task_usd=0.3))
    error = refusal(need(limits={"min_fidelity": 0.8, "max_cost_usd": 1}), cheap, GOOD)

    assert "cheap: expected success" in error.detail
    assert "good: 1000 shots cost 1.3 USD" in error.detail


def test_a_constraint_that_a_device_meets_which_is_away_is_waited_for() -> None:
    away = qpu("away", 0.001, status=DeviceStatus.OFFLINE)

    require_suitable(need(limits={"min_fidelity": 0.89}), [away, POOR])


def test_a_wait_is_never_a_reason_to_refuse() -> None:
    crowded = GOOD.model_copy(update={"queue_depth": 1000})

    require_suitable(need(limits={"max_wait_s": 1}), [crowded])


def test_rates_that_are_not_known_yet_may_still_come() -> None:
    unknown = qpu("unknown", median_two_qubit_error=None)

    require_suitable(need(limits={"min_fidelity": 0.9}), [unknown, POOR])


def test_without_a_shape_no_fidelity_can_be_asked_for() -> None:
    error = refusal(need(limits={"min_fidelity": 0.1}, shape=None), GOOD)

    assert "OpenQASM programs only" in error.detail
