"""A wrong program is refused with its kind, its exact place (▸) and a remedy."""

from __future__ import annotations

import pytest

from bellpair_core.openqasm import ProblemKind
from tests.unit.openqasm.marked import HEAD_2, HEAD_3, in_2, in_3, refusal

WHOLE_PROGRAMS = [
    ("no-qubits", "▸"),
    ("no-qubits", "OPENQASM 3.0;\nbit c;\n▸"),
    ("no-qubits", "OPENQASM 2.0;\n▸"),
    ("no-qubits", "OPENQASM 3.0;\nqubit[▸0] q;"),
    ("no-qubits", "OPENQASM 3.0;\nqubit[▸-2] q;"),
    ("no-qubits", "OPENQASM 2.0;\nqreg q[▸0];"),
    ("no-measurement", HEAD_3 + "x q;\n▸"),
    ("no-measurement", HEAD_2 + "x q;\n▸"),
    ("no-measurement", HEAD_3 + "for int i in [1:0] c = measure q;▸"),
    ("bad-version", "OPENQASM ▸4.0;\nqubit q;"),
    ("bad-version", "// hello\n  OPENQASM ▸1;"),
    ("bad-version", "OPENQASM ▸3.0.1;"),
    ("bad-version", "OPENQASM ▸2.1;"),
    ("syntax", "OPENQASM ▸;"),
    ("syntax", "OPENQASM 3.0\n▸qubit q;"),
    ("syntax", "OPENQASM 3.0;\n▸OPENQASM 3.0;"),
    ("syntax", "OPENQASM 2.0;\n▸OPENQASM 2.0;"),
    ("bad-encoding", "OPENQASM 3.0;\nqubit▸\0 q;"),
    ("bad-encoding", "OPENQASM 3.0;\n// ▸\ud800"),
    ("bad-encoding", "▸\ufeffOPENQASM 3.0;"),
    ("unknown-include", 'include ▸"my.inc";'),
    ("unknown-include", 'OPENQASM 3;\ninclude ▸"qelib1.inc";'),
    ("unknown-include", "include ▸'/etc/passwd';"),
    ("unknown-include", 'OPENQASM 2.0;\ninclude ▸"stdgates.inc";'),
    ("syntax", "include ▸stdgates;"),
    ("syntax", 'include ▸"stdgates.inc;\nqubit q;'),
    ("redefined-name", 'include "stdgates.inc";\n▸include "stdgates.inc";'),
    ("redefined-name", 'OPENQASM 2.0;include "qelib1.inc";\n▸include "qelib1.inc";'),
    ("undefined-gate", "qubit q;\n▸h q;"),
    ("undefined-gate", "OPENQASM 2.0;\nqreg q[1];\n▸h q;"),
    ("too-many-qubits", "qubit[▸1001] q;"),
    ("too-many-qubits", "qubit[1000] q;\nqubit ▸r;"),
    ("too-many-qubits", "OPENQASM 2.0; qreg q[▸1000000000000];"),
    ("too-many-qubits", 'include "stdgates.inc"; h ▸$1000;'),
    ("too-many-qubits", 'include "stdgates.inc"; h ▸$99999999999999999999;'),
    ("too-many-bits", "bit[▸1000000000000] c;"),
    ("unsupported", "qubit q; U(0, 0, 0) ▸$0;"),
    ("unsupported", "U(0, 0, 0) $0; qubit[▸2] q;"),
]

OPENQASM_3 = [
    ("syntax", "x q\n▸c = measure q;"),
    ("syntax", "x q[0▸;"),
    ("syntax", "cx q[0] ▸q[1];"),
    ("syntax", "x▸) q;"),
    ("syntax", "rx(1▸; q;"),
    ("syntax", "rx(1 +▸) q;"),
    ("syntax", "rx(▸* 2) q;"),
    ("syntax", "rx(1 ▸2) q;"),
    ("syntax", "rx((1▸, 2)) q;"),
    ("syntax", "x q;▸;"),
    ("syntax", "▸? x q;"),
    ("syntax", "x▸\u00a0q;"),
    ("syntax", '▸"x q;'),
    ("syntax", "x q; ▸/* never closed"),
    ("syntax", "▸} x q;"),
    ("syntax", "▸else x q;"),
    ("syntax", "▸5;"),
    ("syntax", "qubit ▸5;"),
    ("syntax", "qubit ▸measure;"),
    ("syntax", "qubit[3 ▸r;"),
    ("syntax", "gate ▸(a) b {}"),
    ("syntax", "gate g ▸{}"),
    ("undefined-gate", "gate g a { ▸c = measure a; }"),
    ("syntax", "gate g a { ▸measure a -> c; }"),
    ("syntax", "gate g a { ▸reset a; }"),
    ("syntax", "gate g a { ▸if (true) x a; }"),
    ("syntax", "gate g a { }▸; x q;"),
    ("syntax", "for int i ▸of [0:2] x q;"),
    ("syntax", "for ▸i in [0:2] x q;"),
    ("syntax", "for int i in [0▸] x q;"),
    ("syntax", "for int i in ▸[0:] x q;"),
    ("syntax", "if ▸c[0] x q;"),
    ("syntax", "c ▸x q;"),
    ("syntax", "measure q ▸c;"),
    ("syntax", "x q[▸];"),
    ("syntax", "rx(▸2pi) q;"),
    ("syntax", "rx(▸1e) q;"),
    ("syntax", "rx(▸1__0) q;"),
    ("syntax", "ctrl ▸x q[0], q[1];"),
    ("syntax", "pow ▸@ x q;"),
    ("syntax", "#pragma braket verbatim\n▸x q;"),
    ("syntax", "box ▸x q;"),
    ("undefined-gate", "x q; ▸foo q[0];"),
    ("undefined-gate", "gate g a { ▸g a; }"),
    ("undefined-gate", "gate g a { ▸k a; } gate k a { x a; }"),
    ("undefined-gate", "▸q[0], q[1];"),
    ("undefined-gate", "ctrl @ ▸foo q[0], q[1];"),
    ("undefined-gate", "inv @ ▸q;"),
    ("undefined-name", "x ▸r;"),
    ("undefined-name", "cx q[0], ▸r[1];"),
    ("undefined-name", "▸d = measure q;"),
    ("undefined-name", "▸qbit[2] r;"),
    ("undefined-name", "c = measure ▸r;"),
    ("undefined-name", "rx(2 * ▸theta) q;"),
    ("undefined-name", "x q[▸i];"),
    ("undefined-name", "for int i in [0:1] x q[i]; x q[▸i];"),
    ("undefined-name", "if (▸d == 1) x q;"),
    ("undefined-name", "rx(▸ln(2)) q;"),
    ("redefined-name", "qubit ▸q;"),
    ("redefined-name", "bit[2] ▸q;"),
    ("redefined-name", "gate ▸x a {}"),
    ("redefined-name", "gate g(a) ▸a {}"),
    ("redefined-name", "gate g a, ▸a {}"),
    ("redefined-name", "const int n = 1; const int ▸n = 2;"),
    ("redefined-name", "let ▸q = q[0:1];"),
    ("wrong-arity", "▸cx q[0];"),
    ("wrong-arity", "▸x q[0], q[1];"),
    ("wrong-arity", "▸x;"),
    ("wrong-arity", "▸rx q;"),
    ("wrong-arity", "▸rx(1, 2) q;"),
    ("wrong-arity", "▸x(1) q;"),
    ("wrong-arity", "ctrl @ ▸x q[0];"),
    ("wrong-arity", "gphase(1); ▸gphase(1) q;"),
    ("wrong-arity", "gate g a { ▸cx a; }"),
    ("wrong-arity", "rx(▸sin(1, 2)) q;"),
    ("wrong-arity", "rx(▸mod(1)) q;"),
    ("wrong-type", "x ▸c;"),
    ("wrong-type", "x ▸h;"),
    ("wrong-type", "c = measure ▸c;"),
    ("wrong-type", "measure q -> ▸q;"),
    ("wrong-type", "rx(▸c) q;"),
    ("wrong-type", "rx(▸q) q;"),
    ("wrong-type", "x q[▸0.5];"),
    ("wrong-type", "x q[▸1 < 2];"),
    ("wrong-type", "const int n = ▸0.5;"),
    ("wrong-type", "const uint n = ▸-1;"),
    ("wrong-type", "gate g a { x ▸q[0]; }"),
    ("wrong-type", "gate g a { x ▸q; }"),
    ("size-mismatch", "qubit[2] r; cx q, ▸r;"),
    ("size-mismatch", "bit[2] d; ▸d = measure q;"),
    ("size-mismatch", "▸c[0] = measure q;"),
    ("size-mismatch", "▸measure q[0:1] -> c;"),
    ("index-out-of-range", "x q[▸3];"),
    ("index-out-of-range", "x q[▸-4];"),
    ("index-out-of-range", "c[▸3] = measure q[0];"),
    ("index-out-of-range", "x q[▸0:3];"),
    ("index-out-of-range", "x q[▸{0, 3}];"),
    ("index-out-of-range", "x q[0]▸[0];"),
    ("index-out-of-range", "for int i in [0:3] x q[▸i];"),
    ("index-out-of-range", "for int i in [0:1] for int j in [i:3] cx q[i], q[▸j + 1];"),
    ("index-out-of-range", "for int i in [0:9998] x q[▸i];"),
    ("index-out-of-range", "if (c[▸5]) x q;"),
    ("invalid-value", "rx(1 ▸/ 0) q;"),
    ("invalid-value", "gate g(a) r { rx(1 ▸/ a) r; } g(1) q[0]; g(0) q[0];"),
    ("invalid-value", "gate g(a) r { rx(▸sqrt(a)) r; } gate h2(b) r { g(b - 1) r; } h2(0) q[0];"),
    ("invalid-value", "rx(▸sqrt(-1)) q;"),
    ("invalid-value", "rx(▸log(0)) q;"),
    ("invalid-value", "rx(▸exp(1000)) q;"),
    ("invalid-value", "rx(▸1e400) q;"),
    ("invalid-value", "rx(10▸**10**10) q;"),
    ("invalid-value", "rx(2▸**1000) q;"),
    ("invalid-value", "rx(1 ▸<< 1000) q;"),
    ("invalid-value", "rx(1.5 ▸& 2) q;"),
    ("invalid-value", "rx((-8)▸**0.5) q;"),
    ("invalid-value", "x q[▸99999999999999999999];"),
    ("invalid-value", "x q[▸" + "9" * 5000 + "];"),
    ("invalid-value", "rx(9223372036854775807 ▸+ 1) q;"),
    ("invalid-value", "bit[▸0] d;"),
    ("invalid-value", "x q[▸2:1];"),
    ("invalid-value", "x q[▸0:0:2];"),
    ("invalid-value", "for int i in ▸[0:0:2] x q;"),
    ("invalid-value", "ctrl(▸0) @ x q;"),
    ("invalid-value", "ctrl(▸1000000000000) @ x q;"),
    ("duplicate-qubit", "cx q[1], ▸q[1];"),
    ("duplicate-qubit", "cx q[0], ▸q;"),
    ("duplicate-qubit", "cx q, ▸q;"),
    ("duplicate-qubit", "cx q[2], ▸q[-1];"),
    ("duplicate-qubit", "let a = q[1:2]; cx q[1], ▸a[0];"),
    ("duplicate-qubit", "x q[▸{0, 0}];"),
    ("duplicate-qubit", "let a = q ++ ▸q[0:1];"),
    ("duplicate-qubit", "gate g a, b { cx a, ▸a; }"),
    ("duplicate-qubit", "for int i in [0:2] for int j in [0:2] cx q[i], ▸q[j];"),
    ("too-large", "for int i in [0:999] ▸for int j in [0:999] x q[0];"),
    ("too-large", "for int i in ▸[0:9223372036854775806] x q[0];"),
    ("too-large", "for int i in ▸[-9223372036854775807:9223372036854775806] x q[0];"),
    ("too-large", "gate g a { x a; } pow(1e9) @ ▸g q[0];"),
    ("too-large", "gate g a { x a; } gate k a { pow(1000) @ g a; } pow(1000) @ ▸k q[0];"),
    ("unsupported", "gate g a { x a; } pow(0.5) @ ▸g q[0];"),
    ("unsupported", "int k; ▸rx(k) q[0];"),
    ("unbounded-loop", "▸while (true) x q;"),
    ("unsupported", "input ▸int n;"),
    ("unsupported", "{ ▸input float theta; }"),
    ("syntax", "input ▸;"),
    ("redefined-name", "input float ▸q;"),
    ("unsupported", "input float v; const int n = ▸v;"),
    ("unsupported", "input float v; for int i in [0:▸v] { x q[i]; }"),
    ("unsupported", "input float v; x q[▸v];"),
    ("unsupported", "input float v; pow(v) @ ▸x q[0];"),
    ("unsupported", "input float v; pow(0.5) @ ▸rx(v) q[0];"),
    ("unsupported", "input float v; rx(v ▸<< 2) q[0];"),
    ("unsupported", "input float v; gate g a { rx(▸v) a; }"),
    ("unsupported", "▸def f(int a) {}"),
    ("unsupported", "▸delay[100ns] q;"),
    ("unsupported", "▸switch (c) {}"),
    ("unsupported", "▸array[int, 3] a;"),
    ("unsupported", "▸measure q;"),
    ("unsupported", "for int i in [0:1] { ▸break; }"),
    ("unsupported", "▸@note\nx q;"),
    ("unsupported", "▸#pragma braket noise bit_flip(0.1) q[0]\nx q;"),
    ("unsupported", 'bit[2] d = ▸"01";'),
    ("unsupported", "c = ▸1;"),
    ("unsupported", "int n = 1; ▸n = 2;"),
    ("unsupported", "int n = 1; ▸n += 2;"),
    ("unsupported", "int n; x q[▸n];"),
    ("unsupported", "gate g(a) b { for int i in ▸[0:a] x b; }"),
    ("unsupported", "for ▸float f in [0:2] x q;"),
    ("unsupported", "for int i in ▸c x q;"),
    ("unsupported", "if (true) { ▸qubit r; }"),
    ("unsupported", "if (true) { ▸gate g a {} }"),
    ("unsupported", "rx(▸2im) q;"),
    ("unsupported", "rx(▸2ns) q;"),
    ("unsupported", "const ▸duration d = 2ns;"),
]

OPENQASM_2 = [
    ("syntax", "x q[0]\n▸x q[1];"),
    ("syntax", "qreg ▸Q[2];"),
    ("syntax", "qreg r▸;"),
    ("syntax", "qreg r[▸n];"),
    ("syntax", "x q[▸-1];"),
    ("syntax", "x q[▸01];"),
    ("syntax", "x q[0▸:1];"),
    ("syntax", "▸/* comment */ x q;"),
    ("syntax", "measure q ▸c;"),
    ("syntax", "if (c ▸> 1) x q;"),
    ("syntax", "if (c == 1) ▸barrier q;"),
    ("syntax", "if (c == 1) ▸if (c == 1) x q;"),
    ("syntax", "gate g a { ▸measure a -> c; }"),
    ("syntax", "gate g a { x a▸[0]; }"),
    ("syntax", "gate g a { x a;▸; }"),
    ("syntax", "gate ▸sin a { }"),
    ("syntax", "rx(2▸**2) q;"),
    ("syntax", "rx(▸1_0) q;"),
    ("undefined-gate", "▸foo q;"),
    ("undefined-gate", "▸qubit[2] r;"),
    ("undefined-name", "x ▸r;"),
    ("undefined-name", "rx(▸theta) q;"),
    ("redefined-name", "creg ▸q[2];"),
    ("redefined-name", "gate ▸h a { x a; }"),
    ("wrong-arity", "▸cx q[0];"),
    ("wrong-arity", "▸rx q;"),
    ("wrong-type", "x ▸c;"),
    ("wrong-type", "if (▸q == 1) x q;"),
    ("wrong-type", "measure ▸c -> c;"),
    ("size-mismatch", "▸measure q -> c[0];"),
    ("size-mismatch", "creg d[2]; ▸measure q -> d;"),
    ("size-mismatch", "qreg r[2]; cx q, ▸r;"),
    ("index-out-of-range", "x q[▸3];"),
    ("index-out-of-range", "measure q[0] -> c[▸3];"),
    ("invalid-value", "rx(1▸/0) q;"),
    ("invalid-value", "rx(10▸^10^10) q;"),
    ("duplicate-qubit", "cx q[0], ▸q[0];"),
    ("duplicate-qubit", "cx q[0], ▸q;"),
    ("unsupported", "▸opaque g a;"),
]


@pytest.mark.parametrize(("kind", "program"), WHOLE_PROGRAMS)
def test_programs_as_a_whole(kind: str, program: str) -> None:
    assert refusal(program).kind == kind


@pytest.mark.parametrize(("kind", "statements"), OPENQASM_3)
def test_openqasm_3(kind: str, statements: str) -> None:
    assert refusal(in_3(statements)).kind == kind


@pytest.mark.parametrize(("kind", "statements"), OPENQASM_2)
def test_openqasm_2(kind: str, statements: str) -> None:
    assert refusal(in_2(statements)).kind == kind


def test_every_refusal_has_a_remedy_and_says_its_place() -> None:
    for kind, statements in OPENQASM_3:
        error = refusal(in_3(statements))
        assert error.remedy.endswith(".")
        assert not error.message.endswith(".")
        assert len(error.message) + len(error.remedy) < 300
        assert str(error).startswith(f"line {error.line}, column {error.column}: ")
        assert isinstance(error.kind, ProblemKind)
        assert error.kind == kind


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("H q[0];", "'h'"),
        ("cnot q[0], q[1];", "'cx'"),
        ("toffoli q[0], q[1], q[2];", "'ccx'"),
        ("swpa q[0], q[1];", "'swap'"),
        ("cx q[0], Q[1];", "'q'"),
    ],
)
def test_a_name_that_is_nearly_right_is_suggested(statement: str, name: str) -> None:
    assert name in refusal(in_3(statement)).remedy


def test_a_standard_gate_without_its_include_names_the_include() -> None:
    assert '"stdgates.inc"' in refusal("qubit q;\nh q;").remedy
    assert '"qelib1.inc"' in refusal("OPENQASM 2.0;\nqreg q[1];\nh q;").remedy


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_with_any_line_end(line_end: str) -> None:
    error = refusal(line_end.join(["OPENQASM 3.0;", "// θ", "qubit q;", "  foo q;"]))
    assert (error.line, error.column) == (4, 3)


def test_columns_count_characters() -> None:
    assert refusal("qubit q; /* 🐈 */ ▸foo q;").kind == "undefined-gate"
