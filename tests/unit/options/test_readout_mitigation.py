"""Readout errors are taken out of counts and of expectation values, at any width."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pytest

from bellpair.functions.errors import CallFailed
from bellpair.functions.plan import Program
from bellpair.options import Outcome, Request, compose
from bellpair.options import inversion as inversion_module
from bellpair.options.inversion import chances_of, inverted, nearest_physical

from .exact_device import ExactDevice, misread

pytestmark = pytest.mark.unit

IDEAL = {"010": 0.5, "111": 0.3, "001": 0.2}
CHANCES = ((0.02, 0.05), (0.01, 0.08), (0.1, 0.03))
SHOTS = 100_000
OBSERVABLE = {"ZIZ": 2.0, "IZI": -0.5, "ZZZ": 0.25}
VALUES = {"ZIZ": 0.5 + 0.3 - 0.2, "IZI": -0.5 - 0.3 + 0.2, "ZZZ": -0.5 - 0.3 - 0.2}
EXACT = sum(OBSERVABLE[string] * VALUES[string] for string in OBSERVABLE)


def outcome(
    device: ExactDevice,
    stack: list[Any],
    observable: Mapping[str, float] | None = None,
    shots: int = SHOTS,
) -> Outcome:
    plan = compose(stack, seed=5).plan([Request(Program("circuit", shots), observable)])
    return plan.read(device.run(plan.programs))[0]


def device(**changes: Any) -> ExactDevice:
    return ExactDevice(lambda transforms: IDEAL, CHANCES, **changes)


def test_without_it_counts_are_what_was_read() -> None:
    read = outcome(device(), [])

    assert read.counts["010"] < 0.46 * SHOTS
    assert read.readout == CHANCES


@pytest.mark.parametrize("twirl", [[], [{"name": "twirling", "gates": False}]])
@pytest.mark.parametrize("method", ["snapshot", "measured"])
def test_counts_come_near_those_that_should_have_been_read(method: str, twirl: list[Any]) -> None:
    option = {"name": "readout-mitigation", "method": method, "shots": 100_000}
    mitigated = outcome(device(), [option, *twirl])

    assert sum(mitigated.counts.values()) == pytest.approx(SHOTS, rel=1e-3)
    for text, probability in IDEAL.items():
        assert mitigated.counts[text] / SHOTS == pytest.approx(probability, abs=2e-3)
    assert mitigated.notes["readout-mitigation"]["chances"] == method
    assert mitigated.notes["readout-mitigation"]["inversion"] == "full"
    assert mitigated.notes["readout-mitigation"]["mean_error"] == pytest.approx(0.29 / 6, abs=1e-4)


@pytest.mark.parametrize("method", ["snapshot", "measured"])
@pytest.mark.parametrize("twirl", [[], [{"name": "twirling", "gates": False}]])
def test_expectation_values_come_near_the_exact_ones(method: str, twirl: list[Any]) -> None:
    option = {"name": "readout-mitigation", "method": method, "shots": 100_000}
    raw = outcome(device(), twirl, OBSERVABLE)
    mitigated = outcome(device(), [option, *twirl], OBSERVABLE)

    assert raw.expectation is not None and abs(raw.expectation - EXACT) > 0.1
    assert mitigated.expectation == pytest.approx(EXACT, abs=4e-3)
    assert mitigated.terms is not None
    for string, value in zip(mitigated.terms.strings, mitigated.terms.values, strict=True):
        assert value == pytest.approx(VALUES[string], abs=3e-3)


def test_measured_chances_are_right_where_the_snapshot_is_wrong() -> None:
    wrong = ((0.0, 0.0), (0.05, 0.01), (0.0, 0.0))
    by_snapshot = outcome(device(told=wrong), ["readout-mitigation"], OBSERVABLE)
    option = {"name": "readout-mitigation", "method": "measured", "shots": 50_000}
    by_measurement = outcome(device(told=wrong), [option], OBSERVABLE)

    assert abs(by_snapshot.expectation - EXACT) > 0.1
    assert by_measurement.expectation == pytest.approx(EXACT, abs=4e-3)
    assert by_measurement.notes["readout-mitigation"]["extra_shots"] == 100_000


def test_each_different_circuit_is_calibrated_once() -> None:
    requests = [Request(Program(source, 100)) for source in ("one", "two", "one")]
    plan = compose([{"name": "readout-mitigation", "method": "measured"}]).plan(requests)
    prepared = [p for p in plan.programs if any(t["name"] == "prepare" for t in p.transforms)]

    assert len(plan.programs) == 3 + 4
    assert [(p.source, p.transforms[0]["state"], p.shots) for p in prepared] == [
        ("one", "zeros", 2048),
        ("one", "ones", 2048),
        ("two", "zeros", 2048),
        ("two", "ones", 2048),
    ]


def test_calibration_circuits_that_were_not_prepared_are_no_calibration() -> None:
    class Simple(ExactDevice):
        def _run(self, program: Program) -> Any:
            plain = super()._run(Program(program.source, program.shots))
            return type(plain)(plain.counts, plain.shots, plain.bits)

    simple = Simple(lambda transforms: IDEAL, CHANCES)
    read = outcome(simple, [{"name": "readout-mitigation", "method": "measured"}])

    assert read.counts == outcome(simple, []).counts
    assert read.notes["readout-mitigation"]["chances"] is None


def test_a_device_that_tells_nothing_is_left_alone_and_that_is_said() -> None:
    silent = device(told=(None, None, None))
    read = outcome(silent, ["readout-mitigation"], OBSERVABLE)

    assert read.expectation == outcome(silent, [], OBSERVABLE).expectation
    assert read.notes["readout-mitigation"]["why"] == "none are known"


def test_bits_without_a_qubit_are_left_as_they_are() -> None:
    part = ExactDevice(lambda transforms: IDEAL, (CHANCES[0], None, CHANCES[2]))
    mitigated = outcome(part, ["readout-mitigation"])

    for text, probability in IDEAL.items():
        assert mitigated.counts[text] / SHOTS == pytest.approx(probability, abs=2e-3)


def test_negative_counts_are_given_where_they_are_asked_for() -> None:
    few = ExactDevice(lambda transforms: {"000": 1.0}, CHANCES, told=((0.05, 0.05),) * 3)
    quasi = outcome(few, [{"name": "readout-mitigation", "physical": False}])
    physical = outcome(few, ["readout-mitigation"])

    assert min(quasi.counts.values()) < 0 <= min(physical.counts.values())
    assert quasi.notes["readout-mitigation"]["negative"] > 0
    assert sum(quasi.counts.values()) == pytest.approx(SHOTS)
    assert sum(physical.counts.values()) == pytest.approx(SHOTS)


def test_standard_errors_are_what_values_spread_by() -> None:
    dice = np.random.default_rng(3)
    read = misread(IDEAL, CHANCES)
    texts, weights = list(read), list(read.values())
    found, told = [], []
    for _ in range(400):
        counts = dict(zip(texts, dice.multinomial(500, weights).tolist(), strict=True))
        one = outcome(_Given(counts), ["readout-mitigation"], OBSERVABLE, 500)
        found.append(one.expectation)
        told.append(one.standard_error)

    assert np.mean(found) == pytest.approx(EXACT, abs=0.02)
    assert np.std(found) == pytest.approx(np.mean(told), rel=0.15)


class _Given(ExactDevice):
    def __init__(self, counts: Mapping[str, int]) -> None:
        super().__init__(lambda transforms: IDEAL, CHANCES)
        self.given = counts

    def _run(self, program: Program) -> Any:
        exact = super()._run(program)
        counts = {text: number for text, number in self.given.items() if number}
        return type(exact)(counts, exact.shots, exact.bits, exact.readout, exact.qubits)


def test_the_nearest_physical_distribution_is_nearer_than_any_other() -> None:
    dice = np.random.default_rng(8)
    for _ in range(20):
        numbers = dice.normal(size=6)
        quasi = dict(zip("abcdef", (numbers + (1 - numbers.sum()) / 6).tolist(), strict=True))
        nearest = nearest_physical(quasi)
        own = sum((quasi[text] - nearest.get(text, 0.0)) ** 2 for text in quasi)

        assert sum(nearest.values()) == pytest.approx(1)
        assert min(nearest.values()) > 0
        for other in dice.dirichlet(np.full(6, 0.5), 300):
            distance = sum((quasi[t] - p) ** 2 for t, p in zip(quasi, other, strict=True))
            assert own <= distance + 1e-12


WIDE = [(0.01 + 0.002 * bit, 0.02 + 0.003 * bit) for bit in range(16)]


def test_wide_distributions_are_solved_for_on_the_strings_that_were_read() -> None:
    ideal = {"0" * 16: 0.5, "1" * 16: 0.5}
    counts = _sampled(ideal, WIDE, 4000)
    quasi = inverted(counts, chances_of(WIDE))
    physical = nearest_physical(quasi)

    assert set(physical) <= set(counts)
    assert sum(counts.get(text, 0) for text in ideal) < 0.6
    assert sum(physical.get(text, 0) for text in ideal) > 0.93


def test_solving_on_all_strings_is_the_full_inverse() -> None:
    chances = chances_of(WIDE[:5])
    dice = np.random.default_rng(1)
    every = ["".join(bits) for bits in product("01", repeat=5)]
    read = dict(zip(every, dice.dirichlet(np.ones(32)).tolist(), strict=True))
    full = inverted(read, chances)
    solved = inversion_module._inverted_on_strings(read, chances)

    assert all(solved[text] == pytest.approx(full[text], abs=1e-5) for text in every)


def test_many_strings_are_solved_for_by_iteration_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    read = _sampled({"0" * 16: 0.5, "10" * 8: 0.5}, WIDE, 3000)
    direct = inverted(read, chances_of(WIDE))
    monkeypatch.setattr(inversion_module, "_DIRECT_MAX", 10)
    monkeypatch.setattr(inversion_module, "_BLOCK", 5000)
    iterated = inverted(read, chances_of(WIDE))

    assert all(iterated[text] == pytest.approx(direct[text], abs=1e-5) for text in read)


@pytest.mark.parametrize("error", [0.1, 0.25])
def test_large_errors_on_dense_strings_are_solved_for_too(
    error: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The matrix' diagonal is below 1/2 by far: correcting by it alone would diverge.
    chances = chances_of([(error, 1.2 * error)] * 7)
    every = ["".join(bits) for bits in product("01", repeat=7)]
    numbers = np.random.default_rng(2).dirichlet(np.ones(128))
    read = misread(dict(zip(every, numbers.tolist(), strict=True)), chances.tolist())
    full = inverted(read, chances)
    monkeypatch.setattr(inversion_module, "_DIRECT_MAX", 10)
    solved = inversion_module._inverted_on_strings(read, chances)

    assert all(solved[text] == pytest.approx(full[text], abs=1e-3) for text in every)


def test_what_cannot_be_solved_for_is_left_as_read_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inversion_module, "_DIRECT_MAX", 10)
    monkeypatch.setattr(inversion_module, "_ROUNDS_MAX", 2)
    wide = ExactDevice(lambda transforms: {"0" * 13: 1.0}, [(0.1, 0.1)] * 13)
    read = outcome(wide, ["readout-mitigation"], shots=1000)

    assert read.counts == outcome(wide, [], shots=1000).counts
    assert read.notes["readout-mitigation"]["inversion"] is None
    assert "too large" in read.notes["readout-mitigation"]["why"]


def test_too_many_strings_are_left_as_read_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inversion_module, "STRINGS_MAX", 2)
    bits = [(0.01, 0.02)] * 13
    wide = ExactDevice(lambda transforms: {"0" * 13: 1.0}, bits)
    read = outcome(wide, ["readout-mitigation"], shots=1000)

    assert read.counts == outcome(wide, [], shots=1000).counts
    assert "too many" in read.notes["readout-mitigation"]["why"]


def test_a_bit_that_is_read_at_random_is_named() -> None:
    blind = ExactDevice(lambda transforms: IDEAL, (CHANCES[0], (0.5, 0.48), CHANCES[2]))
    with pytest.raises(CallFailed, match="Bit 1 is read"):
        outcome(blind, ["readout-mitigation"])
    with pytest.raises(CallFailed, match="Bit 1 is read"):
        outcome(blind, ["readout-mitigation"], OBSERVABLE)
    assert outcome(blind, ["readout-mitigation"], {"IIZ": 1.0}).expectation is not None


def _sampled(ideal: Mapping[str, float], chances: Any, shots: int) -> dict[str, float]:
    dice = np.random.default_rng(4)
    counts: dict[str, float] = {}
    for text in dice.choice(list(ideal), shots, p=list(ideal.values())):
        read = "".join(
            "10"[int(bit)] if dice.random() < pair[int(bit)] else bit
            for bit, pair in zip(text, reversed(chances), strict=True)
        )
        counts[read] = counts.get(read, 0.0) + 1 / shots
    return counts
