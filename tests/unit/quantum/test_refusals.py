"""A program that cannot be compiled is refused with its place, its fault and a remedy."""

from __future__ import annotations

import pytest

from bellpair_core.model.device import DeviceTarget
from bellpair_core.model.errors import ErrorCode, JobFailed, NoRoom
from bellpair_core.ports import CompileRequest
from bellpair_quantum import CompileError, compile_program
from bellpair_quantum.stage import JobCompiler
from tests.unit.quantum.devices import ION, SIMULATOR, SQUARE, ions, lattice

H2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
H3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


def refused(source: str, version: str = "3.0", device: DeviceTarget = SIMULATOR) -> CompileError:
    with pytest.raises(CompileError) as caught:
        compile_program(source, version, device)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    ("version", "source", "place"),
    [
        ("3.0", f"{H3}qubit[2] q;\nh q[0]\nx q[1];", (5, 1)),
        ("3.0", f"{H3}qubit[2] q;\n  foo q[0];", (4, 3)),
        ("3.0", f"{H3}qubit[2] q; h q[0]; §", (3, 21)),
        ("3.0", "OPENQASM 3.0;\nqubit q;\nh q;", (3, 1)),
        ("2.0", f"{H2}qreg q[2];\nh q[0]\nx q[1];", (5, 1)),
        ("2.0", f"{H2}qreg q[2];\n  foo q[0];", (4, 3)),
        ("2.0", f"{H2}qreg q[2];\nrx(1/0) q[0];", (4, 5)),
    ],
)
def test_a_wrong_program_is_refused_at_its_place(
    version: str, source: str, place: tuple[int, int]
) -> None:
    error = refused(source, version)
    assert error.code == "program-invalid"
    assert (error.line, error.column) == place


@pytest.mark.parametrize(
    "source",
    [
        f"{H3}qubit[2] q; h q[5];",
        f"{H3}qubit[2] q; cx q[0], q[0];",
        f"{H3}qubit[2] q; rx(1/0) q[0];",
        f"{H3}qubit[2] q; h q;",
        "OPENQASM 3.0;",
        "",
    ],
)
def test_a_wrong_program_is_refused_where_no_place_is_known(source: str) -> None:
    assert refused(source).code == "program-invalid"


@pytest.mark.parametrize("include", ["/etc/passwd", "pyproject.toml", "../secrets.inc"])
@pytest.mark.parametrize("version", ["2.0", "3.0"])
def test_an_include_never_reads_a_file(version: str, include: str) -> None:
    error = refused(f'OPENQASM {version};\ninclude "{include}";\n', version)
    assert error.line == 2
    assert "root" not in error.message
    assert "project" not in error.message.replace(include, "")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (
            "qubit[2] q; bit[2] c; c[0] = measure q[0];\nx q[0]; c[1] = measure q[1];",
            "'x' acts on a qubit that was measured",
        ),
        ("qubit[2] q; bit c; c = measure q[0];\nif (c) { x q[1]; }", "'if'"),
        ("qubit q; bit c;\nwhile (!c) { h q; c = measure q; }", "'while'"),
        ("qubit q; bit c; h q;\nreset q; c = measure q;", "reset"),
        ("qubit q; bit c; c = measure q;\nreset q;", "reset"),
        ("qubit q; bit c;\ndelay[100ns] q; c = measure q;", "delay"),
        ("\ninput float turn; qubit q; bit c; rx(turn) q; c = measure q;", "'turn' has no value"),
        ("bit c; h\n$0; c = measure $0;", "physical qubits such as '$0'"),
        ("\ndef f(qubit a) { h a; } qubit q; f(q);", "subroutines"),
        ("bit c;\n#pragma braket verbatim\nbox { rx(1) $0; } c = measure $0;", "verbatim"),
        ("qubit q; bit c;\nbox[100ns] { h q; } c = measure q;", "duration"),
    ],
)
def test_what_devices_do_not_do_is_refused_by_name_at_its_line(body: str, named: str) -> None:
    error = refused(H3 + body)
    assert error.code == "program-unsupported"
    assert named in error.message
    assert error.line == 4


def test_nesting_that_is_too_deep_is_refused() -> None:
    parentheses = "(" * 3000 + "1" + ")" * 3000
    error = refused(f"{H3}qubit q; bit c; rx({parentheses}) q; c = measure q;")
    assert "deep" in error.message


def test_an_opaque_gate_is_refused_by_name() -> None:
    error = refused(
        f"{H2}opaque magic a; gate more a {{ magic a; }} qreg q[1]; creg c[1]; more q[0]; "
        "measure q -> c;",
        "2.0",
    )
    assert error.code == "program-unsupported"
    assert "magic" in error.message


def nested_gates(depth: int, uses: int) -> str:
    gates = [f"gate g0 a {{ {'x a; ' * uses} }}"]
    gates += [f"gate g{i} a {{ {f'g{i - 1} a; ' * uses} }}" for i in range(1, depth)]
    body = "\n".join(gates)
    return f"{H2}{body}\nqreg q[1]; creg c[1]; g{depth - 1} q[0]; measure q -> c;"


def test_definitions_that_double_at_each_level_are_refused_before_they_are_written_out() -> None:
    error = refused(nested_gates(depth=50, uses=2), "2.0")
    assert error.code == "program-unsupported"
    assert "200,000 operations" in error.message


def test_definitions_too_deep_within_each_other_are_refused() -> None:
    error = refused(nested_gates(depth=5000, uses=1), "2.0")
    assert error.code == "program-unsupported"
    assert "deep" in error.message


def test_definitions_nested_within_the_limits_compile() -> None:
    compiled = compile_program(nested_gates(depth=10, uses=2), "2.0", SIMULATOR)
    assert compiled.one_qubit_gates == 2**10


@pytest.mark.parametrize("device", [SIMULATOR, SQUARE, ION], ids=lambda d: d.device)
def test_a_program_wider_than_the_device_is_refused_with_both_widths(device: DeviceTarget) -> None:
    wide = len(device.qubits) + 1
    error = refused(f"{H3}qubit[{wide}] q; bit[{wide}] c; h q; c = measure q;", "3.0", device)
    assert error.code == "program-too-wide"
    assert str(wide) in error.message
    assert str(len(device.qubits)) in error.message


def chain(length: int) -> str:
    links = " ".join(f"cx q[{i}], q[{i + 1}];" for i in range(length - 1))
    return f"{H3}qubit[{length}] q; bit[{length}] c; ry(1) q; {links} ry(1) q; c = measure q;"


def test_a_chain_longer_than_every_connected_part_has_no_room() -> None:
    broken = lattice(1, 6, edges=((0, 1), (1, 2), (3, 4), (4, 5)))
    error = refused(chain(4), "3.0", broken)
    assert error.code == "no-room"
    assert "4 connected qubits" in error.message


def test_a_chain_that_does_nothing_to_its_qubits_needs_no_room() -> None:
    broken = lattice(1, 6, edges=((0, 1), (1, 2), (3, 4), (4, 5)))
    idle = chain(4).replace("ry(1) q;", "")
    assert compile_program(idle, "3.0", broken).operations == ()


def test_two_chains_that_fit_only_one_by_one_have_no_room() -> None:
    broken = lattice(1, 6, edges=((0, 1), (1, 2), (2, 3), (4, 5)))
    pair = (
        f"{H3}qubit[6] q; bit[6] c; ry(1) q; cx q[0], q[1]; cx q[1], q[2]; "
        "cx q[3], q[4]; cx q[4], q[5]; h q; c = measure q;"
    )
    assert refused(pair, "3.0", broken).code == "no-room"


def test_chains_that_fit_into_separate_parts_compile() -> None:
    broken = lattice(1, 6, edges=((0, 1), (1, 2), (3, 4), (4, 5)))
    pair = (
        f"{H3}qubit[6] q; bit[6] c; ry(1) q; cx q[0], q[1]; cx q[1], q[2]; "
        "cx q[3], q[4]; cx q[4], q[5]; h q; c = measure q;"
    )
    assert compile_program(pair, "3.0", broken).two_qubit_gates == 4


@pytest.mark.parametrize(
    "device",
    [ions(4, "iswap"), lattice(2, 2, native_gates=("rx", "rz", "cz"))],
    ids=lambda d: d.device,
)
def test_a_device_with_other_native_gates_is_refused_by_their_names(device: DeviceTarget) -> None:
    error = refused(chain(2), "3.0", device)
    assert error.code == "target-unsupported"
    assert device.native_gates[-1] in error.message


def test_what_no_submission_could_have_told_fails_the_job_as_not_compiled() -> None:
    with pytest.raises(JobFailed) as failure:
        JobCompiler().compile(CompileRequest(chain(4), "3.0"), ions(4, "iswap"))

    code, text, remedy = JobFailed.parse(str(failure.value))
    assert code is ErrorCode.COMPILE_FAILED
    assert "iswap" in text
    assert remedy


def test_what_another_calibration_may_cure_does_not_fail_the_job() -> None:
    broken = lattice(1, 6, edges=((0, 1), (1, 2), (3, 4), (4, 5)))

    with pytest.raises(NoRoom, match="4 connected qubits"):
        JobCompiler().compile(CompileRequest(chain(4), "3.0"), broken)


def test_a_simulator_without_enough_gates_is_refused() -> None:
    poor = SIMULATOR.model_copy(update={"gates": ("x", "cnot")})
    assert refused(f"{H3}qubit q; bit c; h q; c = measure q;", "3.0", poor).code == (
        "program-unsupported"
    )


def test_another_version_is_refused() -> None:
    assert "4.0" in refused("OPENQASM 4.0;", "4.0").message
    assert "not 2.0" in refused(f"{H3}qubit q; bit c; c = measure q;", "2.0").message
