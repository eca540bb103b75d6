"""What a program may ask for is bounded, and checking it takes no more than it says."""

from __future__ import annotations

import contextlib
import sys
from types import FrameType
from typing import Any

import pytest

from bellpair_core.openqasm import ProgramError, ProgramLimits, check_program, flatten_program
from tests.unit.openqasm.marked import HEAD_2, HEAD_3, STATED_LIMITS, in_2, in_3, refusal

MIB = 1 << 20
A_TENTH = STATED_LIMITS._replace(
    max_operations=STATED_LIMITS.max_operations // 10,
    max_replayed=STATED_LIMITS.max_replayed // 10,
)

DEEP = {
    "braces": "{" * MIB,
    "parentheses": in_3("rx(" + "(" * MIB),
    "parentheses in OpenQASM 2": in_2("rx(" + "(" * MIB),
    "functions": in_3("rx(" + "sin(" * (MIB // 4)),
    "indices": in_3("if (" + "c[" * (MIB // 2)),
    "loops": in_3("for int i in [0:1] " * (MIB // 19)),
    "conditions": in_3("if (true) " * (MIB // 10)),
    "boxes": in_3("box {" * (MIB // 5)),
    "gate definitions": in_3(
        "".join(f"gate g{i + 1} a {{ {f'g{i}' if i else 'x'} a; }}\n" for i in range(1000))
    ),
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting_is_refused(name: str) -> None:
    assert refusal(DEEP[name]).kind == "too-deep"


@pytest.mark.parametrize(
    ("opening", "closing", "inner"),
    [("rx(" + "(" * 63, ")" * 63 + ") q;", "1"), ("{" * 64, "}" * 64, "x q;")],
)
def test_nesting_up_to_the_limit_is_accepted(opening: str, closing: str, inner: str) -> None:
    assert check_program(in_3(opening + inner + closing)).num_gates == 3


def test_nesting_needs_little_of_pythons_stack() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(_stack_depth() + 350)
    try:
        check_program(in_3("if (true) { " * 60 + "rx(((1))) q;" + "}" * 60))
    finally:
        sys.setrecursionlimit(limit)


def _stack_depth() -> int:
    frame: FrameType | None = sys._getframe()
    depth = 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    return depth


def test_a_chain_of_else_if_is_no_nesting() -> None:
    chain = "if (c == 0) x q[0]; " + "else if (c == 1) x q[0]; " * 1000
    assert check_program(in_3(chain)).num_gates == 1001


def test_gate_definitions_that_double_each_time_are_counted_not_built() -> None:
    def doubling(times: int) -> str:
        inner = ["x", *(f"g{i}" for i in range(1, times))]
        return "".join(f"gate g{i} a {{ {g} a; {g} a; }}\n" for i, g in enumerate(inner, 1))

    assert check_program(in_3(doubling(17) + "g17 q[0];")).num_gates == 2**17
    assert refusal(in_3(doubling(17) + "▸g17 q;")).kind == "too-large"
    assert refusal(in_3(doubling(60))).kind == "too-large"


def test_the_limits_are_the_callers() -> None:
    source = in_3("x q; x q; x q;")
    assert check_program(source, ProgramLimits(max_qubits=3, max_bits=3, max_operations=12))
    for limits, kind in [
        (ProgramLimits(max_qubits=2), "too-many-qubits"),
        (ProgramLimits(max_bits=2), "too-many-bits"),
        (ProgramLimits(max_operations=11), "too-large"),
    ]:
        with pytest.raises(ProgramError) as caught:
            check_program(source, limits)
        assert caught.value.kind == kind


@pytest.mark.parametrize(
    "loops",
    [
        "for int i in [0:1] " * 30 + "x q[0];",
        "for int i in [0:999] " * 5 + "{ }",
        "for int i in [0:999999999] { }",
        "for int i in {" + "0," * 2000 + "} for int j in [0:2000] x q;",
        "gate g a { " + "for int i in [0:99] " * 5 + "x a; }",
    ],
)
def test_loops_that_would_explode_are_refused(loops: str) -> None:
    assert refusal(in_3(loops)).kind == "too-large"


@pytest.mark.parametrize(
    "statements",
    [
        "for int i in [0:99] for int j in [0:99] for int k in [0:9] x q[0];",
        "for int i in [0:199999] { }",
        "for int i in [0:1] " * 17 + "x q[0];",
        "for int i in [0:9999] { " + "x q[0]; " * 20 + "}",
        "for int i in [0:9999] rx(" + "1+" * 20_000 + "1) q;",
        "for int i in [0:9] for int j in [0:999] for int k in {" + "0," * 50 + "} { }",
        "gate g(a) r { rx(" + "a+" * 2000 + "a) r; } for int i in [0:999] g(i) q[0];",
        "gate g a { } " + "x q[0]; pow(100000) @ g q[0]; " * 20,
    ],
)
def test_what_takes_too_much_work_is_refused_before_it_is_done(statements: str) -> None:
    # Counting calls takes its time, so it is done where less is allowed.
    assert _calls(in_3(statements), A_TENTH) < 350_000 + 15 * len(statements)
    assert refusal(in_3(statements)).kind == "too-large"


@pytest.mark.parametrize(
    "loops",
    [
        "for int i in [0:29999] x q[0];",
        "for int i in [0:199] for int j in [0:i] x q[0];",
        "gate g a { for int i in [0:9999] { x a; y a; } } g q;",
    ],
)
def test_loops_within_the_limits_are_written_out(loops: str) -> None:
    flat = flatten_program(in_3(loops))
    # Each gate is a statement; the head and the measurements are less than 20 lines.
    assert flat.facts.num_gates <= flat.text.count(";") * 3
    assert _calls(in_3(loops)) < 3_000_000


FLAT = {
    "gates": (HEAD_3, "cx q[0], q[1];\n"),
    "gates of OpenQASM 2": (HEAD_2, "cx q[0],q[1];\n"),
    "expressions": (HEAD_3, "rx(-pi / 2 + 0.5 * sin(1)) q[0];\n"),
    "definitions": (HEAD_3, "gate g# a { x a; }\n"),
    "conditions": (HEAD_3, "if (c[0] == 1 && !c[1]) { x q[0]; }\n"),
    "measurements": (HEAD_3, "c[0] = measure q[0];\n"),
    "loops": (HEAD_3, "for int i in [0:2] x q[i];\n"),
    "blocks": (HEAD_3, "{{{{ x q[0]; }}}}\n"),
    "aliases": (HEAD_3, "let a# = q[0:1] ++ q[2:2];\n"),
    "constants": (HEAD_3, "const int n# = 1 + 2;\n"),
}


@pytest.mark.parametrize("name", FLAT)
def test_work_grows_linearly_with_the_program(name: str) -> None:
    head, line = FLAT[name]

    def program(lines: int) -> str:
        tail = "measure q -> c;"
        return head + "".join(line.replace("#", str(i)) for i in range(lines)) + tail

    assert _calls(program(2000)) < 4.1 * _calls(program(500))


def _calls(source: str, limits: ProgramLimits = STATED_LIMITS) -> int:
    """Count the calls that checking a program makes, of Python and of C; refusing ends it."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        with contextlib.suppress(ProgramError):
            check_program(source, limits)
    finally:
        sys.setprofile(before)
    return calls
