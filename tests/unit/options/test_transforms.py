"""Transforms keep what a program means, and do what they are for."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from bellpair_quantum.errors import CompileError
from bellpair_quantum.program import Operation
from bellpair_quantum.transforms import Transformed, apply, transformed
from bellpair_quantum.transforms.fold import inverse
from bellpair_quantum.transforms.pauli_insert import quasi_probability

from .native_circuits import (
    WIDTH,
    device,
    native_program,
    same,
    same_before_measurement,
    unitary,
)

pytestmark = pytest.mark.unit
ALL = range(WIDTH)
ENTANGLERS = ("cz", "ms", "zz")
X = np.array([[0, 1], [1, 0]])


def sizes(operations: list[Operation]) -> Counter[int]:
    return Counter(len(operation.qubits) for operation in operations)


@pytest.mark.parametrize("entangler", ENTANGLERS)
def test_inverses_undo_each_native_gate(entangler: str) -> None:
    for operation in native_program(entangler, 1, 40):
        assert same(unitary([operation, inverse(operation)]), np.eye(2**WIDTH)), operation


@pytest.mark.parametrize("entangler", ENTANGLERS)
@pytest.mark.parametrize("method", ["local", "global"])
@pytest.mark.parametrize("scale", [1, 1.4, 2, 3, 4.5, 7])
def test_folding_keeps_the_unitary(entangler: str, method: str, scale: float) -> None:
    program = native_program(entangler, 2)
    fold = {"name": "fold", "scale": scale, "seed": 5, "method": method}
    result = transformed(program, [fold], device(entangler), ALL)

    assert same(unitary(program), unitary(result.operations))
    # Twelve gates cannot meet every scale.
    assert result.facts["scale"] == pytest.approx(scale, abs=0.35)


@pytest.mark.parametrize("method", ["local", "global"])
def test_folding_multiplies_errors_by_the_scale_it_tells(method: str) -> None:
    target = device("cz")
    program = native_program("cz", 3, 60)

    def errors(operations: list[Operation]) -> float:
        return sum(
            target.one_qubit_error[o.qubits[0]]
            if len(o.qubits) == 1
            else target.two_qubit_error["-".join(map(str, sorted(o.qubits)))]
            for o in operations
        )

    for scale in (1, 1.5, 2.0, 2.5, 3):
        fold = {"name": "fold", "scale": scale, "seed": 1, "method": method}
        result = transformed(program, [fold], target, ALL)

        assert errors(result.operations) / errors(program) == pytest.approx(result.facts["scale"])
        assert result.facts["scale"] == pytest.approx(scale, rel=0.02)


@pytest.mark.parametrize("entangler", ENTANGLERS)
@pytest.mark.parametrize("seed", range(12))
def test_twirling_keeps_what_is_measured(entangler: str, seed: int) -> None:
    program = native_program(entangler, seed, 16)
    twirled = apply(program, [{"name": "twirl", "seed": seed}], device(entangler), ALL)

    assert same_before_measurement(unitary(program), unitary(twirled))


@pytest.mark.parametrize("entangler", ENTANGLERS)
def test_twirls_differ_by_their_seed_alone(entangler: str) -> None:
    program = native_program(entangler, 4)
    target = device(entangler)

    def twirled(seed: int) -> list[Operation]:
        return apply(program, [{"name": "twirl", "seed": seed}], target, ALL)

    assert twirled(7) == twirled(7)
    assert len({str(twirled(seed)) for seed in range(20)}) > 15


@pytest.mark.parametrize("entangler", ENTANGLERS)
def test_twirling_adds_no_two_qubit_gate_and_hardly_a_pulse(entangler: str) -> None:
    target = device(entangler)
    layer = [
        Operation("prx", (0.7, 0.2), (q,)) if entangler == "cz" else Operation("gpi2", (0.2,), (q,))
        for q in range(WIDTH)
    ]
    pairs = [each for each in native_program(entangler, 6, 60) if len(each.qubits) == 2][:6]
    program = [each for pair in pairs for each in (*layer, pair)] + layer
    for seed in range(10):
        twirled = apply(program, [{"name": "twirl", "seed": seed}], target, ALL)

        assert sizes(twirled)[2] == sizes(program)[2]
        assert sizes(twirled)[1] <= sizes(program)[1]


@pytest.mark.parametrize("entangler", ENTANGLERS)
def test_folded_gates_are_twirled_as_one_and_stay_folded(entangler: str) -> None:
    target = device(entangler)
    program = native_program(entangler, 8)
    fold = {"name": "fold", "scale": 3, "seed": 0}
    folded = apply(program, [fold], target, ALL)
    both = apply(program, [fold, {"name": "twirl", "seed": 3}], target, ALL)

    assert same_before_measurement(unitary(program), unitary(both))
    assert sizes(both)[2] == sizes(folded)[2]
    # At most two Paulis before and two after each of the program's own pairs.
    assert sizes(both)[1] <= sizes(folded)[1] + 4 * sizes(program)[2]


@pytest.mark.parametrize("entangler", ENTANGLERS)
def test_flips_before_measurement_are_told_by_bit(entangler: str) -> None:
    program = native_program(entangler, 9)
    seen = set()
    for seed in range(8):
        transform = {"name": "measure-twirl", "seed": seed}
        result = transformed(program, [transform], device(entangler), [0, 2])
        flips = np.eye(1)
        for qubit in range(WIDTH):
            flips = np.kron(flips, X if qubit in result.flipped else np.eye(2))

        assert same_before_measurement(flips @ unitary(program), unitary(result.operations))
        assert result.flips([2, None, 0, 2]) == [
            2 in result.flipped,
            False,
            0 in result.flipped,
            2 in result.flipped,
        ]
        assert 1 not in result.flipped
        seen.add(result.flipped)
    assert len(seen) > 2


@pytest.mark.parametrize("error", [0.0, 0.0005, 0.006, 0.05])
@pytest.mark.parametrize("qubits", [1, 2])
def test_quasi_probabilities_undo_the_depolarizing_channel(error: float, qubits: int) -> None:
    weights = quasi_probability(error, qubits)
    dimension = 2**qubits
    struck = error * (dimension + 1) / dimension
    others = dimension**2 - 1
    # By a Pauli that is looked at: half of all others anticommute with it.
    noise = 1 - struck / others * dimension**2
    undone = weights.identity + weights.each * (others - dimension**2)

    assert weights.identity + others * weights.each == pytest.approx(1)
    assert noise * undone == pytest.approx(1)
    assert weights.gamma >= 1


def test_too_much_noise_has_no_inverse() -> None:
    with pytest.raises(ValueError, match="nothing of 2 qubits"):
        quasi_probability(0.75, 2)


@pytest.mark.parametrize("entangler", ENTANGLERS)
def test_paulis_are_inserted_with_signs_or_not_at_all(entangler: str) -> None:
    target = device(entangler)
    program = native_program(entangler, 10)

    def drawn(draw: str, seed: int) -> Transformed:
        transform = {"name": "pauli-insert", "draw": draw, "seed": seed}
        return transformed(program, [transform], target, ALL)

    clear = drawn("clear", 1)
    struck = [drawn("struck", seed) for seed in range(150)]
    gamma, share = clear.facts["gamma"], clear.facts["clear"]

    assert clear.operations == program and clear.facts["sign"] == 1
    assert 1.05 < gamma < 1.5
    assert share == pytest.approx(gamma**-0.5, rel=0.02)
    assert all((one.facts["gamma"], one.facts["clear"]) == (gamma, share) for one in struck)
    # The weights of a gate's Paulis have the sum 1, and their absolute values gamma.
    signs = np.mean([one.facts["sign"] for one in struck])
    assert share + (1 - share) * signs == pytest.approx(1 / gamma, abs=0.02)
    assert len({str(one.operations) for one in struck}) > 30


def test_averaged_over_draws_the_channel_is_undone() -> None:
    # Each gate of the draw is followed by its noise; a string's value must be that without any.
    target = device("cz", one_qubit_error={}, two_qubit_error={"0-1": 0.1})
    program = [
        Operation("prx", (np.pi / 2, np.pi / 2), (0,)),
        Operation("prx", (np.pi / 2, np.pi / 2), (1,)),
        Operation("cz", (), (0, 1)),
        Operation("prx", (np.pi / 2, -np.pi / 2), (1,)),
    ]
    clear = transformed(program, [{"name": "pauli-insert", "draw": "clear"}], target, ALL)
    kept = 1 - 0.1 * 1.25 * 16 / 15

    def value(operations: list[Operation]) -> float:
        state = unitary(operations)[:, 0]
        parity = [1, 1, -1, -1, -1, -1, 1, 1]
        return float(np.abs(state) ** 2 @ parity)

    struck = [
        transformed(
            program, [{"name": "pauli-insert", "draw": "struck", "seed": seed}], target, ALL
        )
        for seed in range(200)
    ]
    share, gamma = clear.facts["clear"], clear.facts["gamma"]
    mean = np.mean([one.facts["sign"] * value(one.operations) for one in struck])
    exact = value(program)

    assert exact == pytest.approx(1)
    noisy = share * kept * value(clear.operations) + (1 - share) * kept * mean
    assert gamma * noisy == pytest.approx(exact, abs=0.02)


def test_pec_is_refused_before_anything_runs_where_it_would_take_too_much() -> None:
    target = device("cz")
    transform = {"name": "pauli-insert", "gamma_max": 1.05}
    with pytest.raises(CompileError, match="its gamma_max is") as caught:
        apply(native_program("cz", 1), [transform], target, ALL)
    assert "zne" in caught.value.remedy

    noisy = device("cz", two_qubit_error=dict.fromkeys(target.two_qubit_error, 0.76))
    with pytest.raises(CompileError, match="its error is"):
        apply(native_program("cz", 1), [{"name": "pauli-insert"}], noisy, ALL)


WAITING = [
    Operation("prx", (1.0, 0.0), (0,)),
    Operation("prx", (1.0, 0.0), (1,)),
    *[Operation("cz", (), (1, 2))] * 5,
    Operation("cz", (), (0, 1)),
]


@pytest.mark.parametrize(("sequence", "pulses"), [("xx", 6), ("xy4", 4)])
def test_waits_are_filled_with_whole_sequences(sequence: str, pulses: int) -> None:
    # Qubit 0 waits for 0.3 us, which is seven pulses and a half; qubit 2 for 0.06, one.
    transform = {"name": "decouple", "sequence": sequence, "loss_max": 0.05}
    result = transformed(WAITING, [transform], device("cz"), ALL)

    assert result.facts["decoupled"] == pulses
    added = Counter(result.operations) - Counter(WAITING)
    assert sum(added.values()) == pulses
    assert {operation.qubits for operation in added} == {(0,)}
    assert same(unitary(WAITING), unitary(result.operations))
    assert result.operations[-1] == WAITING[-1]


def test_ions_are_decoupled_by_their_own_pulses() -> None:
    program = [
        Operation("gpi2", (0.0,), (0,)),
        *[Operation("ms", (0.0, 0.0, 0.5), (1, 2))] * 3,
        Operation("ms", (0.0, 0.0, 0.5), (0, 1)),
    ]
    result = transformed(program, [{"name": "decouple"}], device("ms"), ALL)

    assert result.facts["decoupled"] == 2
    assert same(unitary(program), unitary(result.operations))


def test_pulses_are_left_out_where_their_errors_would_cost_too_much() -> None:
    few = transformed(WAITING, [{"name": "decouple", "loss_max": 0.005}], device("cz"), ALL)
    known = transformed(WAITING, [{"name": "decouple"}], device("cz", one_qubit_us=None), ALL)

    assert few.operations == WAITING and few.facts["decoupled"] == 0
    assert known.operations == WAITING and known.facts["decoupled"] == 0


@pytest.mark.parametrize("entangler", ENTANGLERS)
def test_a_state_is_prepared_in_place_of_the_program(entangler: str) -> None:
    program = native_program(entangler, 11)
    zeros = transformed(program, [{"name": "prepare"}], device(entangler), [2, 0])
    ones = transformed(program, [{"name": "prepare", "state": "ones"}], device(entangler), [2, 0])

    assert zeros.operations == [] and zeros.facts == {"prepared": "zeros"}
    assert abs(unitary(ones.operations)[0b101, 0]) == pytest.approx(1)
    assert len(ones.operations) == 2


def test_simulators_run_the_program_as_it_is_but_for_preparation() -> None:
    simulator = device("cz", kind="simulator", native_gates=(), gates=("x", "h", "cnot"))
    program = [Operation("h", (), (0,)), Operation("cnot", (), (0, 1))]
    many = [{"name": name} for name in ("fold", "twirl", "measure-twirl", "pauli-insert")]
    prepared = transformed(program, [{"name": "prepare", "state": "ones"}], simulator, [1])

    assert transformed(program, many, simulator, [0, 1]).operations == program
    assert transformed(program, many, simulator, [0, 1]).flipped == frozenset()
    assert prepared.operations == [Operation("x", (), (1,))]
    assert prepared.facts == {"prepared": "ones"}


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        ({"name": "melt"}, "no transform 'melt'"),
        ({}, "no transform None"),
        ({"name": "fold", "scale": 0.5}, "scale of transform fold"),
        ({"name": "fold", "scale": float("nan")}, "scale of transform fold"),
        ({"name": "fold", "scale": True}, "scale of transform fold"),
        ({"name": "fold", "method": "sideways"}, "method of transform fold"),
        ({"name": "twirl", "seed": 1.5}, "seed of transform twirl"),
        ({"name": "decouple", "sequence": ["xx"]}, "sequence of transform decouple"),
    ],
)
def test_transforms_that_cannot_be_are_named(transform: dict[str, Any], message: str) -> None:
    with pytest.raises(CompileError, match=message) as caught:
        apply(WAITING, [transform], device("cz"), ALL)
    assert caught.value.remedy


def test_a_program_with_other_operations_is_refused_by_name() -> None:
    program = [Operation("prx", (1.0, 0.0), (0,)), Operation("measure", (), (0,))]
    with pytest.raises(CompileError, match="twirl cannot be applied to a program with measure"):
        apply(program, [{"name": "twirl"}], device("cz"), ALL)
