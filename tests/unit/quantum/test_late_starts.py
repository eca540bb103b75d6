"""Qubits begin late where a device takes barriers, and then lose less."""

from __future__ import annotations

from typing import Any

import pytest

from bellpair_quantum.compiler import compile_program
from bellpair_quantum.late_starts import begun_late
from bellpair_quantum.options import CompileOptions
from bellpair_quantum.program import Operation
from bellpair_quantum.score import estimated_success, workload
from bellpair_quantum.transforms.decouple import waits
from tests.unit.quantum.devices import ions, lattice
from tests.unit.quantum.distributions import distance, of_compiled, of_source
from tests.unit.quantum.test_meaning import random_program

TIMED: dict[str, Any] = {"one_qubit_us": 1.0, "two_qubit_us": 2.0}
BARRIERS: dict[str, Any] = {"native_gates": ("prx", "cz", "barrier")}
DECAY: dict[str, Any] = {
    "t1_us": dict.fromkeys(range(4), 40.0),
    "t2_us": dict.fromkeys(range(4), 15.0),
}


def prx(qubit: int) -> Operation:
    return Operation("prx", (1.0, 0.0), (qubit,))


def cz(a: int, b: int) -> Operation:
    return Operation("cz", (), (a, b))


CHAIN = [
    *(prx(qubit) for qubit in range(4)),
    cz(0, 1),
    prx(1),
    cz(1, 2),
    prx(2),
    cz(2, 3),
    prx(3),
]
"""As for a GHZ state: all qubits are turned at once, and wait for their neighbours."""


def test_qubits_are_held_back_until_their_neighbour_is_about_done() -> None:
    late = begun_late(CHAIN, lattice(1, 4, **BARRIERS | TIMED))
    assert [(name, qubits) for name, _, qubits in late] == [
        ("prx", (0,)),
        ("prx", (1,)),
        ("cz", (0, 1)),
        ("barrier", (2, 0)),
        ("prx", (2,)),
        ("prx", (1,)),
        ("cz", (1, 2)),
        ("barrier", (3, 1)),
        ("prx", (3,)),
        ("prx", (2,)),
        ("cz", (2, 3)),
        ("prx", (3,)),
    ]


def test_then_nothing_waits_but_for_readout_and_no_time_is_lost() -> None:
    soon, late = (lattice(1, 4, **TIMED | DECAY | more) for more in ({}, BARRIERS))
    assert workload(CHAIN, range(4), soon).waits == {2: [3.0], 3: [6.0]}
    work = workload(CHAIN, range(4), late)
    assert work.waits == {}
    assert work.last_wait == {0: 7.0, 1: 4.0, 2: 1.0, 3: 0.0}
    assert work.duration_us == workload(CHAIN, range(4), soon).duration_us
    assert estimated_success(CHAIN, range(4), late) > estimated_success(CHAIN, range(4), soon)


def test_a_program_as_it_stands_waits_where_its_own_barriers_say() -> None:
    device = lattice(1, 4, **BARRIERS | TIMED)
    assert workload(CHAIN, range(4), device, as_written=True).waits == {2: [3.0], 3: [6.0]}
    held = [prx(0), prx(1), prx(1), Operation("barrier", (), (0, 1)), prx(0)]
    work = workload(held, [0, 1], device, as_written=True)
    assert (work.waits, work.last_wait) == ({0: [1.0]}, {0: 0.0, 1: 1.0})


def test_a_device_without_barriers_or_lifetimes_gets_the_gates_as_they_are() -> None:
    assert begun_late(CHAIN, lattice(1, 4, **TIMED)) == CHAIN
    assert begun_late(CHAIN, lattice(1, 4, **BARRIERS)) == CHAIN
    assert begun_late(CHAIN, ions(4, **TIMED)) == CHAIN


def test_what_follows_from_a_measurement_stays_behind_it() -> None:
    device = lattice(1, 4, **BARRIERS | TIMED)
    fed = [prx(0), Operation("measure_ff", (0,), (0,)), Operation("cc_prx", (1.0, 0.0, 0), (1,))]
    assert begun_late([*fed, *CHAIN], device) == [*fed, *CHAIN]


def test_a_program_that_cannot_begin_later_has_no_barriers() -> None:
    device = lattice(1, 4, **BARRIERS | TIMED)
    short = [prx(0), prx(1), cz(0, 1)]
    assert begun_late(short, device) == short
    assert begun_late([], device) == []


def test_a_qubit_that_nothing_connects_with_the_others_begins_at_the_end() -> None:
    device = lattice(1, 4, **BARRIERS | TIMED)
    late = begun_late([prx(3), prx(0), prx(0), prx(0)], device)
    assert late == [prx(0), prx(0), Operation("barrier", (), (3, 0)), prx(3), prx(0)]


def test_what_begins_late_needs_no_pulses_against_waiting() -> None:
    device = lattice(1, 4, **BARRIERS | TIMED)
    assert [wait.qubit for wait in waits(CHAIN, device, [])] == [2, 3]
    assert waits(begun_late(CHAIN, device), device, []) == []


def test_programs_have_the_barriers_and_their_gates_do_not() -> None:
    source = "OPENQASM 3.0; include 'stdgates.inc'; qubit[4] q; bit[4] c; h q[0]; "
    source += "cx q[0], q[1]; cx q[1], q[2]; cx q[2], q[3]; c = measure q;"
    compiled = compile_program(
        source.replace("'", '"'),
        "3.0",
        lattice(1, 4, **BARRIERS | TIMED | DECAY),
        options=CompileOptions(budget_s=0),
    )
    assert "  barrier $" in compiled.program
    assert "barrier" not in {operation.name for operation in compiled.operations}
    assert compiled.program.count("cz $") == compiled.two_qubit_gates == 3


@pytest.mark.parametrize("seed", range(3))
def test_a_program_with_barriers_means_the_same(seed: int) -> None:
    device = lattice(
        4,
        5,
        **BARRIERS | TIMED,
        t1_us=dict.fromkeys(range(20), 40.0),
        t2_us=dict.fromkeys(range(20), 15.0),
    )
    source = random_program(5, seed)
    compiled = compile_program(source, "2.0", device, options=CompileOptions(budget_s=0))
    assert "barrier" in compiled.program
    assert distance(of_compiled(compiled), of_source(source, "2.0")) < 1e-6
