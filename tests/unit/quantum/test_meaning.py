"""A compiled program counts what its source says, bit by bit, on every device."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from braket.devices import LocalSimulator
from braket.ir.openqasm import Program

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum import CompileOptions, compile_program
from tests.unit.quantum.devices import EVERY_DEVICE, EVERY_QPU, SIMULATOR
from tests.unit.quantum.distributions import distance, of_compiled, of_source

EXAMPLES = Path(__file__).parents[3] / "examples"
PLAIN_EXAMPLES = sorted({*EXAMPLES.glob("*.qasm")} - {EXAMPLES / "teleport.qasm"})
"""Those that any device runs; what feeds forward is compiled in a test file of its own."""
H2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
H3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'

one_of_each_device = pytest.mark.parametrize("device", EVERY_DEVICE, ids=lambda d: d.device)


def random_program(qubits: int, seed: int) -> str:
    """OpenQASM 2 that measures its qubits, in random order, into two registers."""
    dice = random.Random(seed)

    def angle() -> str:
        return dice.choice(("pi", "pi/2", "-pi/2", f"{dice.uniform(-7, 7):.6f}"))

    lines = []
    for _ in range(6 * qubits):
        a, b, *rest = dice.sample(range(qubits), min(3, qubits))
        choices = [
            f"h q[{a}];",
            f"{dice.choice(['x', 'y', 'z', 's', 'sdg', 't', 'tdg'])} q[{a}];",
            f"{dice.choice(['rx', 'ry', 'rz', 'u1'])}({angle()}) q[{a}];",
            f"u3({angle()},{angle()},{angle()}) q[{a}];",
            f"{dice.choice(['cx', 'cz', 'cy', 'swap'])} q[{a}],q[{b}];",
            f"{dice.choice(['crz', 'cu1', 'rzz'])}({angle()}) q[{a}],q[{b}];",
            "barrier q;",
        ]
        choices += [f"ccx q[{a}],q[{b}],q[{c}];" for c in rest]
        lines.append(dice.choice(choices))
    order = dice.sample(range(qubits), qubits)
    low = qubits // 2
    reads = [
        f"measure q[{qubit}] -> {f'a[{bit}]' if bit < low else f'b[{bit - low}]'};"
        for bit, qubit in enumerate(order)
    ]
    header = f"{H2}qreg q[{qubits}];\ncreg a[{low}];\ncreg b[{qubits - low}];\n"
    return header + "\n".join(lines + reads)


@one_of_each_device
@pytest.mark.parametrize("qubits", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_programs_keep_their_distribution(
    device: DeviceTarget, qubits: int, seed: int
) -> None:
    source = random_program(qubits, seed)
    compiled = compile_program(source, "2.0", device)
    assert distance(of_compiled(compiled), of_source(source, "2.0")) < 1e-6


@pytest.mark.parametrize("device", EVERY_QPU, ids=lambda d: f"{d.device}-{d.native_gates[-1]}")
@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_every_optimization_level_keeps_the_distribution(device: DeviceTarget, level: int) -> None:
    source = random_program(4, seed=7)
    compiled = compile_program(
        source, "2.0", device, options=CompileOptions(optimization_levels=(level,))
    )
    assert distance(of_compiled(compiled), of_source(source, "2.0")) < 1e-6


@one_of_each_device
@pytest.mark.parametrize("path", PLAIN_EXAMPLES, ids=lambda path: path.stem)
def test_examples_keep_their_distribution(device: DeviceTarget, path: Path) -> None:
    source = path.read_text()
    version = "2.0" if "OPENQASM 2.0" in source else "3.0"
    compiled = compile_program(source, version, device)
    assert distance(of_compiled(compiled), of_source(source, version)) < 1e-6


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bell", {"00": 1 / 2, "11": 1 / 2}),
        ("bell2", {"00": 1 / 2, "11": 1 / 2}),
        ("ghz5", {"00000": 1 / 2, "11111": 1 / 2}),
        ("bernstein_vazirani", {"1011": 1}),
        ("qft5", {f"{value:05b}": 1 / 8 for value in range(0, 32, 4)}),
        ("asymmetric", {"0011": 9 / 16, "0001": 3 / 16, "0111": 3 / 16, "0101": 1 / 16}),
    ],
)
def test_examples_count_what_their_comments_say(name: str, expected: dict[str, float]) -> None:
    source = (EXAMPLES / f"{name}.qasm").read_text()
    version = "2.0" if "OPENQASM 2.0" in source else "3.0"
    assert distance(of_compiled(compile_program(source, version, SIMULATOR)), expected) < 1e-6


@one_of_each_device
@pytest.mark.parametrize(
    "body",
    [
        "qubit[3] q; bit[3] c; x q[2]; c = measure q;",
        "qubit[3] q; bit d; bit[2] c; x q[0]; ry(1) q[1]; c[1] = measure q[0]; d = measure q[1];",
        "qubit[2] a; qubit[2] b; bit[2] c; x b[1]; cx b[1], a[0]; c[1] = measure a[0];",
        "qubit[2] q; bit[3] c; ry(0.7) q[0]; c[2] = measure q[0]; c[0] = measure q[0];",
        "qubit[2] q; bit c; x q[0]; c = measure q[0]; c = measure q[1];",
        "qubit[2] q; bit[2] c; reset q; x q[1]; c = measure q;",
        "qubit q; bit c; c = measure q;",
        "qubit[3] q; let a = q[1:2]; bit[2] c = measure a; ",
        (
            "gate twist(t) a, b { ry(t) a; cx a, b; rz(-t) b; } qubit[3] q; bit[3] c; "
            "twist(0.4) q[2], q[0]; inv @ twist(0.9) q[1], q[2]; c = measure q;"
        ),
        (
            "qubit[3] q; bit[3] c; h q[0]; ctrl @ ry(0.3) q[0], q[2]; negctrl @ x q[0], q[1]; "
            "pow(0.5) @ x q[1]; c = measure q;"
        ),
        (
            "qubit[3] q; bit[3] c; h q; cu(.1,.2,.3,.4) q[0],q[1]; cswap q[0],q[1],q[2]; "
            "sx q[0]; ch q[2],q[0]; gphase(0.3); U(0.2,0.4,0.6) q[1]; c = measure q;"
        ),
    ],
)
def test_openqasm_3_keeps_its_distribution(device: DeviceTarget, body: str) -> None:
    source = H3 + body
    compiled = compile_program(source, "3.0", device)
    assert distance(of_compiled(compiled), of_source(source, "3.0")) < 1e-6


@one_of_each_device
def test_the_column_of_each_bits_qubit_holds_its_value_in_a_real_result(
    device: DeviceTarget,
) -> None:
    source = H2 + "qreg q[3]; creg c[4]; x q[2]; measure q[2] -> c[1]; measure q[0] -> c[3];"
    compiled = compile_program(source, "2.0", device)

    result = LocalSimulator().run(Program(source=compiled.program), shots=5).result()

    column = {qubit: place for place, qubit in enumerate(result.measured_qubits)}
    for shot in result.measurements:
        values = [0 if q is None else int(shot[column[q]]) for q in compiled.bits]
        assert values == [0, 1, 0, 0]
    assert [bit is None for bit in compiled.bits] == [True, False, True, False]
