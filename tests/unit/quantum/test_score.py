"""Estimated success is the product of what can go wrong."""

from __future__ import annotations

from math import exp

import pytest

from bellpair_quantum.program import Operation
from bellpair_quantum.score import alike, estimated_success, workload
from tests.unit.quantum.devices import SIMULATOR, lattice

QUIET = {"one_qubit_error": {}, "two_qubit_error": {}, "readout_error": {}}
TIMED = {"one_qubit_us": 1.0, "two_qubit_us": 2.0, "readout_us": 10.0}


def prx(qubit: int) -> Operation:
    return Operation("prx", (1.0, 0.0), (qubit,))


def cz(a: int, b: int) -> Operation:
    return Operation("cz", (), (a, b))


def test_gates_and_readouts_of_both_directions_multiply() -> None:
    device = lattice(
        1,
        2,
        one_qubit_error={0: 0.1, 1: 0.2},
        two_qubit_error={"0-1": 0.3},
        readout_error={0: 0.9, 1: 0.25},
        readout_0_to_1={0: 0.1},
        readout_1_to_0={0: 0.3},
    )
    gates = [prx(0), prx(1), cz(1, 0)]
    assert estimated_success(gates, [0, 1], device) == pytest.approx(0.9 * 0.8 * 0.7 * 0.8 * 0.75)
    assert estimated_success(gates, [], device) == pytest.approx(0.9 * 0.8 * 0.7)
    assert estimated_success(gates, [0], SIMULATOR) == 1.0


def test_gates_begin_as_soon_as_their_qubits_are_free() -> None:
    work = workload(
        [prx(0), prx(0), prx(0), prx(1), cz(0, 1), prx(1)], [0, 1], lattice(1, 2, **TIMED)
    )
    assert work.waits == {1: [2.0]}
    assert work.last_wait == {0: 1.0, 1: 0.0}
    assert work.duration_us == 3 + 2 + 1 + 10


def test_a_qubit_waits_only_after_its_first_gate() -> None:
    work = workload([prx(0), prx(0), cz(0, 1)], [0, 1], lattice(1, 2, **TIMED))
    assert work.waits == {}


@pytest.mark.parametrize("lifetime", [None, 1e7], ids=["unknown", "of-an-ion"])
def test_where_durations_are_not_published_nothing_waits(lifetime: float | None) -> None:
    lifetimes = {} if lifetime is None else {0: lifetime, 1: lifetime}
    work = workload([prx(0), prx(0), prx(1), cz(0, 1)], [0], lattice(1, 2, t1_us=lifetimes))
    assert work.waits == {}
    assert work.duration_us is None


def test_but_superconducting_gates_take_what_they_usually_do() -> None:
    device = lattice(1, 2, t1_us={0: 40.0, 1: 40.0})
    work = workload([prx(0), prx(0), prx(1), cz(0, 1)], [0, 1], device)
    assert work.waits[1] == [pytest.approx(0.03)]
    assert work.duration_us is None
    published = lattice(1, 2, t1_us={0: 40.0, 1: 40.0}, **TIMED)
    assert workload([prx(0), prx(0), prx(1), cz(0, 1)], [0], published).waits[1] == [1.0]


def test_waiting_relaxes_and_before_readout_only_flips_count() -> None:
    device = lattice(1, 2, **QUIET, **TIMED, t1_us={0: 40.0, 1: 40.0}, t2_us={0: 15.0, 1: 15.0})
    # Qubit 1 waits for two gates of qubit 0, then 0 waits for the last gate of 1.
    gates = [prx(1), prx(0), prx(0), prx(0), cz(0, 1), prx(1)]
    flip = (1 - exp(-2 / 40)) / 4
    phase = (1 - exp(-2 / 15)) / 2 - flip
    between = 1 - (2 * flip + phase) * 2 / 3
    last = 1 - (1 - exp(-1 / 40)) / 2
    assert estimated_success(gates, [0, 1], device) == pytest.approx(between * last)
    assert estimated_success(gates, [1], device) == pytest.approx(between)


def test_what_surely_fails_leaves_a_number() -> None:
    device = lattice(1, 2, **QUIET | {"two_qubit_error": {"0-1": 1.0}})
    assert 0 < estimated_success([cz(0, 1)], [], device) < 1e-11


def test_alike_is_the_device_with_medians() -> None:
    device = lattice(1, 3, one_qubit_error={0: 0.1, 1: 0.2, 2: 0.6}, t1_us={0: 5.0})
    same = alike(device)
    assert same.one_qubit_error == dict.fromkeys(range(3), 0.2)
    assert same.t1_us == dict.fromkeys(range(3), 5.0)
    assert list(same.two_qubit_error.values()) == pytest.approx([0.015, 0.015])
    assert same.readout_0_to_1 == {}
    assert (same.qubits, same.edges) == (device.qubits, device.edges)


def test_a_workload_on_other_qubits_is_that_of_the_same_gates_there() -> None:
    device = lattice(1, 4, **TIMED)
    gates = [prx(0), prx(0), prx(1), cz(0, 1), prx(2), cz(1, 2), prx(2)]
    place_of = {0: 3, 1: 2, 2: 1}
    there = [each._replace(qubits=tuple(place_of[q] for q in each.qubits)) for each in gates]
    assert workload(gates, [0, 2], device).moved(place_of) == workload(there, [3, 1], device)
