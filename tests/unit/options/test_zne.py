"""Zero-noise extrapolation: fits, their errors, and the programs that it asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from bellpair.functions.errors import InvalidCall
from bellpair.functions.plan import Program
from bellpair.options import Outcome, Request, compose, overhead
from bellpair.options.extrapolation import extrapolated, polynomial_weights

from .exact_device import ExactDevice

pytestmark = pytest.mark.unit
NOTHING = np.full(4, 1e-12)
SCALES = (1.0, 1.5, 2.0, 3.0)


@pytest.mark.parametrize(
    ("model", "curve"),
    [
        ("linear", lambda s: 0.8 - 0.1 * s),
        ("polynomial", lambda s: 0.8 - 0.2 * s + 0.02 * s**2),
        ("richardson", lambda s: 0.8 - 0.2 * s + 0.02 * s**2 - 0.001 * s**3),
        ("exponential", lambda s: 0.8 * math.exp(-0.3 * s)),
        ("exponential", lambda s: -0.8 * math.exp(-0.3 * s)),
    ],
)
def test_a_model_finds_the_value_at_0_of_its_own_curve(model: str, curve: Any) -> None:
    values = np.array([curve(scale) for scale in SCALES])
    fit = extrapolated(SCALES, values, NOTHING, model)

    assert fit.value == pytest.approx(curve(0))
    assert fit.model == model


@pytest.mark.parametrize("model", ["linear", "polynomial", "richardson", "exponential"])
def test_derivatives_are_those_of_the_fit(model: str) -> None:
    values = np.array([0.7, 0.6, 0.55, 0.4])
    variances = np.array([1e-4, 2e-4, 1e-4, 3e-4])
    fit = extrapolated(SCALES, values, variances, model)
    for place in range(4):
        step = np.zeros(4)
        step[place] = 1e-5
        # The weights of an exponential's fit go with the values; its error formula holds them.
        slope = (
            extrapolated(SCALES, values + step, _held(values, variances, step, model), model).value
            - extrapolated(
                SCALES, values - step, _held(values, variances, -step, model), model
            ).value
        ) / 2e-5
        assert fit.derivatives[place] == pytest.approx(slope, rel=1e-3, abs=1e-6)


def _held(values: Any, variances: Any, step: Any, model: str) -> Any:
    return variances * ((values + step) / values) ** 2 if model == "exponential" else variances


@pytest.mark.parametrize(
    "values",
    [
        [0.05, 0.03, -0.02, 0.01],  # lost from the start
        [0.7, 0.02, -0.03, 0.01],  # lost from the second on
    ],
)
def test_an_exponential_gives_way_to_a_line_where_values_are_lost(values: list[float]) -> None:
    fit = extrapolated(SCALES, np.array(values), np.full(4, 0.02**2), "exponential")

    assert fit.model == "linear"


def test_values_lost_at_large_scales_do_not_count_in_an_exponential() -> None:
    values = np.array([0.5, 0.3, 0.2, -0.01])
    fit = extrapolated(SCALES, values, np.full(4, 0.02**2), "exponential")

    assert fit.model == "exponential"
    assert fit.derivatives[3] == 0


def test_what_follows_a_lost_value_does_not_count_however_clear_it_seems() -> None:
    values = np.array([0.5, 0.3, 0.01, 0.1])
    fit = extrapolated(SCALES, values, np.full(4, 0.02**2), "exponential")

    assert fit.model == "exponential"
    assert fit.derivatives[2:].tolist() == [0, 0]


MODELS = ["linear", "polynomial", "richardson", "exponential"]


@pytest.mark.parametrize("model", MODELS)
def test_values_at_one_scale_are_not_extrapolated(model: str) -> None:
    fit = extrapolated((1.0,) * 3, np.array([0.9, 0.9, 0.6]), np.array([1e-4, 1e-4, 2e-4]), model)

    assert fit.model == "not extrapolated"
    assert fit.value == pytest.approx((0.9 + 0.9 + 0.6 / 2) / 2.5)
    assert fit.derivatives == pytest.approx([0.4, 0.4, 0.2])


@pytest.mark.parametrize("model", MODELS)
def test_values_at_equal_scales_count_as_one(model: str) -> None:
    values, variances = np.array([0.8, 0.6, 0.5]), np.array([1e-4, 1e-4, 1e-4])
    once = extrapolated((1.0, 3.0), np.array([0.7, 0.5]), np.array([5e-5, 1e-4]), model)
    twice = extrapolated((1.0, 1.0, 3.0), values, variances, model)

    assert twice.value == pytest.approx(once.value)
    assert twice.derivatives[0] == pytest.approx(once.derivatives[0] / 2)
    assert twice.derivatives[2] == pytest.approx(once.derivatives[1])


DECAY = {"ZI": 0.6, "IZ": 0.5, "ZZ": 0.4}
RATES = {"ZI": 0.1, "IZ": 0.25, "ZZ": 0.3}
OBSERVABLE = {"ZI": 1.0, "IZ": 0.5, "ZZ": 2.0}
EXACT = sum(OBSERVABLE[string] * DECAY[string] for string in OBSERVABLE)


def dying(transforms: Mapping[str, Any]) -> dict[str, float]:
    """Two bits whose strings' values die away, each in its own way."""
    scale = transforms.get("fold", {}).get("scale", 1.0)
    value = {string: DECAY[string] * math.exp(-RATES[string] * scale) for string in DECAY}
    return {
        f"{high}{low}": (
            1
            + (1 - 2 * high) * value["ZI"]
            + (1 - 2 * low) * value["IZ"]
            + (1 - 2 * high) * (1 - 2 * low) * value["ZZ"]
        )
        / 4
        for high in (0, 1)
        for low in (0, 1)
    }


def estimated(stack: list[Any], shots: int = 3_000_000, **changes: Any) -> Outcome:
    device = ExactDevice(dying, ((0.0, 0.0), (0.0, 0.0)), **changes)
    plan = compose(stack, seed=3).plan([Request(Program("circuit", shots), OBSERVABLE)])
    return plan.read(device.run(plan.programs))[0]


def test_each_string_is_extrapolated_by_itself() -> None:
    raw, mitigated = estimated([]), estimated(["zne"])

    assert abs(raw.expectation - EXACT) > 0.3
    assert mitigated.expectation == pytest.approx(EXACT, abs=1e-4)
    assert mitigated.notes["zne"]["models"] == {"exponential": 3}
    assert mitigated.counts == {}
    assert mitigated.standard_error > raw.standard_error


def test_the_scales_that_folding_came_to_are_those_that_count() -> None:
    def off(transforms: Mapping[str, Any]) -> dict[str, Any]:
        return {"scale": transforms["fold"]["scale"]}

    told = estimated([{"name": "zne", "scales": [1, 2]}], facts=off)
    equal = estimated([{"name": "zne", "scales": [1, 2]}], facts=lambda transforms: {"scale": 7.0})

    assert told.expectation == pytest.approx(EXACT, abs=1e-4)
    assert equal.notes["zne"]["scales"] == [7.0, 7.0]
    assert equal.notes["zne"]["models"] == {"not extrapolated": 3}


def test_the_error_told_is_what_values_spread_by() -> None:
    dice = np.random.default_rng(5)

    class Sampled(ExactDevice):
        def _run(self, program: Program) -> Any:
            exact = super()._run(program)
            weights = np.array(list(exact.counts.values()), dtype=float)
            drawn = dice.multinomial(program.shots, weights / weights.sum()).tolist()
            counts = {t: n for t, n in zip(exact.counts, drawn, strict=True) if n}
            return type(exact)(counts, exact.shots, exact.bits, exact.readout)

    for model in ("linear", "exponential"):
        device = Sampled(dying, ((0.0, 0.0), (0.0, 0.0)))
        request = Request(Program("circuit", 20_000), OBSERVABLE)
        plan = compose([{"name": "zne", "extrapolation": model}]).plan([request])
        found = [plan.read(device.run(plan.programs))[0] for _ in range(200)]
        spread = np.std([one.expectation for one in found])

        assert spread == pytest.approx(np.mean([one.standard_error for one in found]), rel=0.2)


def test_shots_are_shared_out_and_none_are_added() -> None:
    plan = compose([{"name": "zne", "scales": [1, 3]}]).plan(
        [Request(Program("circuit", 1000), OBSERVABLE), Request(Program("other", 7), OBSERVABLE)]
    )
    folds = [program.transforms[0] for program in plan.programs]

    assert [program.shots for program in plan.programs] == [750, 250, 5, 2]
    assert [fold["scale"] for fold in folds] == [1.0, 3.0, 1.0, 3.0]
    assert all(fold["name"] == "fold" and fold["method"] == "local" for fold in folds)
    assert len({fold["seed"] for fold in folds}) == 4


def test_the_shots_factor_is_what_a_line_costs() -> None:
    weights = polynomial_weights((1.0, 3.0), 1)

    assert weights == pytest.approx([1.5, -0.5])
    assert overhead([{"name": "zne", "scales": [1, 3]}]) == {
        "programs": 2,
        "shots_factor": pytest.approx(4.0),
        "extra_programs": 0,
        "extra_shots": 0,
    }


def test_counts_cannot_be_extrapolated() -> None:
    with pytest.raises(InvalidCall, match="zne") as caught:
        compose(["zne"]).plan([Request(Program("circuit", 10))])
    assert "estimate an observable" in str(caught.value.remedy)
