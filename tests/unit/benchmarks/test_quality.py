"""What the quality benchmark compares is comparable: without noise every compiler is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bellpair_braket_emulator.profile import Calibration
from bellpair_quantum.compiler import compile_program
from tests.benchmarks import plain_qiskit
from tests.benchmarks.quality_circuits import Problem, problems
from tests.benchmarks.quality_devices import PROFILES, SETTLED_H, Day, day, fidelity
from tests.benchmarks.quality_estimation import energies
from tests.benchmarks.quality_fidelity import geometric_mean
from tests.benchmarks.quality_speed import TYPICAL

PROBLEMS = {problem.name: problem for problem in problems()}
SMALL = [
    "mqt_grover_4",
    "mqt_qpeinexact_6",
    "mqt_draper_qft_adder_6",
    "mqt_vqe_two_local_4",
    "qft_4",
    "bv_6",
    "qaoa_4",
    "vqe_4",
]


def noiseless(name: str) -> Day:
    """The device as if it made no errors."""
    at = day(PROFILES[name], 0, SETTLED_H)
    truth = at.truth
    zero, endless = dict.fromkeys(truth.labels, 0.0), dict.fromkeys(truth.labels, 1e15)
    perfect = Calibration(zero, dict.fromkeys(truth.edges, 0.0), zero, zero, endless, endless)
    return replace(at, truth=perfect)


@pytest.mark.parametrize("device", PROFILES)
@pytest.mark.parametrize("name", SMALL)
def test_without_noise_every_compilation_gives_the_ideal_answer(name: str, device: str) -> None:
    problem, at = PROBLEMS[name], noiseless(device)
    ours = compile_program(problem.source, "2.0", at.target)
    assert fidelity(at.distribution(ours.program, ours.bits, 0), problem.ideal) > 0.999
    for level in (1, 3):
        program, bits = plain_qiskit.compiled(problem.circuit, at.target, level, 0)
        assert fidelity(at.distribution(program, bits, 0), problem.ideal) > 0.999


def test_there_are_enough_circuits_and_their_answers_say_something() -> None:
    assert sum(name.startswith("mqt_") for name in PROBLEMS) >= 12
    for kind in ("ghz", "qft", "bv", "qaoa", "vqe"):
        assert any(name.startswith(f"{kind}_") for name in PROBLEMS)
    assert all(4 <= problem.qubits <= 12 for problem in PROBLEMS.values())


def test_the_typical_circuits_are_among_them() -> None:
    assert len(TYPICAL) == 12
    assert set(TYPICAL) <= set(PROBLEMS)


def test_an_answer_is_indexed_by_classical_bits() -> None:
    text = (
        'OPENQASM 2.0; include "qelib1.inc"; qreg q[3]; creg c[3]; x q[1]; '
        "measure q[1] -> c[0]; measure q[0] -> c[1]; measure q[2] -> c[2];"
    )
    problem, at = Problem("one", text), noiseless("square-20")
    assert problem.ideal[0b001] == pytest.approx(1)
    ours = compile_program(text, "2.0", at.target)
    assert at.distribution(ours.program, ours.bits, 0)[0b001] == pytest.approx(1)


def test_fidelity_is_one_for_equal_and_zero_for_disjoint_distributions() -> None:
    p, q = np.array([0.5, 0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.3, 0.7])
    assert fidelity(p, p) == pytest.approx(1)
    assert fidelity(p, q) == 0
    assert geometric_mean([0.5, 2.0]) == pytest.approx(1)


def test_hydrogens_state_has_the_lowest_energy() -> None:
    hydrogen = next(energy for energy in energies() if energy.name == "h2")
    assert hydrogen.exact == pytest.approx(-1.85105, abs=1e-5)


def test_a_week_old_snapshot_is_a_week_old() -> None:
    at = day(PROFILES["square-20"], 1, SETTLED_H + 168, age_h=168)
    assert at.target.calibrated_at is not None
    assert (at.now - at.target.calibrated_at).days == 7
