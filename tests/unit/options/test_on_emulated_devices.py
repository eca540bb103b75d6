"""What options are worth on the emulated QPUs' noise, with equal shots in all."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import Any

import numpy as np
import pytest

from bellpair.functions.plan import Program
from bellpair.options import Request, compose, options_of_level
from bellpair_quantum.transforms import transformed
from bellpair_quantum.transforms.rates import gate_error

from .emulated import REGIONS, EmulatedDevice
from .models import Problem, hydrogen, spin_chain

pytestmark = pytest.mark.unit


def errors(problem: Problem, device: str, stack: Any, shots: int, days: int = 2) -> float:
    """Root mean square of the estimates' errors over days."""
    found = []
    for day in range(1, days + 1):
        emulated = EmulatedDevice(device, day, seed=day)
        plan = compose(stack, seed=day).plan(problem.requests(shots))
        outcomes = plan.read(emulated.run(plan.programs))
        assert emulated.shots == pytest.approx(shots, rel=0.001)
        found.append(problem.value(outcomes)[0] - problem.exact)
    return float(np.sqrt(np.mean(np.square(found))))


LEVEL_2 = options_of_level(2, "estimation")


@pytest.mark.parametrize("device", REGIONS)
def test_level_2_brings_hydrogens_energy_to_a_third_of_the_error(device: str) -> None:
    raw = errors(hydrogen(), device, [], 100_000)

    assert raw > 0.008
    assert errors(hydrogen(), device, LEVEL_2, 100_000) < raw / 3


@pytest.mark.slow
@pytest.mark.parametrize("device", REGIONS)
def test_level_2_brings_a_spin_chains_energy_to_a_third_of_the_error(device: str) -> None:
    raw = errors(spin_chain(), device, [], 200_000)

    assert raw > 0.08
    assert errors(spin_chain(), device, LEVEL_2, 200_000) < raw / 3


def test_level_1_takes_readout_errors_out_of_an_energy() -> None:
    raw = errors(hydrogen(), "square-20", [], 60_000)

    assert errors(hydrogen(), "square-20", options_of_level(1, "estimation"), 60_000) < raw / 2


def test_error_cancellation_takes_gate_errors_out_of_an_energy() -> None:
    stack = ["readout-mitigation", "pec"]
    mitigated = errors(hydrogen(), "square-20", stack[:1], 100_000)

    assert errors(hydrogen(), "square-20", stack, 100_000) < mitigated / 2


GHZ = """OPENQASM 3.0; include "stdgates.inc"; qubit[4] q; bit[4] c; x q[3];
h q[0]; cx q[0], q[1]; cx q[1], q[2]; c = measure q;"""
EXACT = {"1000": 0.5, "1111": 0.5}


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("device", REGIONS)
def test_levels_bring_counts_nearer_to_the_ideal_ones(device: str, level: int) -> None:
    fidelities = []
    for stack in ([], options_of_level(level, "sampling")):
        plan = compose(stack, seed=2).plan([Request(Program(GHZ, 20_000))])
        counts = plan.read(EmulatedDevice(device, 2).run(plan.programs))[0].counts
        total = sum(counts.values())
        overlap = sum((p * counts.get(text, 0) / total) ** 0.5 for text, p in EXACT.items())
        fidelities.append(overlap**2)

    assert 1 - fidelities[1] < 0.75 * (1 - fidelities[0])


def test_decoupling_keeps_to_its_limit() -> None:
    device = EmulatedDevice("square-20", 1)
    compiled = device._compiled(spin_chain().requests(100)[0].program.source)
    measured = [qubit for qubit in compiled.bits if qubit is not None]
    pulses = []
    for loss in (0.0, 0.005, 0.02, 0.1):
        transform = {"name": "decouple", "loss_max": loss}
        result = transformed(compiled.operations, [transform], device.target, measured)
        added = Counter(result.operations) - Counter(compiled.operations)
        kept = prod(1 - gate_error(operation, device.target) for operation in added.elements())
        pulses.append(added.total())

        assert kept >= (1 - loss) * (1 - 1e-9)
        assert result.facts["decoupled"] == added.total()
    assert pulses[0] == 0 < pulses[-1]
