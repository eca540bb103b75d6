"""Programs for devices that measure in mid-circuit: what is let through, and what is written."""

from __future__ import annotations

import pytest

from bellpair_core.openqasm import ProblemKind, ProgramError, check_program, flatten_program

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[2] c;\nbit d;\n'
HEAD_2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[1];\ncreg d[2];\n'
MEASURED = "c[0] = measure q[0];\n"


def written(body: str, head: str = HEAD) -> list[str]:
    """The lines of the written-out program after its registers."""
    lines = flatten_program(head + body, mid_circuit=True).text.splitlines()
    last = max(place for place, line in enumerate(lines) if line.startswith("creg"))
    return lines[last + 1 :]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("c[0] = measure q[0];\nh q[0];", 7),
        ("h q[0];\nreset q[0];\nc[0] = measure q[0];", 7),
        ("c[0] = measure q[0];\nif (c[0]) x q[1];", 7),
    ],
)
def test_what_only_some_devices_do_is_told_with_its_place(body: str, line: int) -> None:
    facts = check_program(HEAD + body, mid_circuit=True)
    assert facts.obstacle is None
    assert facts.mid_circuit is not None
    assert facts.mid_circuit.line == line
    refused = check_program(HEAD + body)
    assert refused.obstacle == facts.mid_circuit
    with pytest.raises(ProgramError) as caught:
        flatten_program(HEAD + body)
    assert caught.value.kind is ProblemKind.UNSUPPORTED


def test_what_all_devices_do_needs_none_of_it() -> None:
    body = "reset q;\nh q[0];\nc[0] = measure q[0];\nc[0] = measure q[0];"
    assert check_program(HEAD + body, mid_circuit=True).mid_circuit is None


def test_the_first_of_two_reasons_is_told() -> None:
    box = "#pragma braket verbatim\nbox { x q[1]; }\n"
    early = check_program(HEAD + MEASURED + "h q[0];\n" + box).obstacle
    late = check_program(HEAD + box + MEASURED + "h q[0];\n").obstacle
    assert early is not None
    assert late is not None
    assert "measured before" in early.message
    assert "verbatim" in late.message


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("c[0]", "when_0_1"),
        ("!c[0]", "when_0_0"),
        ("c[0] == 1", "when_0_1"),
        ("c[0] == 0", "when_0_0"),
        ("c[0] != 0", "when_0_1"),
        ("c[0] == true", "when_0_1"),
        ("c[-1] == false", "when_1_0"),
        ('d == "1"', "when_2_1"),
    ],
)
def test_a_condition_on_one_bit_stands_before_its_gate(test: str, name: str) -> None:
    lines = written(f"{MEASURED}if ({test}) {{ x q[1]; }}")
    assert lines == ["measure q[0] -> c[0];", f"{name} q[1];", "x q[1];"]


def test_else_has_the_other_value_and_ends_with_its_block() -> None:
    lines = written(MEASURED + "if (c[0]) x q[1]; else { h q[1]; s q[2]; }\nt q[1];")
    assert lines[1:] == [
        "when_0_1 q[1];", "x q[1];",
        "when_0_0 q[1];", "h q[1];",
        "when_0_0 q[2];", "s q[2];",
        "t q[1];",
    ]  # fmt: skip


def test_a_register_under_an_if_is_taken_qubit_by_qubit() -> None:
    assert written(MEASURED + "if (c[0]) x q[1:2];")[1:] == [
        "when_0_1 q[1];", "x q[1];", "when_0_1 q[2];", "x q[2];",
    ]  # fmt: skip


def test_loops_write_conditions_out() -> None:
    lines = written("c = measure q[0:1];\nfor int i in [0:1] { if (c[i]) x q[2]; reset q[i]; }")
    assert lines[2:] == [
        "when_0_1 q[2];", "x q[2];", "reset q[0];", "when_1_1 q[2];", "x q[2];", "reset q[1];",
    ]  # fmt: skip


def test_a_condition_of_openqasm_2_compares_a_register_of_one_bit() -> None:
    lines = written("measure q[0] -> c[0];\nif(c==1) x q[1];\nh q[1];", HEAD_2)
    assert lines[1:] == ["when_0_1 q[1];", "x q[1];", "h q[1];"]


def test_names_of_the_program_are_left_alone() -> None:
    flat = flatten_program(
        HEAD + "gate when_0_1 a { h a; t a; }\n" + MEASURED + "if (c[0]) when_0_1 q[1];",
        mid_circuit=True,
    )
    (name,) = flat.conditions
    assert tuple(flat.conditions[name]) == (0, 1)
    assert f"{name} q[1];\nown" in flat.text


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("if (c == 2) x q[1];", "one bit"),
        ("if (c[0] && c[1]) x q[1];", "one bit"),
        ("if (c[0] == c[1]) x q[1];", "one bit"),
        ("if (c[0]) cx q[1], q[2];", "'cx' acts on 2 qubits"),
        ("if (c[0]) ctrl @ x q[1], q[2];", "acts on 2 qubits"),
        ("if (c[0]) c[1] = measure q[1];", "measurement stands under"),
        ("if (c[0]) reset q[0];", "reset stands under"),
        ("if (c[0]) if (c[1]) x q[1];", "another 'if'"),
        ("if (c[0]) x q[1]; else if (c[1]) x q[2];", "another 'if'"),
    ],
)
def test_what_no_device_does_is_named_with_what_is_supported(body: str, named: str) -> None:
    obstacle = check_program(HEAD + MEASURED + body, mid_circuit=True).obstacle
    assert obstacle is not None
    assert named in obstacle.message
    assert obstacle.line == 7
    assert "if (c[0]" in obstacle.remedy


@pytest.mark.parametrize("test", ["d==1", "c==2"])
def test_openqasm_2_compares_nothing_else(test: str) -> None:
    source = f"{HEAD_2}measure q[0] -> c[0];\nif({test}) x q[1];"
    obstacle = check_program(source, mid_circuit=True).obstacle
    assert obstacle is not None
    assert "one bit" in obstacle.message


def test_what_is_under_an_if_counts_in_the_shape() -> None:
    facts = check_program(HEAD + MEASURED + "if (c[0]) x q[1];\nreset q[0];", mid_circuit=True)
    assert (facts.shape.one_qubit_gates, facts.shape.measured) == (2, 2)
