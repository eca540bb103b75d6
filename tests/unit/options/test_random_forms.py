"""Options that run a circuit in several forms: twirling, error cancellation, decoupling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from bellpair.functions.errors import InvalidCall
from bellpair.functions.plan import Program
from bellpair.options import Request, compose, overhead
from bellpair.options.pec import gamma_of
from bellpair.options.sharing import shared
from bellpair_quantum.transforms.pauli_insert import quasi_probability

from .exact_device import ExactDevice

pytestmark = pytest.mark.unit
IDEAL = {"00": 0.7, "01": 0.2, "11": 0.1}
NONE = ((0.0, 0.0), (0.0, 0.0))


def test_a_twirls_forms_share_the_shots_and_have_seeds_of_their_own() -> None:
    plan = compose(["twirling"], seed=4).plan(
        [Request(Program("circuit", 1003)), Request(Program("circuit", 3))]
    )
    first, second = plan.programs[:8], plan.programs[8:]

    assert [program.shots for program in first] == [126, 126, 126, 125, 125, 125, 125, 125]
    assert [program.shots for program in second] == [1, 1, 1]
    assert [one["name"] for one in first[0].transforms] == ["twirl", "measure-twirl"]
    seeds = {str(program.transforms) for program in plan.programs}
    assert len(seeds) == 11


def test_equal_seeds_plan_equal_programs() -> None:
    def programs(seed: int) -> tuple[Program, ...]:
        stack = ["readout-mitigation", "twirling", "zne"]
        return compose(stack, seed=seed).plan([Request(Program("c", 900), {"ZZ": 1.0})]).programs

    assert programs(1) == programs(1)
    assert programs(1) != programs(2)


def test_the_forms_counts_are_added_up_with_their_flips_taken_back() -> None:
    device = ExactDevice(lambda transforms: IDEAL, NONE)
    plan = compose(["twirling"], seed=9).plan([Request(Program("circuit", 8000), {"ZZ": 1.0})])
    outcome = plan.read(device.run(plan.programs))[0]

    assert outcome.counts == {"00": 5600, "01": 1600, "11": 800}
    assert outcome.shots == 8000
    assert outcome.expectation == pytest.approx(0.6)
    assert outcome.standard_error == pytest.approx((0.64 / 8000) ** 0.5, rel=1e-2)
    assert outcome.notes["twirling"] == {"instances": 8}


def test_chances_of_flipped_bits_are_turned_round_for_those_further_out() -> None:
    device = ExactDevice(lambda transforms: IDEAL, ((0.01, 0.05), (0.02, 0.1)))
    plan = compose([{"name": "twirling", "instances": 64}]).plan([Request(Program("c", 64_000))])
    outcome = plan.read(device.run(plan.programs))[0]

    assert outcome.readout is not None
    for pair, total in zip(outcome.readout, (0.06, 0.12), strict=True):
        assert sum(pair) == pytest.approx(total)
        # By half of the forms flipped they would be equal; by 64 random ones, nearly.
        assert pair[0] == pytest.approx(pair[1], rel=0.6)


def signed(transforms: Mapping[str, Any]) -> dict[str, Any]:
    insert = transforms["pauli-insert"]
    odd = insert["draw"] == "struck" and insert["seed"] % 4
    return {"gamma": 1.5, "clear": 0.8, "sign": -1 if odd else 1}


def test_cancellation_counts_each_form_with_its_sign_share_and_gamma() -> None:
    device = ExactDevice(lambda transforms: IDEAL, NONE, facts=signed)
    plan = compose(["pec"], seed=1).plan([Request(Program("circuit", 19_900), {"ZZ": 2.0})])
    outcome = plan.read(device.run(plan.programs))[0]
    signs = [signed({one["name"]: one for one in p.transforms})["sign"] for p in plan.programs]

    assert len(plan.programs) == 100
    assert plan.programs[0].transforms[0]["draw"] == "clear"
    assert plan.programs[0].shots == 11_940
    assert {program.transforms[0]["draw"] for program in plan.programs[1:]} == {"struck"}
    assert sum(program.shots for program in plan.programs) == 19_900
    mean = np.mean(signs[1:])
    assert outcome.expectation == pytest.approx(1.5 * (0.8 + 0.2 * mean) * 1.2, rel=5e-3)
    draws = (0.2 * 0.6 * np.std(signs[1:], ddof=1)) ** 2 / 99
    clear = 0.8**2 * 0.64 / 11_940
    assert outcome.standard_error == pytest.approx(3 * (draws + clear) ** 0.5, rel=2e-2)
    assert outcome.notes["pec"] == {
        "gamma": 1.5,
        "shots_factor": 2.25,
        "instances": 100,
        "clear": 0.8,
        "negative": signs.count(-1),
    }


@pytest.mark.parametrize("shots", [1, 2, 5])
def test_cancellation_with_hardly_any_shots_says_how_little_it_knows(shots: int) -> None:
    device = ExactDevice(lambda transforms: {"00": 1.0}, NONE, facts=signed)
    plan = compose(["pec"], seed=1).plan([Request(Program("circuit", shots), {"ZZ": 1.0})])
    outcome = plan.read(device.run(plan.programs))[0]

    assert sum(program.shots for program in plan.programs) == shots
    assert outcome.standard_error is not None and outcome.standard_error >= 0


def test_cancellation_without_errors_to_cancel_changes_nothing() -> None:
    device = ExactDevice(lambda transforms: IDEAL, NONE)
    plan = compose(["pec"]).plan([Request(Program("circuit", 10_000), {"ZZ": 2.0})])
    outcome = plan.read(device.run(plan.programs))[0]

    assert outcome.expectation == pytest.approx(1.2)


@pytest.mark.parametrize("error", [0.0, 0.002, 0.01, 0.08])
def test_gamma_is_told_before_as_the_compiler_finds_it(error: float) -> None:
    assert gamma_of(error) == pytest.approx(quasi_probability(error, 2).gamma)
    told = overhead(["pec"], two_qubit_gates=12, two_qubit_error=error)
    assert told["shots_factor"] == pytest.approx(gamma_of(error) ** 24)
    assert told["programs"] == 100


def test_counts_cannot_be_cancelled() -> None:
    with pytest.raises(InvalidCall, match="pec"):
        compose(["pec"]).plan([Request(Program("circuit", 10))])


def test_decoupling_asks_the_compiler_and_tells_how_many_pulses() -> None:
    device = ExactDevice(lambda transforms: IDEAL, NONE, facts=lambda transforms: {"decoupled": 6})
    plan = compose([{"name": "dynamical-decoupling", "sequence": "xy4"}]).plan(
        [Request(Program("circuit", 100))]
    )

    assert plan.programs[0].transforms == (
        {"name": "decouple", "sequence": "xy4", "loss_max": 0.01},
    )
    outcome = plan.read(device.run(plan.programs))[0]
    assert outcome.notes == {"dynamical-decoupling": {"pulses": 6}}


def test_the_outermost_option_transforms_first() -> None:
    stack = ["dynamical-decoupling", "readout-mitigation", "twirling", "zne"]
    plan = compose(stack).plan([Request(Program("circuit", 900), {"ZZ": 1.0})])

    assert [one["name"] for one in plan.programs[0].transforms] == [
        "fold",
        "twirl",
        "measure-twirl",
        "decouple",
    ]


@pytest.mark.parametrize("shots", [1, 2, 3, 10, 101, 9999])
@pytest.mark.parametrize("weights", [[1.0], [1.5, 0.5], [1.0, 1.0, 1.0], [0.01, 5.0, 0.3]])
def test_shots_are_shared_out_to_the_last_one(shots: int, weights: list[float]) -> None:
    parts = shared(shots, weights)

    assert min(parts) >= 1
    assert sum(parts) == max(shots, len(weights))
    if shots > 1000:
        exact = np.array(weights) / sum(weights) * shots
        assert np.abs(np.array(parts) - exact).max() <= len(weights)
