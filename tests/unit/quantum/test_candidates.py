"""Of several compiled forms the one is taken that the calibration speaks for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain, count
from typing import Any

import pytest

from bellpair_core.model.device import DeviceTarget
from bellpair_core.model.limits import CALIBRATION_AGE_MAX
from bellpair_quantum import CompiledProgram, CompileOptions, compile_program
from tests.unit.quantum.devices import EVERY_QPU, ION, SQUARE, lattice
from tests.unit.quantum.distributions import distance, of_compiled, of_source
from tests.unit.quantum.test_meaning import H2, random_program

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
UNHURRIED = CompileOptions(seeds=(0, 1), budget_s=3600)
RING = (
    f"{H2}qreg q[5]; creg c[5]; h q; "
    + " ".join(f"rzz(0.{i + 3}) q[{i}],q[{j}];" for i in range(5) for j in range(i))
    + " rx(0.7) q; measure q -> c;"
)


def ticking(step: float) -> Callable[[], float]:
    """A stopwatch by which each look takes ``step`` seconds."""
    ticks = count()
    return lambda: step * next(ticks)


def tried(compiled: CompiledProgram) -> list[dict[str, Any]]:
    candidates = compiled.metrics["candidates"]
    assert sum(each["chosen"] for each in candidates) == 1
    return list(candidates)


@pytest.mark.parametrize("device", EVERY_QPU, ids=lambda d: f"{d.device}-{d.native_gates[-1]}")
@pytest.mark.parametrize("seed", range(3))
def test_the_form_most_likely_to_succeed_is_taken(device: DeviceTarget, seed: int) -> None:
    compiled = compile_program(random_program(5, seed), "2.0", device, options=UNHURRIED)
    candidates = tried(compiled)
    best = max(each["estimated_success"] for each in candidates)
    (chosen,) = (each for each in candidates if each["chosen"])
    assert chosen["estimated_success"] == pytest.approx(best)
    assert compiled.estimated_success == pytest.approx(best)
    assert chosen["two_qubit_gates"] == compiled.two_qubit_gates
    assert chosen["depth"] == compiled.depth
    assert {(3, True), (3, False), (1, False)} <= {
        (each["level"], each["calibration_aware"]) for each in candidates
    }


def test_no_candidate_is_begun_that_the_time_would_not_last_for() -> None:
    def made(budget_s: float) -> int:
        options = CompileOptions(budget_s=budget_s, stopwatch=ticking(0.1))
        return len(tried(compile_program(RING, "2.0", SQUARE, options=options)))

    assert made(0) == 1
    assert made(0.15) == 1
    assert 1 < made(1.0) < made(2.0)


@pytest.mark.parametrize(("first_s", "several"), [(0.9, True), (60.0, False)])
def test_a_first_try_in_a_new_process_leaves_time_for_others(first_s: float, several: bool) -> None:
    times = chain([0.0] * 3, count(first_s, 0.05))
    options = CompileOptions(budget_s=0.4, stopwatch=lambda: next(times))
    candidates = tried(compile_program(RING, "2.0", SQUARE, options=options))
    assert (len(candidates) > 1) is several
    assert any(each["calibration_aware"] for each in candidates) is several


def test_where_nothing_is_routed_other_seeds_are_not_tried() -> None:
    bell = f"{H2}qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q -> c;"
    compiled = compile_program(bell, "2.0", SQUARE, options=UNHURRIED)
    assert {each["seed"] for each in tried(compiled)} == {0}
    ring = compile_program(RING, "2.0", SQUARE, options=UNHURRIED)
    assert {each["seed"] for each in tried(ring)} == {0, 1}


@pytest.mark.parametrize("bad", ["0-1", "6-7", "13-18"])
def test_a_bad_edge_is_kept_clear_of(bad: str) -> None:
    errors = dict.fromkeys(SQUARE.two_qubit_error, 0.005) | {bad: 0.3}
    device = lattice(4, 5, two_qubit_error=errors, calibration_id=bad)
    compiled = compile_program(random_program(4, 3), "2.0", device)
    used = {"-".join(map(str, sorted(q))) for _, _, q in compiled.operations if len(q) == 2}
    assert used and bad not in used


@pytest.mark.parametrize("bad", [0, 7, 10])
def test_bad_ions_are_left_out(bad: int) -> None:
    device = ION.model_copy(
        update={
            "two_qubit_error": {
                k: 0.2 if str(bad) in k.split("-") else 0.006 for k in ION.two_qubit_error
            }
        }
    )
    compiled = compile_program(random_program(5, 3), "2.0", device)
    assert all(bad not in qubits for _, _, qubits in compiled.operations if len(qubits) == 2)


@pytest.mark.parametrize("device", EVERY_QPU, ids=lambda d: f"{d.device}-{d.native_gates[-1]}")
def test_a_calibration_that_is_not_trusted_changes_nothing_but_the_medians(
    device: DeviceTarget,
) -> None:
    turned = dict(
        zip(device.two_qubit_error, reversed(device.two_qubit_error.values()), strict=True)
    )
    other = device.model_copy(
        update={
            "two_qubit_error": turned,
            "readout_error": {q: 0.3 if q == 3 else 0.004 for q in device.qubits},
        }
    )
    options = CompileOptions(
        seeds=(0, 1), budget_s=3600, trust_calibration=False, distrust="the scores disagree"
    )
    source = random_program(5, 1)
    one = compile_program(source, "2.0", device, options=options)
    two = compile_program(source, "2.0", other, options=options)
    assert one.program == two.program
    assert one.metrics["fallback"] == "the scores disagree"
    assert one.metrics["calibration_aware"] is False
    assert not any(each["calibration_aware"] for each in tried(one))
    assert distance(of_compiled(one), of_source(source, "2.0")) < 1e-6


def test_an_old_calibration_is_not_trusted() -> None:
    def fallback(calibrated_at: datetime | None) -> str | None:
        device = lattice(4, 5, calibrated_at=calibrated_at)
        options = CompileOptions(now=NOON, budget_s=0)
        told = compile_program(RING, "2.0", device, options=options).metrics["fallback"]
        return None if told is None else str(told)

    assert fallback(NOON - CALIBRATION_AGE_MAX) is None
    assert fallback(NOON - timedelta(days=7)) == "the calibration is 168 hours old"
    assert fallback(None) == "the device does not say when it was calibrated"


def test_metrics_tell_what_made_the_form_and_how_long_it_takes() -> None:
    device = lattice(4, 5, one_qubit_us=0.04, two_qubit_us=0.06, readout_us=1.0)
    compiled = compile_program(RING, "2.0", device, options=UNHURRIED)
    metrics = compiled.metrics
    assert set(metrics["versions"]) == {"compiler", "qiskit"}
    assert metrics["fallback"] is None
    assert metrics["calibration_aware"] is True
    assert metrics["native_two_qubit_gates"] == compiled.two_qubit_gates
    assert metrics["expected_duration_us"] > 1.0 + compiled.depth * 0.04
    assert metrics["compile_seconds"] > 0


def test_transforms_come_after_the_choice_and_the_flips_are_told() -> None:
    plain = compile_program(RING, "2.0", SQUARE, options=CompileOptions(budget_s=0))
    folded = compile_program(
        RING,
        "2.0",
        SQUARE,
        options=CompileOptions(budget_s=0, transforms=({"name": "fold", "scale": 3.0, "seed": 1},)),
    )
    assert folded.two_qubit_gates > 2 * plain.two_qubit_gates
    assert folded.estimated_success < plain.estimated_success
    assert folded.depth > plain.depth
    flipped = compile_program(
        RING,
        "2.0",
        SQUARE,
        options=CompileOptions(budget_s=0, transforms=({"name": "measure-twirl", "seed": 2},)),
    )
    flips = flipped.metrics["flips"]
    assert len(flips) == len(flipped.bits) and any(flips)
