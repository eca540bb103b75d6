"""Circuits that give few strings are found, and what they give."""

from __future__ import annotations

import pytest

from bellpair_core.logic.devices.mirror_circuit import mirror_circuit
from bellpair_core.model.device import DeviceKind, DeviceTarget
from bellpair_quantum.compiler import compile_program
from bellpair_quantum.known_answer import ANSWERS_MAX, QUBITS_MAX, known_answers
from bellpair_quantum.reading import read_program
from bellpair_quantum.sampled import sampled

HEAD = 'OPENQASM 3.0; include "stdgates.inc";'


def answers(body: str, head: str = HEAD) -> list[str]:
    return known_answers(sampled(read_program(f"{head} {body}", "3.0").circuit))


def test_a_ghz_state_gives_two_strings() -> None:
    assert answers(
        "qubit[3] q; bit[3] c; h q[0]; cx q[0], q[1]; cx q[1], q[2]; c = measure q;"
    ) == ["000", "111"]


def test_bits_are_where_the_program_measures_them() -> None:
    assert answers("qubit[3] q; bit[3] c; x q[0]; c[2] = measure q[0]; c[0] = measure q[1];") == [
        "100"
    ]


def test_a_bit_that_nothing_is_measured_into_is_0() -> None:
    assert answers("qubit[2] q; bit[4] c; x q; c[3] = measure q[1];") == ["1000"]


@pytest.mark.parametrize("seed", range(5))
def test_a_mirror_circuits_answer_is_its_own(seed: int) -> None:
    mirror = mirror_circuit(5, 4, str(seed))

    assert answers(mirror.source, head="") == [mirror.answer]


def test_more_strings_than_tell_something_are_none() -> None:
    wide = ANSWERS_MAX.bit_length()
    assert answers(f"qubit[{wide}] q; bit[{wide}] c; h q; c = measure q;") == []


def test_a_wide_circuit_is_not_simulated() -> None:
    wide = QUBITS_MAX + 1
    assert answers(f"qubit[{wide}] q; bit[{wide}] c; x q; c = measure q;") == []


def test_a_compiled_program_tells_its_answers() -> None:
    line = DeviceTarget(
        device="line",
        kind=DeviceKind.QPU,
        qubits=(0, 1, 2),
        edges=((0, 1), (1, 2)),
        native_gates=("prx", "cz"),
        calibration_id="c",
    )
    bell = f"{HEAD} qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;"

    assert compile_program(bell, "3.0", line).metrics["known_answers"] == ["00", "11"]
