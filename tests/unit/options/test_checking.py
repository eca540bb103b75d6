"""What options may be, and what is said about those that may not."""

from __future__ import annotations

from typing import Any

import pytest

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.option import (
    LEVELS,
    OPTIONS,
    Option,
    Parameter,
    Primitive,
    checked_options,
    options_of_level,
)

pytestmark = pytest.mark.unit


def refusal(given: Any, primitive: str = "estimation") -> BellpairError:
    with pytest.raises(BellpairError) as caught:
        checked_options(given, primitive)
    assert caught.value.code is ErrorCode.OPTION_INVALID
    return caught.value


def test_options_keep_their_order_and_get_all_their_parameters() -> None:
    checked = checked_options(
        ["readout-mitigation", {"name": "zne", "scales": [1, 3], "extrapolation": "linear"}],
        Primitive.ESTIMATION,
    )

    assert [option["name"] for option in checked] == ["readout-mitigation", "zne"]
    assert checked[1] == {
        "name": "zne",
        "scales": [1, 3],
        "extrapolation": "linear",
        "degree": 2,
        "folding": "local",
    }


def test_checking_what_was_checked_changes_nothing() -> None:
    once = checked_options(["readout-mitigation", "twirling", "zne"], "estimation")

    assert checked_options(once, "estimation") == once


def test_an_unknown_option_is_named_beside_those_there_are() -> None:
    error = refusal(["readout-mitigation", "cdr"])

    assert "'cdr'" in error.detail
    assert all(name in error.remedy for name in OPTIONS)


def test_an_option_given_twice_is_named() -> None:
    error = refusal(["zne", {"name": "zne", "scales": [1, 2]}])

    assert "zne" in error.detail and "twice" in error.detail
    assert error.members["option"] == "zne"


@pytest.mark.parametrize("given", [["zne", "pec"], ["pec", "zne"]])
def test_options_that_exclude_each_other_are_both_named(given: list[str]) -> None:
    error = refusal(given)

    assert "zne" in error.detail and "pec" in error.detail
    assert "Leave" in error.remedy


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        ("readout-mitigation", "twirling"),
        ("readout-mitigation", "zne"),
        ("twirling", "zne"),
        ("dynamical-decoupling", "pec"),
    ],
)
def test_an_option_on_the_wrong_side_of_another_is_told_its_place(inner: str, outer: str) -> None:
    error = refusal([outer, inner])

    assert f"{inner} before {outer}" in error.remedy
    assert len(checked_options([inner, outer], "estimation")) == 2


@pytest.mark.parametrize("name", ["zne", "pec"])
def test_what_extrapolates_values_gives_no_counts(name: str) -> None:
    error = refusal([name], "sampling")

    assert name in error.detail and "estimation" in error.detail


@pytest.mark.parametrize(
    ("option", "parameter", "value", "allowed"),
    [
        ("zne", "scales", [1], "2 to 8 different numbers"),
        ("zne", "scales", [1, 1], "different numbers"),
        ("zne", "scales", [0.5, 2], "from 1 to 9"),
        ("zne", "scales", [1, float("nan")], "from 1 to 9"),
        ("zne", "scales", [1, "3"], "numbers"),
        ("zne", "scales", [1, [3]], "numbers"),
        ("zne", "scales", 3, "a list"),
        ("zne", "extrapolation", "cubic", '"linear"'),
        ("zne", "degree", 2.0, "a whole number from 1 to 4"),
        ("twirling", "instances", 0, "from 1 to 64"),
        ("twirling", "instances", True, "a whole number"),
        ("twirling", "gates", 1, "true or false"),
        ("readout-mitigation", "shots", 50, "from 100 to 100000"),
        ("pec", "gamma_max", float("inf"), "from 1 to 30"),
        ("dynamical-decoupling", "sequence", "udd", '"xx" or "xy4"'),
        ("dynamical-decoupling", "loss_max", None, "a number from 0 to 0.5"),
    ],
)
def test_a_parameter_that_cannot_be_is_named_with_what_it_may_be(
    option: str, parameter: str, value: Any, allowed: str
) -> None:
    error = refusal([{"name": option, parameter: value}])

    assert f"Parameter {parameter} of option {option}" in error.detail
    assert allowed in error.remedy


def test_a_parameter_that_an_option_lacks_is_named() -> None:
    error = refusal([{"name": "twirling", "copies": 4}])

    assert "'copies'" in error.detail
    assert "instances" in error.remedy


def test_a_polynomial_needs_more_scales_than_its_degree() -> None:
    error = refusal([{"name": "zne", "extrapolation": "polynomial", "degree": 3}])

    assert "degree 3 needs 4 scales" in error.detail


@pytest.mark.parametrize("one", [7, None, {}, {"name": 3}, ["zne"]])
def test_what_is_no_option_at_all_is_shown(one: Any) -> None:
    assert "is no option" in refusal([one]).detail


def test_there_is_a_limit_to_the_number_of_options() -> None:
    assert "at most 8" in refusal(["zne"] * 9).detail


@pytest.mark.parametrize("primitive", list(Primitive))
@pytest.mark.parametrize("level", range(4))
def test_each_level_is_a_stack_that_may_be_given_as_such(level: int, primitive: Primitive) -> None:
    stack = options_of_level(level, primitive)

    assert checked_options(stack, primitive) == stack
    assert [one["name"] for one in stack] == [one["name"] for one in LEVELS[primitive][level]]


@pytest.mark.parametrize("level", [-1, 4, 1.0, True, "2"])
def test_other_levels_are_refused(level: Any) -> None:
    with pytest.raises(BellpairError, match="no level"):
        options_of_level(level, "estimation")


def test_defaults_are_what_parameters_admit() -> None:
    for option in OPTIONS.values():
        for parameter in option.parameters:
            assert parameter.admits(parameter.default), (option.name, parameter.name)
        assert option.completed({})["name"] == option.name


def test_options_of_other_packages_are_checked_alike() -> None:
    echo = Option(
        "echo", "Says it again.", (), parameters=(Parameter("times", "integer", 2, "", 1),)
    )

    assert checked_options(["echo"], "sampling", {"echo": echo}) == ({"name": "echo", "times": 2},)
    with pytest.raises(BellpairError, match="times of option echo"):
        checked_options([{"name": "echo", "times": 0}], "sampling", {"echo": echo})
