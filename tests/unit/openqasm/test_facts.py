"""A program that is accepted tells what a device needs to know about it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bellpair_core.openqasm import ProgramFacts, Shape, check_program
from tests.unit.openqasm.marked import HEAD_2, HEAD_3, in_2, in_3

BELL_3 = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""

BELL_2 = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
h q[0];
cx q[0],q[1];
measure q -> c;
"""


@pytest.mark.parametrize(("source", "version"), [(BELL_3, "3.0"), (BELL_2, "2.0")])
def test_a_bell_pair(source: str, version: str) -> None:
    assert check_program(source) == ProgramFacts(
        language="openqasm",
        version=version,
        num_qubits=2,
        num_bits=2,
        num_gates=2,
        num_measurements=2,
        has_mid_circuit_measurement=False,
        has_classical_control=False,
        physical_qubits=False,
        verbatim=False,
        gate_names=frozenset({"h", "cx"}),
        shape=Shape(
            one_qubit_gates=1,
            two_qubit_gates=1,
            depth=2,
            interactions=1,
            measured=2,
            needed_two_qubit_gates=1,
        ),
        obstacle=None,
        qubits_used=2,
    )


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("OPENQASM 3;", "3.0"),
        ("OPENQASM 3.0;", "3.0"),
        ("// first\n/* second */ OPENQASM 3.1;", "3.0"),
        ("", "3.0"),
        ("OPENQASM 2;", "2.0"),
        ("// first\nOPENQASM 2.0;", "2.0"),
    ],
)
def test_the_version_line(line: str, version: str) -> None:
    source = f"{line} qreg q[1]; creg c[1]; U(0, 0, 0) q[0]; measure q -> c;"
    assert check_program(source).version == version


@pytest.mark.parametrize(
    "statements",
    [
        "x q; cx q[0], q[1]; ccx q[0],q[1],q[2]; u3(1,2,3) q[0]; CX q[0],q[1]; U(0,0,0) q;",
        "rx(-pi/2) q[0]; rx(pi^2*-3) q; rx(sin(ln(2)+1.5e-3)) q; rx(((.5))) q; rx(1.) q;",
        "gate g(a,b) r,s { rx(a*b/2) r; barrier r,s; cx r,s; } g(1,2) q[0],q[1];",
        "gate g a { U(0,0,0) a; } gate g2() a { g a; } g2 q; g2() q[0];",
        "barrier q; barrier q[0],q[1]; barrier; reset q; reset q[1];",
        "if (c == 5) x q[0]; if(c==0) measure q[0] -> c[0]; if(c==1) reset q;",
        "if (c == 340282366920938463463374607431768211456) x q[0];",
        "qreg r[3]; cx q,r; cx q[0],r; creg d[3]; measure r -> d;",
        ";; x q; ; // done",
    ],
)
def test_openqasm_2_programs(statements: str) -> None:
    assert check_program(in_2(statements)).version == "2.0"


@pytest.mark.parametrize(
    "statements",
    [
        "x q; x q[-1]; x q[0:1]; x q[0:2:2]; x q[2:-1:0]; x q[1:]; x q[{0, 2}]; x q[:][0];",
        "cx q[0:1], q[1:2];",
        "ctrl @ x q[0], q[1]; negctrl(2) @ x q[0], q[1], q[2]; inv @ pow(1/2) @ t q[0];",
        "ctrl @ gphase(pi) q[0]; gphase(-tau / 4); ctrl(1 + 1) @ U(0, 0, π) q[0], q[1], q[2];",
        "gate g(θ) a, b { for int i in [0:2] { rx(θ / 2) a; } ctrl @ rx(θ) a, b; }",
        "gate e a {} e q;",
        "const int n = 2; qubit[n * n] r; x r[n + 1];",
        "const float f = 1 / 2.0; uint[8] u = 3; bool b = true; angle a = pi; rx(f * a + u) q;",
        "int k; float[64] e = euler;",
        "rx(2 ** 3 ** 0) q; rx(arctan(1) - sqrt(2)) q; rx(pow(2, 3) % 5) q; rx(float(3)) q;",
        "rx(0x1F + 0b11 + 0o17 + 1_000 + .5e1) q;",
        "let a = q[0:1]; x a[1]; let b = q[2:2] ++ a; x b; let one = q[0]; x one; let d = c[0:1];",
        "for int i in [0:2] x q[i]; for uint i in {0, 2} { x q[i]; }",
        "for int[32] i in [2:-1:0] h q[i];",
        "for int i in [0:1] { for int j in [i + 1:2] cx q[i], q[j]; }",
        "for int i in [5:4] x q[i];",
        "for int i in [5:4] { for int j in [0:i] { x q[j]; cx q[i], q[i:j]; } }",
        "if (c[0]) x q[0]; else y q[0];",
        "if (c == 3) { x q; } else if (!c[1] && c[0] == 1) { y q; } else { z q; }",
        'if (c == "011") x q; if (c[0:1] == 2) x q; if (c[0] == true) x q;',
        "if (c == 340282366920938463463374607431768211456) x q;",
        "c[0] = measure q[0]; measure q[1] -> c[1]; c[1:2] = measure q[0:1];",
        "bit one = measure q[0]; bit[2] two = measure q[0:1]; bit z1;",
        "reset q; barrier; barrier q, q[0]; box { x q; } box[100ns] { x q; } box[100 ns] { }",
        "qreg r[2]; creg d[2]; qreg one; d = measure r; { x q; }",
        "x q[0],; U(0, 0, 0,) q; x() q;",
        "/* a /* comment */ x q; // and another",
        "qubit été; x été;",
    ],
)
def test_openqasm_3_programs(statements: str) -> None:
    assert check_program(in_3(statements)).version == "3.0"


def test_everything_that_is_declared_counts() -> None:
    facts = check_program(HEAD_3 + "qubit r; qubit[4] more; bit d; creg e[2]; d = measure r;")
    assert (facts.num_qubits, facts.num_bits) == (3 + 1 + 4, 3 + 1 + 2)


@pytest.mark.parametrize(
    ("statements", "gates"),
    [
        ("x q[0];", 1),
        ("x q; cx q[0:1], q[1:2];", 3 + 2),
        ("for int i in [0:9] for int j in {1, 2, 3} x q;", 10 * 3 * 3),
        ("for int i in [1:3] for int j in [1:i] x q[0];", 1 + 2 + 3),
        ("for int i in [0:99] for int j in [0:99] for int k in [0:1] x q[0];", 20_000),
        ("for int i in [1:0] x q;", 0),
        ("gate a r { x r; y r; } gate b r { a r; a r; z r; } b q;", 3 * 5),
        ("gate e r {} e q[0];", 1),
        ("gate f r { for int i in [0:3] x r; } f q[0];", 4),
        ("if (c[0]) x q[0]; else { y q[0]; z q[0]; }", 3),
        ("gphase(1);", 1),
    ],
)
def test_gates_are_counted_written_out(statements: str, gates: int) -> None:
    assert check_program(in_3(statements)).num_gates == gates


def test_measurements_are_counted_written_out() -> None:
    facts = check_program(in_3("for int i in [0:2] c[i] = measure q[i];"))
    assert facts.num_measurements == 3 + 3


@pytest.mark.parametrize(
    "statements",
    [
        "c[0] = measure q[0]; x q[0];",
        "c[0] = measure q[0]; reset q[0];",
        "c[0] = measure q[0]; c[1] = measure q[0];",
        "c[0] = measure q[0]; c[0] = measure q[1];",
        "c = measure q; cx q[2:2], q[1:1];",
        "for int i in [0:1] { x q[0]; c[i] = measure q[0]; }",
        "let a = q[1:2]; c[1] = measure q[1]; x a[0];",
    ],
)
def test_using_a_measured_qubit_is_a_mid_circuit_measurement(statements: str) -> None:
    assert check_program(HEAD_3 + statements).has_mid_circuit_measurement


@pytest.mark.parametrize(
    "statements",
    [
        "c[0] = measure q[0]; x q[1]; c[1] = measure q[1];",
        "c = measure q; barrier q;",
        "for int i in [0:2] { x q[i]; c[i] = measure q[i]; }",
        "c = measure q; for int i in [1:0] x q;",
        "c = measure q; gate g a { x a; }",
    ],
)
def test_measuring_at_the_end_is_no_mid_circuit_measurement(statements: str) -> None:
    assert not check_program(HEAD_3 + statements).has_mid_circuit_measurement


def test_mid_circuit_measurement_in_openqasm_2() -> None:
    assert check_program(in_2("measure q[0] -> c[0]; x q[0];")).has_mid_circuit_measurement
    assert not check_program(in_2("x q;")).has_mid_circuit_measurement


def test_conditions_are_classical_control() -> None:
    assert check_program(in_3("if (c[0]) x q[0];")).has_classical_control
    assert check_program(in_2("if (c == 1) x q[0];")).has_classical_control
    assert not check_program(in_3("x q[0];")).has_classical_control
    assert not check_program(HEAD_2 + "measure q -> c;").has_classical_control


def test_gate_names_are_those_applied_outside_of_definitions() -> None:
    facts = check_program(in_3("gate g a { y a; } gate unused a { z a; } g q; inv @ s q;"))
    assert facts.gate_names == {"g", "s"}


def test_physical_qubits() -> None:
    facts = check_program('include "stdgates.inc"; bit[2] c; h $0; cx $0, $7; c[0] = measure $7;')
    assert facts.physical_qubits
    assert facts.num_qubits == 8


def test_a_verbatim_box_has_the_native_gates_of_braket() -> None:
    facts = check_program(
        "OPENQASM 3.0;\nbit[2] b;\n#pragma braket verbatim\n"
        "box {\n prx(0.5, 0) $0;\n cz $0, $1;\n ms(0, 0, pi / 2) $0, $1;\n gpi2(0) $1;\n}\n"
        "b[0] = measure $0;\nb[1] = measure $1;\n"
    )
    assert facts.verbatim
    assert facts.physical_qubits
    assert facts.gate_names == {"prx", "cz", "ms", "gpi2"}


def test_importing_the_checker_loads_the_standard_library_only() -> None:
    code = (
        "import sys; before = set(sys.modules); import bellpair_core.openqasm; "
        "print(*{m.partition('.')[0] for m in set(sys.modules) - before})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert set(loaded) - sys.stdlib_module_names == {"bellpair_core"}
