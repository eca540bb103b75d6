"""Programs as on-demand devices read and refuse them."""

from __future__ import annotations

import contextlib
from math import pi, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellpair_braket_emulator.checks import check_program
from bellpair_braket_emulator.openqasm import ProgramError, read_program
from bellpair_braket_emulator.profile import Profile, load_profiles

DEVICES: dict[str, Profile] = {
    profile.name: profile
    for region in ("us-east-1", "us-west-2")
    for profile in load_profiles(region)
}


def verbatim(gates: str) -> str:
    return f"OPENQASM 3.0;\nbit[1] b;\n#pragma braket verbatim\nbox{{\n{gates}\n}}\n"


def refusal(source: str, device: str) -> str:
    with pytest.raises(ProgramError) as caught:
        check_program(read_program(source), DEVICES[device])
    return str(caught.value)


def test_registers_are_spread_out_and_bits_keep_their_qubits() -> None:
    program = read_program(
        "OPENQASM 3.0; qubit[3] q; bit[2] b;\nh q; cnot q[0], q[2];\n"
        "b[1] = measure q[0]; b[0] = measure q[2];"
    )
    assert [(call.name, call.qubits) for call in program.calls] == [
        ("h", (0,)),
        ("h", (1,)),
        ("h", (2,)),
        ("cnot", (0, 2)),
    ]
    assert program.measured == (2, 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("pi/2", pi / 2),
        ("-π", -pi),
        ("2*(1+3)-1", 7),
        ("1-2-3", -4),
        ("8/4/2", 1),
        ("2**3**2", 512),
        ("-2**2", -4),
        ("2**-1", 0.5),
        ("1.5e-3", 0.0015),
        (".5", 0.5),
        ("sqrt(2)*cos(0)", sqrt(2)),
        ("tau/4 + theta", pi / 2 + 0.25),
        ("5 % 3", 2),
    ],
)
def test_parameters_are_computed(text: str, value: float) -> None:
    source = f"OPENQASM 3; input float theta; qubit q; rx({text}) q;"
    [call] = read_program(source, {"theta": 0.25}).calls
    assert call.parameters == (pytest.approx(value),)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ('include "stdgates.inc";', "[line 2] 'include' is not supported"),
        ("gate g a { h a; }", "[line 2] 'gate' is not supported"),
        ("for int i in [0:9] { h q[0]; }", "[line 2] 'for' is not supported"),
        ("ctrl @ x q[0], q[1];", "[line 2] uses an unsupported GateModifer: 'ctrl'"),
        ("#pragma braket result probability", "[line 2] pragma 'braket result probability'"),
        ("cx q[0], q[1];", "[line 2] uses a gate: cx which is not supported by the device"),
        ("h q; barrier q;", "[line 2] uses a gate: barrier"),
        ("h q[2];", "[line 2] index 2 is out of range for q[2]"),
        ("h r[0];", "[line 2] undefined qubit register 'r'"),
        ("cnot q[0], q[0];", "[line 2] gate cnot uses a qubit twice"),
        ("rx(1, 2) q[0];", "[line 2] gate rx takes 1 parameters, not 2"),
        ("h q[0], q[1];", "[line 2] gate h takes 1 qubits, not 2"),
        ("rx(1/0) q[0];", "[line 2] a parameter cannot be computed"),
        ("rx((-1)**0.5) q[0];", "[line 2] a parameter"),
        ("rx(9**9**9**9) q[0];", "[line 2] a parameter"),
        ("rx(x) q[0];", "[line 2] undefined name 'x'"),
        ("rx(" + "(" * 100 + "1" + ")" * 100 + ") q[0];", "nested too deeply"),
        ("h q[0]", "[line 2] syntax error: expected ';', found 'end of program'"),
        ("h $0;", "[line 2] a program cannot use a qubit register and physical qubits"),
        ("measure q[0]; x q[0];", "[line 2] gate x acts on qubit 0 after its measurement"),
        ("measure q[0]; measure q[0];", "[line 2] qubit 0 or its bit is measured twice"),
        ("box { h q[0]; }", "[line 2] a box needs '#pragma braket verbatim'"),
        ("qubit[30] r;", "[line 2] only one qubit register"),
        ("§", "[line 2] syntax error at '§'"),
    ],
)
def test_the_simulator_refuses_with_the_line(statement: str, message: str) -> None:
    assert message in refusal(f"OPENQASM 3.0; qubit[2] q;\n{statement}", "sv1")


@pytest.mark.parametrize(
    ("device", "gates", "message"),
    [
        ("square-20", "cz $1, $7;", "[line 5] gate cz on qubits 1 and 7: not connected"),
        ("square-20", "cz $5, $6;", "[line 5] gate cz on qubits 5 and 6: not connected"),
        ("square-20", "h $1;", "[line 5] gate h is not native to the device; a verbatim box may"),
        ("square-20", "prx(1, 2) $0;", "[line 5] qubit $0 does not exist: the device has $1 to"),
        ("square-20", "prx(1, 2) $21;", "[line 5] qubit $21 does not exist"),
        ("ion-11", "cnot $0, $1;", "[line 5] gate cnot is not native"),
        ("ion-11", "gpi(0) $11;", "[line 5] qubit $11 does not exist"),
        ("ion-11", "gpi(0) $0; barrier $0;", "[line 5] uses a gate: barrier"),
        ("sv1", "h $0;", "pragma 'braket verbatim' is not supported"),
    ],
)
def test_a_verbatim_box_takes_native_gates_on_existing_edges_only(
    device: str, gates: str, message: str
) -> None:
    assert message in refusal(verbatim(gates), device)


@pytest.mark.parametrize(
    ("device", "gates"),
    [
        ("square-20", "prx(pi/2, 0) $1; cz $1, $6; cz $2, $1; barrier $1, $2;"),
        ("ion-11", "gpi2(0) $0; ms(0, 0, 0.2) $10, $0; ms(0, 0) $3, $4;"),
    ],
)
def test_a_native_program_is_accepted(device: str, gates: str) -> None:
    program = read_program(verbatim(gates) + "b[0] = measure $1;")
    check_program(program, DEVICES[device])
    assert program.measured == (1,)


def test_gates_outside_the_verbatim_box_are_refused() -> None:
    source = verbatim("prx(1, 2) $1;") + "x $1;"
    assert refusal(source, "square-20") == "[line 7] gate x stands outside the verbatim box"


@pytest.mark.parametrize(("device", "most"), [("sv1", 24), ("ion-11", 11), ("square-20", 20)])
def test_more_qubits_than_the_device_has_are_refused(device: str, most: int) -> None:
    fits, large = (f"OPENQASM 3; qubit[{n}] q; h q[0];" for n in (most, most + 1))
    check_program(read_program(fits), DEVICES[device])
    assert refusal(large, device) == f"uses {most + 1} qubits, but the device has {most}"


@given(st.text(alphabet="qubit[2] ;hmeasure=$01(){}+-*/,.#pragma\n\"'@>π", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ProgramError):
        read_program("OPENQASM 3;" + text)
