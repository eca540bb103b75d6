"""Stacks of options: found, checked, and in agreement with the service's table."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bellpair.functions.errors import InvalidCall
from bellpair.functions.plan import Measured, Program
from bellpair.options import (
    LEVELS,
    DeviceBackend,
    EnrichedExecutionBackend,
    ExecutionBackend,
    Outcome,
    Plan,
    Request,
    compose,
    installed_options,
    options_of_level,
    overhead,
)
from bellpair.options.sharing import summed
from bellpair.options.stack import GROUP, OWN
from bellpair_core.model import option as service
from bellpair_core.model.errors import BellpairError

pytestmark = pytest.mark.unit
STACKS: list[list[Any]] = [
    ["readout-mitigation", "cdr"],
    ["zne", "zne"],
    ["zne", "pec"],
    ["pec", "zne"],
    ["twirling", "readout-mitigation"],
    ["zne", "twirling"],
    ["pec", "dynamical-decoupling"],
    [{"name": "twirling", "copies": 3}],
    [{"name": "twirling", "instances": 0}],
    [{"name": "twirling", "instances": True}],
    [{"name": "twirling", "gates": "yes"}],
    [{"name": "zne", "scales": [1, 1]}],
    [{"name": "zne", "scales": [1, 9.5]}],
    [{"name": "zne", "scales": [1, float("nan")]}],
    [{"name": "zne", "extrapolation": "cubic"}],
    [{"name": "zne", "degree": 1.5}],
    [{"name": "zne", "extrapolation": "polynomial", "degree": 4}],
    [{"name": "pec", "gamma_max": 0.5}],
    [{"name": "pec", "instances": 9}],
    [{"name": "readout-mitigation", "method": "guess"}],
    [{"name": "readout-mitigation", "shots": 99}],
    [{"name": "readout-mitigation", "physical": 1}],
    [{"name": "dynamical-decoupling", "sequence": "udd"}],
    [{"name": "dynamical-decoupling", "loss_max": 0.6}],
    [{}],
    [3],
]


def test_the_packages_own_options_are_its_entry_points() -> None:
    root = Path(__file__).parents[3]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert project["entry-points"][GROUP] == OWN
    assert installed_options().keys() >= service.OPTIONS.keys() == OWN.keys()
    assert all(name == kind.name for name, kind in installed_options().items())


@pytest.mark.parametrize("option", service.OPTIONS.values(), ids=lambda option: option.name)
def test_decorators_agree_with_the_services_table(option: service.Option) -> None:
    kind = installed_options()[option.name]
    own = {
        name: parameter.default
        for name, parameter in inspect.signature(kind).parameters.items()
        if name not in ("within", "seed")
    }

    assert own == {parameter.name: parameter.default for parameter in option.parameters}
    assert kind.excludes == option.excludes
    assert kind.outside_of == option.outside_of


def test_levels_agree_with_the_services_table() -> None:
    assert {primitive.value: stacks for primitive, stacks in service.LEVELS.items()} == LEVELS


@pytest.mark.parametrize("stack", STACKS, ids=str)
def test_what_the_service_refuses_is_refused_here_with_a_remedy(stack: list[Any]) -> None:
    with pytest.raises(BellpairError) as theirs:
        service.checked_options(stack, "estimation")
    with pytest.raises(InvalidCall) as ours:
        compose(stack)

    assert ours.value.remedy
    for one in stack:
        name = one.get("name", "") if isinstance(one, dict) else str(one)
        if name in theirs.value.detail:
            assert name in str(ours.value)


@pytest.mark.parametrize("level", range(4))
@pytest.mark.parametrize("primitive", ["sampling", "estimation"])
def test_every_level_composes_as_given_and_as_completed(primitive: str, level: int) -> None:
    observable = {"ZZ": 1.0} if primitive == "estimation" else None
    request = Request(Program("circuit", 4000), observable)
    given = compose(options_of_level(level, primitive), seed=1).plan([request])
    complete = compose(service.options_of_level(level, primitive), seed=1).plan([request])
    told = overhead(options_of_level(level, primitive))

    assert given.programs == complete.programs
    assert len(given.programs) == told["programs"] + told["extra_programs"]
    own = sum(program.shots for program in given.programs)
    assert own == 4000 + told["extra_shots"]


def test_what_a_stack_costs_is_told_before() -> None:
    prices = {"per_task_usd": 0.3, "per_shot_usd": 0.001}

    assert overhead([], shots=1000, **prices)["cost_usd"] == pytest.approx(1.3)
    assert overhead(["zne"], shots=1000, **prices)["cost_usd"] == pytest.approx(1.9)
    measured = {"name": "readout-mitigation", "method": "measured", "shots": 500}
    stack = [measured, {"name": "twirling", "instances": 4}]
    assert overhead(stack, shots=1000, **prices)["cost_usd"] == pytest.approx(6 * 0.3 + 2.0)


@pytest.mark.parametrize("further", [[], [{"name": "twirling", "instances": 4}]], ids=str)
def test_calibration_circuits_are_told_before_as_they_are_run(further: list[Any]) -> None:
    stack = [{"name": "readout-mitigation", "method": "measured", "shots": 500}, *further]
    # A sweep's two sets are one circuit.
    requests = [Request(Program("circuit", 4000, values=(value,))) for value in (0.1, 0.2)]
    programs = compose(stack, seed=1).plan(requests).programs
    complete = service.checked_options(stack, "sampling")
    told = overhead(stack)

    assert len(programs) == 2 * told["programs"] + told["extra_programs"]
    assert sum(program.shots for program in programs) == 8000 + told["extra_shots"]
    assert service.calibrations_of(complete) == (told["extra_programs"], told["extra_shots"])
    assert service.forms_of(complete, shots=4000) == told["programs"]


@pytest.mark.parametrize("name", ["zne", "twirling", "pec", "dynamical-decoupling"])
def test_the_service_counts_an_options_circuits_as_it_does(name: str) -> None:
    (complete,) = service.checked_options([name], "estimation")

    assert service.forms_of([complete], shots=10**6) == overhead([name])["programs"]
    assert service.forms_of([complete], shots=2) <= 2


@pytest.mark.parametrize("level", [-1, 4, 2.0, True, None])
def test_other_levels_are_refused(level: Any) -> None:
    with pytest.raises(InvalidCall, match="no level"):
        options_of_level(level, "sampling")


def test_without_options_there_is_the_device_alone() -> None:
    assert isinstance(compose([]), DeviceBackend)
    plan = compose([]).plan([Request(Program("c", 10), {"ZZ": 0.5, "IZ": 1.0, "II": 3.0})])
    outcome = plan.read([Measured({"01": 6, "11": 4}, 10, 2)])[0]

    assert outcome.expectation == pytest.approx(3 - 1 + 0.5 * (-0.6 + 0.4))
    assert outcome.terms is not None
    assert dict(zip(outcome.terms.strings, outcome.terms.values, strict=True)) == pytest.approx(
        {"ZZ": -0.2, "IZ": -1.0, "II": 1.0}
    )
    # Of the three only ZZ spreads, between -1 (six times) and 1.
    assert outcome.standard_error == pytest.approx(0.5 * (0.96 / 9) ** 0.5)


class Repeated(EnrichedExecutionBackend):
    """As another package may bring it: the same circuit several times, and the mean."""

    name = "repeated"

    def __init__(self, within: ExecutionBackend, *, seed: int = 0, times: int = 2) -> None:
        super().__init__(within, seed=seed)
        self.times = times

    def plan(self, requests: Sequence[Request]) -> Plan:
        inner = self.within.plan([one for one in requests for _ in range(self.times)])

        def read(measured: Sequence[Measured]) -> list[Outcome]:
            outcomes = iter(inner.read(measured))
            found = [[next(outcomes) for _ in range(self.times)] for _ in requests]
            return [
                replace(own[0], counts=summed([one.counts for one in own]), notes={"repeated": 1})
                for own in found
            ]

        return Plan(inner.programs, read)


def test_an_option_of_another_package_stands_among_the_others() -> None:
    known = {**installed_options(), "repeated": Repeated}
    stack = ["readout-mitigation", {"name": "repeated", "times": 3}]
    plan = compose(stack, known=known).plan([Request(Program("c", 10))])
    outcome = plan.read([Measured({"0": 10}, 10, 1)] * 3)[0]

    assert len(plan.programs) == 3
    assert outcome.counts == {"0": 30}
    with pytest.raises(InvalidCall, match="no parameter 'often'"):
        compose([{"name": "repeated", "often": 3}], known=known)
    with pytest.raises(InvalidCall, match="no option 'repeated'"):
        compose(stack)


def test_flipped_bits_are_taken_back_with_their_chances() -> None:
    pairs = ((0.1, 0.2), (0.3, 0.4), None)
    measured = Measured({"011": 7, "110": 3}, 10, 3, pairs, (4, 5, None), {"flips": [True, 0, 0]})
    outcome = compose([]).plan([Request(Program("c", 10))]).read([measured])[0]

    assert outcome.counts == {"010": 7, "111": 3}
    assert outcome.readout == ((0.2, 0.1), (0.3, 0.4), None)
    assert outcome.flips == (True, False, False)


@pytest.mark.parametrize("string", ["Z", "ZZZ", ""])
def test_an_observable_of_another_length_than_the_bits_is_refused(string: str) -> None:
    plan = compose([]).plan([Request(Program("c", 10), {string: 1.0})])
    with pytest.raises(InvalidCall, match="2 bits are measured"):
        plan.read([Measured({"01": 10}, 10, 2)])


def test_one_shot_tells_no_more_than_that_values_are_bounded() -> None:
    plan = compose([]).plan([Request(Program("c", 1), {"Z": 0.5})])
    outcome = plan.read([Measured({"0": 1}, 1, 1)])[0]

    assert (outcome.expectation, outcome.standard_error) == (0.5, 0.5)
