"""Verbatim boxes: one device's own gates, which are kept as they stand."""

from __future__ import annotations

import pytest

from bellpair_core.openqasm import check_program, flatten_program

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit b;\n'
PRAGMA = "#pragma braket verbatim\n"
END = "b = measure $2;"


def test_a_box_is_no_obstacle_where_it_was_asked_for() -> None:
    source = HEAD + PRAGMA + "box { prx(pi, 0) $2; cz $2, $7; barrier $2; }\n" + END
    facts = check_program(source, native=True)
    assert facts.obstacle is None
    assert (facts.verbatim, facts.qubits_used, facts.num_qubits) == (True, 2, 8)
    assert facts.native is not None
    assert facts.native.line == 4
    assert check_program(source).obstacle == facts.native
    flat = flatten_program(source, native=True)
    assert flat.native is not None
    assert [gate.name for gate in flat.native] == ["prx", "cz", "barrier"]
    assert flat.native[1].qubits == (2, 7)
    assert flat.reads == {0: 2}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("x $2; " + PRAGMA + "box { prx(1, 0) $2; }", "outside the verbatim box"),
        (PRAGMA + "box { prx(1, 0) $2; } x $2;", "outside the verbatim box"),
        (PRAGMA + "box { inv @ prx(1, 0) $2; }", "no gate of a device"),
        ("gate g a { x a; } " + PRAGMA + "box { g $2; }", "no gate of a device"),
        (PRAGMA + "box { prx(1, 0) $2; } b = measure $2; reset $2;", "reset"),
        (PRAGMA + "box { prx(1, 0) $2; } b = measure $2; if (b) x $3;", "'if'"),
    ],
)
def test_what_a_verbatim_program_may_not_have_is_told(body: str, named: str) -> None:
    obstacle = check_program(f"{HEAD}{body}\n{END}", native=True, mid_circuit=True).obstacle
    assert obstacle is not None
    assert named in obstacle.message


def test_an_input_cannot_be_an_angle_there() -> None:
    source = f"{HEAD}input float turn; {PRAGMA}box {{ prx(turn, 0) $2; }}\n{END}"
    obstacle = check_program(source, inputs=True, native=True).obstacle
    assert obstacle is not None
    assert "follows from an input" in obstacle.message


def test_declared_qubits_have_no_place_in_a_box() -> None:
    source = f"{HEAD}qubit q; {PRAGMA}box {{ rx(1) q; }}\nb = measure q;"
    obstacle = check_program(source, native=True).obstacle
    assert obstacle is not None
    assert "physical qubits" in obstacle.message


def test_physical_qubits_without_a_box_are_still_an_obstacle() -> None:
    obstacle = check_program(f"{HEAD}x $2;\n{END}", native=True).obstacle
    assert obstacle is not None
    assert "physical qubits" in obstacle.message
