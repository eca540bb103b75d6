"""A program's shape is what it comes to when everything is written out."""

from __future__ import annotations

import itertools
import random

import pytest
from qiskit import QuantumCircuit, qasm2, transpile

from bellpair_core.openqasm import Shape, check_program
from bellpair_core.openqasm.forms import STANDARD, form_of

_HEAD_2 = 'OPENQASM 2.0; include "qelib1.inc";'
_HEAD_3 = 'OPENQASM 3.0; include "stdgates.inc";'


def _shape(body: str, head: str = _HEAD_3) -> Shape:
    """The shape as the program is written."""
    return written(check_program(f"{head}\n{body}").shape)


def written(shape: Shape) -> Shape:
    return shape._replace(needed_two_qubit_gates=0)


def _written_by_qiskit(name: str, qubits: int, params: int) -> QuantumCircuit:
    angles = f"({','.join(['0.3', '0.2', '0.1', '0.4'][:params])})" if params else ""
    places = ",".join(f"q[{place}]" for place in range(qubits))
    source = f'OPENQASM 2.0; include "qelib1.inc"; qreg q[{qubits}]; {name}{angles} {places};'
    circuit = qasm2.loads(source, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    return transpile(circuit, basis_gates=["u", "cx"], optimization_level=1)


@pytest.mark.parametrize(
    ("name", "qubits", "params"),
    [
        *[(name, 2, 0) for name in ("cx", "cy", "cz", "ch", "swap", "csx")],
        *[(name, 2, 1) for name in ("cp", "crx", "cry", "crz", "cu1", "rxx", "rzz")],
        ("cu3", 2, 3),
        ("cu", 2, 4),
        *[(name, 3, 0) for name in ("ccx", "cswap", "rccx")],
        *[(name, 4, 0) for name in ("rc3x", "c3x", "c3sqrtx")],
        ("c4x", 5, 0),
    ],
)
def test_a_gate_comes_to_as_many_pairs_as_qiskit_makes_of_it(
    name: str, qubits: int, params: int
) -> None:
    written = _written_by_qiskit(name, qubits, params)
    form = STANDARD[name]

    assert form.two == written.count_ops().get("cx", 0)
    assert form.layers >= written.depth() - 2  # rotations of one qubit that Qiskit merges


@pytest.mark.parametrize("controls", [5, 6, 9])
def test_gates_of_many_controls_are_counted_by_a_formula(controls: int) -> None:
    circuit = QuantumCircuit(controls + 1)
    circuit.mcx(list(range(controls)), controls)
    written = transpile(circuit, basis_gates=["u", "cx"], optimization_level=1)

    form = form_of(f"mcx_{controls}", controls + 1)

    assert form.two == written.count_ops()["cx"]
    assert form.layers == written.depth()


@pytest.mark.parametrize("seed", range(6))
def test_counts_depth_and_pairs_are_those_of_the_circuit(seed: int) -> None:
    draw = random.Random(seed)
    width = draw.randint(2, 8)
    circuit = QuantumCircuit(width, width)
    pairs = set()
    for _ in range(60):
        if draw.random() < 0.5:
            circuit.h(draw.randrange(width))
        else:
            pair = draw.sample(range(width), 2)
            circuit.cx(*pair)
            pairs.add(frozenset(pair))
    counts, depth = circuit.count_ops(), circuit.depth()
    circuit.measure(range(width), range(width))

    assert written(check_program(qasm2.dumps(circuit)).shape) == Shape(
        counts["h"], counts["cx"], depth, len(pairs), width, 0
    )


def test_loops_and_broadcasts_are_written_out() -> None:
    shape = _shape(
        "qubit[4] q; bit[4] c; h q; for int i in [0:2] { cx q[i], q[i + 1]; } c = measure q;"
    )

    assert shape == Shape(4, 3, 4, 3, 4, 0)


def test_a_register_against_another_is_one_layer() -> None:
    shape = _shape("qubit[3] q; qubit[3] r; bit[3] c; cx q, r; c = measure r;")

    assert shape == Shape(0, 3, 1, 3, 3, 0)


def test_a_gate_of_the_programs_own_counts_as_what_it_is_defined_by() -> None:
    shape = _shape(
        "gate pair a, b { h a; cx a, b; } gate chain a, b, c { pair a, b; pair b, c; }"
        " qubit[3] q; bit[3] c; chain q[0], q[1], q[2]; chain q[0], q[1], q[2]; c = measure q;"
    )

    assert shape == Shape(4, 4, 8, 2, 3, 0)


def test_controls_make_larger_gates() -> None:
    plain = _shape("qubit[3] q; bit[3] c; ccx q[0], q[1], q[2]; c = measure q;")
    controlled = _shape("qubit[3] q; bit[3] c; ctrl(2) @ x q[0], q[1], q[2]; c = measure q;")

    assert plain == controlled == Shape(8, 6, 11, 3, 3, 0)


def test_powers_are_as_many_gates() -> None:
    shape = _shape(
        "gate pair a, b { h a; cx a, b; } qubit[2] q; bit[2] c;"
        " pow(5) @ pair q[0], q[1]; c = measure q;"
    )

    assert shape == Shape(5, 5, 10, 1, 2, 0)


def test_a_barrier_holds_what_comes_after_it() -> None:
    held = _shape("qubit[2] q; bit[2] c; h q[0]; barrier q; h q[1]; c = measure q;")
    free = _shape("qubit[2] q; bit[2] c; h q[0]; h q[1]; c = measure q;")

    assert (held.depth, free.depth) == (2, 1)


def test_a_loop_without_turns_does_nothing() -> None:
    shape = _shape("qubit[1] q; bit[1] c; for int i in [1:0] { h q[0]; } c = measure q;")

    assert shape == Shape(0, 0, 0, 0, 1, 0)


def test_openqasm_2_is_counted_alike() -> None:
    shape = _shape("qreg q[2]; creg c[2]; h q; cx q[0],q[1]; measure q -> c;", _HEAD_2)

    assert shape == Shape(2, 1, 2, 1, 2, 0)


def test_where_all_pairs_meet_all_are_counted() -> None:
    width = 12
    meetings = " ".join(f"cz q[{a}], q[{b}];" for a, b in itertools.combinations(range(width), 2))
    body = meetings.replace("q[", "a").replace("]", "")
    formals = ", ".join(f"a{place}" for place in range(width))
    actual = ", ".join(f"q[{place}]" for place in range(width))
    direct = _shape(f"qubit[{width}] q; bit[{width}] c; {meetings} c = measure q;")
    defined = _shape(
        f"gate all {formals} {{ {body} }} qubit[{width}] q; bit[{width}] c;"
        f" all {actual}; c = measure q;"
    )

    assert direct.interactions == defined.interactions == width * (width - 1) // 2
