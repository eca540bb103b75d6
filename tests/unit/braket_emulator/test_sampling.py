"""Shots follow the circuit and the profile's error rates.

Statistical bounds are five standard deviations with a fixed seed, so that a right emulator
does not fail and one that is wrong by more than that does.
"""

from __future__ import annotations

import math
import random
from itertools import pairwise

import numpy as np
import pytest
from braket.default_simulator import StateVectorSimulator
from braket.ir.openqasm import Program as BraketProgram

from bellpair_braket_emulator.noise import (
    ErrorSite,
    NoisyCircuit,
    depolarizing,
    ideal_circuit,
    noisy_circuit,
    relaxation,
)
from bellpair_braket_emulator.openqasm import read_program
from bellpair_braket_emulator.profile import Calibration, Profile, calibrate, load_profiles
from bellpair_braket_emulator.sampling import Bits, Stopped, expected_distribution, sample
from bellpair_braket_emulator.statevector import FusedGates, StateBatch

ION: Profile = next(p for p in load_profiles("us-east-1") if p.name == "ion-11")
SQUARE: Profile = next(p for p in load_profiles("us-west-2") if p.name == "square-20")

ONE_QUBIT = ["h", "x", "t", "vi", "rx({})", "ry({})", "prx({}, 0.4)", "gpi2({})"]
TWO_QUBIT = ["cnot", "cz", "ecr", "iswap", "zz({})", "ms({}, 0.1, 0.7)", "cphaseshift10({})"]


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def random_program(seed: int, qubits: int, gates: int) -> str:
    chance = random.Random(seed)
    lines = [f"OPENQASM 3.0; qubit[{qubits}] q; bit[{qubits}] b;"]
    for _ in range(gates):
        kind = chance.choice([1, 1, 2, 2, 3])
        names = {1: ONE_QUBIT, 2: TWO_QUBIT, 3: ["ccnot", "cswap"]}[kind]
        operands = ", ".join(f"q[{q}]" for q in chance.sample(range(qubits), kind))
        lines.append(f"{chance.choice(names).format(chance.uniform(-3, 3))} {operands};")
    return "\n".join([*lines, "i q;", "b = measure q;"])


def frequency(bits: Bits, *column_values: int) -> float:
    return float(np.mean(np.all(bits == np.array(column_values, dtype=np.uint8), axis=1)))


@pytest.mark.parametrize("seed", range(8))
def test_states_are_those_of_brakets_own_simulator(seed: int) -> None:
    source = random_program(seed, qubits=5, gates=40)
    circuit = ideal_circuit(read_program(source))
    state = StateBatch(circuit.qubits)
    fused = FusedGates(state)
    for matrix, targets in circuit.gates:
        fused.add(matrix, targets)
    fused.flush()

    unmeasured = source.replace("b = measure q;", "#pragma braket result probability\n")
    theirs = StateVectorSimulator().run(BraketProgram(source=unmeasured), shots=0)
    assert np.allclose(state.probabilities()[:, 0], theirs.resultTypes[0].value, atol=1e-5)


def test_columns_are_the_bits_in_order_whatever_the_qubits() -> None:
    program = read_program(
        "OPENQASM 3.0; qubit[4] q; bit[3] b; x q[3]; x q[0];\n"
        "b[2] = measure q[0]; b[0] = measure q[1]; b[1] = measure q[3];"
    )
    bits = sample(ideal_circuit(program), 50, rng())
    assert bits.tolist() == [[0, 1, 1]] * 50
    assert program.measured == (1, 3, 0)


def test_an_unmeasured_program_measures_every_qubit_it_uses() -> None:
    program = read_program("OPENQASM 3.0; qubit[9] q; x q[7]; i q[2];")
    assert program.measured == (2, 7)
    assert sample(ideal_circuit(program), 3, rng()).tolist() == [[0, 1]] * 3


@pytest.mark.parametrize(("qubits", "dimension"), [(1, 2), (2, 4)])
def test_depolarizing_noise_has_the_calibrated_average_fidelity(
    qubits: int, dimension: int
) -> None:
    site = depolarizing(0, tuple(range(qubits)), error=0.006)
    process_fidelity = 1 - site.total
    average = (dimension * process_fidelity + 1) / (dimension + 1)
    assert average == pytest.approx(1 - 0.006)
    assert len(site.paulis) == dimension**2 - 1


def test_a_waiting_qubit_loses_population_by_t1_and_coherence_by_t2() -> None:
    time, t1, t2 = 3.0, 40.0, 15.0
    x, y, z = relaxation(0, 0, time, t1, t2).probabilities
    assert 1 - 2 * (x + y) == pytest.approx(math.exp(-time / t1))
    assert 1 - 2 * (y + z) == pytest.approx(math.exp(-time / t2))


def test_trajectories_follow_the_exact_channel() -> None:
    # One error site on a |+> state: Z and Y flip what a second Hadamard measures.
    hadamard = np.array([[1, 1], [1, -1]], dtype=np.complex128) / math.sqrt(2)
    site = ErrorSite(0, (0,), ((1,), (2,), (3,)), (0.1, 0.05, 0.15))
    circuit = NoisyCircuit(1, [(hadamard, (0,)), (hadamard, (0,))], [site], (0,))
    shots = 20_000
    found = frequency(sample(circuit, shots, rng()), 1)
    assert abs(found - 0.2) < 5 * math.sqrt(0.2 * 0.8 / shots)


def test_two_equal_errors_after_one_gate_undo_each_other() -> None:
    flip = ErrorSite(0, (0,), ((1,),), (1.0,))
    identity = np.eye(2, dtype=np.complex128)
    circuit = NoisyCircuit(1, [(identity, (0,))], [flip, flip], (0,))
    assert sample(circuit, 10, rng()).tolist() == [[0]] * 10
    circuit.sites.append(flip)
    assert sample(circuit, 10, rng()).tolist() == [[1]] * 10


def bell_agreement(calibration: Calibration, a: int, b: int, gate_error: float) -> float:
    """How often a noisy Bell pair's readings agree, from rates alone.

    A two-qubit Pauli breaks the agreement when it flips exactly one qubit: 8 of 15. A reading
    disagrees when exactly one of the two flips.
    """
    broken = gate_error * 5 / 4 * 8 / 15
    flips = [
        (calibration.readout_0_to_1[label], calibration.readout_1_to_0[label]) for label in (a, b)
    ]
    one_wrong = [
        flips[0][value] * (1 - flips[1][value]) + flips[1][value] * (1 - flips[0][value])
        for value in (0, 1)
    ]
    return (1 - broken) * (1 - (one_wrong[0] + one_wrong[1]) / 2)


def test_a_bell_pair_on_the_ion_trap_errs_as_its_profile_says() -> None:
    calibration = calibrate(ION)
    program = read_program(
        "OPENQASM 3.0; bit[2] b;\n#pragma braket verbatim\nbox{ ms(0, 0, pi/2) $2, $9; }\n"
        "b[0] = measure $2; b[1] = measure $9;"
    )
    shots = 10_000
    bits = sample(noisy_circuit(program, ION, calibration), shots, rng())
    expected = bell_agreement(calibration, 2, 9, calibration.two_qubit[2, 9])
    bound = 5 * math.sqrt(expected * (1 - expected) / shots)
    # Second-order terms, an error both in gate and reading, stay below 1e-4.
    assert abs(frequency(bits, 0, 0) + frequency(bits, 1, 1) - expected) < bound + 1e-4
    # The readout errors alone are clearly there.
    assert expected < 0.995


def test_a_ghz_state_on_the_lattice_errs_within_the_bounds_of_its_profile() -> None:
    calibration = calibrate(SQUARE)
    line = [1, 2, 3, 8, 7]
    gates = [f"prx(pi/2, pi/2) ${q};" for q in line]
    for a, b in pairwise(line):
        gates.append(f"cz ${a}, ${b}; prx(-pi/2, pi/2) ${b};")
    measures = [f"b[{k}] = measure ${q};" for k, q in enumerate(line)]
    program = read_program(
        "OPENQASM 3.0; bit[5] b;\n#pragma braket verbatim\nbox{\n"
        + "\n".join(gates)
        + "\n}\n"
        + "\n".join(measures)
    )
    ideal = sample(ideal_circuit(program), 200, rng())
    assert frequency(ideal, *[0] * 5) + frequency(ideal, *[1] * 5) == 1

    circuit = noisy_circuit(program, SQUARE, calibration)
    shots = 5_000
    bits = sample(circuit, shots, rng())
    found = frequency(bits, *[0] * 5) + frequency(bits, *[1] * 5)
    assert circuit.readout is not None
    right = math.prod(1 - np.mean(circuit.readout, axis=1))
    no_error = math.prod(1 - site.total for site in circuit.sites)
    deviation = 5 * math.sqrt(0.25 / shots)
    # At worst every error shows, at best only misreadings do (to second order in the
    # difference of the two readout errors).
    assert no_error * right - deviation < found < right + deviation
    assert no_error < 0.95


def test_a_barrier_makes_a_qubit_wait_and_lose_coherence_before_its_next_gate() -> None:
    def waiting_before_the_last_gate(middle: str) -> float:
        program = read_program(
            "OPENQASM 3.0; bit[2] b;\n#pragma braket verbatim\n"
            f"box{{ prx(pi/2, 0) $1; {middle} prx(pi/2, 0) $1; }}\n"
            "b[0] = measure $1; b[1] = measure $12;"
        )
        circuit = noisy_circuit(program, SQUARE, calibrate(SQUARE))
        last = len(circuit.gates) - 1
        struck = [site for site in circuit.sites if site.qubits == (0,) and site.after < last]
        # The first gate's own error is there in any case.
        return sum(site.total for site in struck[1:])

    busy = "prx(1, 0) $12; " * 50
    assert waiting_before_the_last_gate(busy) == 0
    time = 49 * 0.04
    expected = relaxation(0, 0, time, calibrate(SQUARE).t1_us[1], calibrate(SQUARE).t2_us[1])
    assert waiting_before_the_last_gate(f"{busy}barrier $1, $12;") == pytest.approx(expected.total)


def test_a_barrier_holds_back_a_qubit_that_has_no_gate_yet() -> None:
    def waits(middle: str) -> list[tuple[int, ...]]:
        program = read_program(
            "OPENQASM 3.0; bit[2] b;\n#pragma braket verbatim\n"
            f"box{{ {'prx(1, 0) $2; ' * 50} {middle} prx(1, 0) $1; cz $1, $2; }}\n"
            "b[0] = measure $1; b[1] = measure $2;"
        )
        circuit = noisy_circuit(program, SQUARE, calibrate(SQUARE))
        # Gates' errors are the same about all axes, those of a wait are not.
        return [each.qubits for each in circuit.sites if len(set(each.probabilities)) > 1]

    # In its ground state it loses nothing meanwhile, whoever waits for whom then.
    assert waits("") == [(0,)]
    assert waits("barrier $1, $2;") == [(1,)]


def test_a_distant_pair_outside_a_verbatim_box_pays_for_its_swaps() -> None:
    def sites(a: int, b: int) -> int:
        program = read_program(f"OPENQASM 3; qubit[20] q; cz q[{a}], q[{b}];")
        return len(noisy_circuit(program, SQUARE, calibrate(SQUARE)).sites)

    assert sites(0, 1) == 1
    # Corner to corner is 7 edges: 6 swaps there and back, 3 native gates each.
    assert sites(0, 19) == 1 + 6 * 6


def test_sharing_trajectories_keeps_the_distribution_of_a_shot() -> None:
    calibration = calibrate(SQUARE)
    program = read_program(
        "OPENQASM 3; qubit[2] q; bit[2] b; h q[0]; cz q[0], q[1]; b = measure q;"
    )
    circuit = noisy_circuit(program, SQUARE, calibration)
    # Eight amplitude updates for each trajectory: a thousand of them for 20,000 shots.
    shared = sample(circuit, 20_000, rng(1), budget=8_000)
    own = sample(circuit, 20_000, rng(2))
    difference = abs(shared[:, 0].mean() - own[:, 0].mean())
    assert difference < 5 * math.sqrt(2 * 0.25 / 20_000)
    assert shared.shape == (20_000, 2)


@pytest.mark.parametrize("idle", [0, 6], ids=["exact", "by-trajectories"])
def test_the_expected_distribution_is_that_of_many_shots(idle: int) -> None:
    more = " ".join(f"prx(0.1, 0) ${qubit};" for qubit in range(11, 11 + idle))
    program = read_program(
        "OPENQASM 3.0; bit[3] b;\n#pragma braket verbatim\n"
        f"box{{ {more} prx(1.1, 0.3) $2; cz $2, $1; prx(0.7, 1) $1; cz $1, $6; prx(2, 0) $6; }}\n"
        "b[0] = measure $6; b[1] = measure $1; b[2] = measure $2;"
    )
    calibration = calibrate(SQUARE)
    worse = Calibration(
        **{**vars(calibration), "two_qubit": dict.fromkeys(calibration.two_qubit, 0.1)}
    )
    circuit = noisy_circuit(program, SQUARE, worse)
    found = expected_distribution(circuit, 4000, rng(1))
    assert found.shape == (2, 2, 2)
    assert found.sum() == pytest.approx(1)
    shots = sample(circuit, 40_000, rng(2))
    for outcome in np.ndindex(2, 2, 2):
        share = frequency(shots, *outcome)
        assert abs(found[outcome] - share) < 5 * math.sqrt(2 * 0.25 / 40_000)


def test_without_noise_the_expected_distribution_is_the_ideal_one() -> None:
    program = read_program(
        "OPENQASM 3; qubit[3] q; bit[2] b; x q[2]; b[0] = measure q[2]; b[1] = measure q[0];"
    )
    found = expected_distribution(ideal_circuit(program), 10, rng())
    assert found[1, 0] == pytest.approx(1)


def test_equal_seeds_give_equal_shots() -> None:
    program = read_program("OPENQASM 3; qubit[3] q; h q; cnot q[0], q[2];")
    circuit = noisy_circuit(program, ION, calibrate(ION))
    first, again, other = (sample(circuit, 500, rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_cancelled_simulation_stops() -> None:
    program = read_program("OPENQASM 3; qubit[3] q; h q;")
    with pytest.raises(Stopped):
        sample(ideal_circuit(program), 10, rng(), stopped=lambda: True)
