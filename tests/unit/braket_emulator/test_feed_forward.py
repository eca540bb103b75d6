"""Measurements in the midst of a verbatim box, and gates that are done by what they read.

Statistical bounds are five standard deviations with a fixed seed.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from bellpair_braket_emulator.checks import check_program
from bellpair_braket_emulator.documents import capabilities
from bellpair_braket_emulator.errors import ValidationException
from bellpair_braket_emulator.noise import ideal_circuit, noisy_circuit
from bellpair_braket_emulator.openqasm import ProgramError, read_program
from bellpair_braket_emulator.profile import Profile, calibrate, load_profiles
from bellpair_braket_emulator.sampling import WORK_BUDGET, Bits, expected_distribution, sample

from .world import World, play

ION: Profile = next(p for p in load_profiles("us-east-1") if p.name == "ion-11")
SQUARE: Profile = next(p for p in load_profiles("us-west-2") if p.name == "square-20")
ANGLE = 1.1
SHOTS = 4000

# A qubit is measured, and another one is given what was read.
COPY = f"prx({ANGLE}, 0) $1; measure_ff(3) $1; cc_prx(pi, 0.3, 3) $2;"
RESET = f"prx({ANGLE}, 0) $1; measure_ff(0) $1; cc_prx(pi, 0, 0) $1;"
# Half a turn, looked at in the middle.
SEEN = "prx(pi/2, 0) $1; measure_ff(0) $1; prx(pi/2, 0) $1; prx(0, 0) $2;"


def boxed(body: str) -> str:
    return (
        f"OPENQASM 3.0; bit[2] b;\n#pragma braket verbatim\nbox {{\n{body}\n}}\n"
        "b[0] = measure $1; b[1] = measure $2;"
    )


def counts(bits: Bits) -> Counter[str]:
    return Counter("".join(map(str, row)) for row in bits.tolist())


def ideal(body: str, budget: float = WORK_BUDGET) -> Counter[str]:
    circuit = ideal_circuit(read_program(boxed(body)))
    return counts(sample(circuit, SHOTS, np.random.default_rng(3), budget=budget))


def near(count: float, probability: float, shots: int = SHOTS) -> bool:
    spread = math.sqrt(shots * probability * (1 - probability))
    return abs(count - shots * probability) <= 5 * spread + 1e-9


def test_a_gate_follows_what_was_read_in_each_shot() -> None:
    found = ideal(COPY)
    assert set(found) == {"00", "11"}
    assert near(found["11"], math.sin(ANGLE / 2) ** 2)


def test_a_qubit_is_reset_by_what_was_read_of_it() -> None:
    assert ideal(RESET) == {"00": SHOTS}


def test_what_is_measured_collapses() -> None:
    assert near(ideal(SEEN)["10"], 0.5)
    assert ideal(SEEN.replace("measure_ff(0) $1;", "")) == {"10": SHOTS}


def test_entangled_qubits_collapse_together() -> None:
    bell = "prx(pi/2, pi/2) $1; prx(pi/2, pi/2) $2; cz $1, $2; prx(-pi/2, pi/2) $2;"
    found = ideal(f"{bell} measure_ff(0) $1; cc_prx(pi, 0, 0) $2;")
    assert set(found) == {"00", "10"}


def test_shots_that_share_trajectories_have_the_same_distribution() -> None:
    found = ideal(COPY, budget=2**2 * 3 * 500)
    assert set(found) == {"00", "11"}
    # They count as few as there are trajectories.
    assert near(found["11"] * 500 // SHOTS, math.sin(ANGLE / 2) ** 2, 500)


def test_readout_errors_lead_gates_astray() -> None:
    quiet = calibrate(SQUARE)
    silent = replace(
        quiet,
        one_qubit=dict.fromkeys(quiet.one_qubit, 0.0),
        t1_us=dict.fromkeys(quiet.t1_us, 1e9),
        t2_us=dict.fromkeys(quiet.t2_us, 1e9),
        readout_0_to_1=dict.fromkeys(quiet.readout_0_to_1, 0.0),
        readout_1_to_0={**dict.fromkeys(quiet.readout_1_to_0, 0.0), 1: 0.25},
    )
    program = read_program(boxed("prx(pi, 0) $1; measure_ff(0) $1; cc_prx(pi, 0, 0) $2;"))
    circuit = noisy_circuit(program, SQUARE, silent)
    found = counts(sample(circuit, SHOTS, np.random.default_rng(1)))
    # Qubit 2 tells what was read within, qubit 1 is read again at the end.
    assert near(found["01"] + found["11"], 0.75)
    assert near(found["11"] + found["10"], 0.75)
    assert near(found["11"], 0.75**2)


def test_others_wait_while_a_qubit_is_measured() -> None:
    def sites(body: str) -> int:
        return len(noisy_circuit(read_program(boxed(body)), SQUARE, calibrate(SQUARE)).sites)

    assert sites(f"prx(1, 0) $2; {COPY}") > sites(f"prx(1, 0) $2; {COPY}".replace("3) $2", "3) $1"))


def test_only_what_is_sampled_has_a_distribution() -> None:
    circuit = ideal_circuit(read_program(boxed(COPY)))
    with pytest.raises(ValueError, match="sampled"):
        expected_distribution(circuit, 10, np.random.default_rng(1))


@pytest.mark.parametrize(
    ("profile", "source", "named"),
    [
        (ION, boxed(COPY.replace("prx(1.1, 0)", "gpi(0)")), "measure_ff is not native"),
        (SQUARE, boxed("cc_prx(pi, 0, 7) $1;"), "feedback key 7"),
        (SQUARE, boxed("measure_ff(0.5) $1;"), "0.5"),
        (SQUARE, boxed("measure_ff(0) $1, $2;"), "takes 1 qubits"),
        (SQUARE, boxed("measure_ff(0) $1; cc_prx(pi, 0) $2;"), "takes 3 parameters"),
        (SQUARE, "bit[1] b; measure_ff(0) $1; b[0] = measure $1;", "outside a verbatim box"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else None,
)
def test_what_a_device_refuses(profile: Profile, source: str, named: str) -> None:
    with pytest.raises(ProgramError, match=named):
        check_program(read_program(source), profile)


def test_a_request_has_to_ask_for_it() -> None:
    async def scenario(world: World) -> None:
        source, arn = boxed(COPY), SQUARE.arn
        with pytest.raises(ValidationException, match="experimentalCapabilities"):
            await world.create("without", source, arn)
        enabled = {"enabled": "ALL"}
        task = await world.create("with", source, arn, experimentalCapabilities=enabled)
        assert sum((await world.counts(task)).values()) == 50

    play(scenario, region="us-west-2")


def test_the_document_tells_who_can() -> None:
    can, cannot = (
        capabilities(profile, calibrate(profile), "us-west-2", "2026-01-01T00:00:00Z")
        for profile in (SQUARE, SQUARE.model_copy(update={"feed_forward": False}))
    )
    assert {"cc_prx", "measure_ff"} <= set(can["paradigm"]["nativeGateSet"])
    assert {"cc_prx", "measure_ff"}.isdisjoint(cannot["paradigm"]["nativeGateSet"])
