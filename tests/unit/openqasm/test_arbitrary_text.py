"""Whatever the text, the checker answers with facts or with a `ProgramError`."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bellpair_core.openqasm import ProgramLimits
from tests.unit.openqasm.marked import HEAD_2, HEAD_3, problem_of

LIMITS = ProgramLimits(max_qubits=50, max_operations=10_000)

WORDS = """
    OPENQASM 3.0 2.0 ; include "stdgates.inc" "qelib1.inc" "01" qubit bit qreg creg const int
    uint float angle bool gate let for in if else while measure reset barrier box ctrl negctrl
    inv pow @ pragma #pragma true false U gphase pi sin sqrt mod x cx rx q c a i $0 $7 [ ] ( )
    { } , : -> = == + - * / ** ++ << & | ^ ! ~ 0 1 2 3 0.5 1e3 99999999999999999999 2im 10ns
    // /* */ " ' . ? θ
"""
FRAGMENTS = st.sampled_from(WORDS.split())
STATEMENTS = st.lists(FRAGMENTS, max_size=40).map(" ".join)


def _check(source: str) -> None:
    error = problem_of(source, LIMITS)
    if error is not None:
        lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1
        assert error.message
        assert error.remedy


@given(st.text(max_size=200))
@settings(deadline=None, max_examples=300)
def test_any_text(source: str) -> None:
    _check(source)


@given(st.sampled_from([HEAD_3, HEAD_2, ""]), STATEMENTS)
@settings(deadline=None, max_examples=600)
def test_any_sequence_of_tokens(head: str, statements: str) -> None:
    _check(head + statements)


@given(
    st.sampled_from(
        [
            "x {};",
            "rx({}) q;",
            "x q[{}];",
            "for int i in [{}] x q[i];",
            "for int i in {{{}}} x q[i];",
            "if ({}) x q;",
            "const int n = {}; x q[n];",
            "let a = {}; x a;",
            "gate g(a) r {{ {} }} g(1) q;",
            "{{ {} }}",
        ]
    ),
    STATEMENTS,
)
@settings(deadline=None, max_examples=600)
def test_any_sequence_of_tokens_in_a_statement(statement: str, tokens: str) -> None:
    _check(HEAD_3 + statement.format(tokens) + "c = measure q;")
