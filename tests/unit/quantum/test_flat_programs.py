"""What is accepted compiles, and counts what the written-out program counts."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.quantum_info import Operator

from bellpair_core.model.device import DeviceTarget
from bellpair_core.openqasm import check_program, flatten_program
from bellpair_quantum import compile_program
from bellpair_quantum.reading import read_circuit
from tests.unit.quantum.accepted import accepted_program
from tests.unit.quantum.devices import ION, SIMULATOR, SQUARE
from tests.unit.quantum.distributions import distance, of_compiled, of_source

H3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


@pytest.mark.parametrize("seed", range(36))
def test_an_accepted_program_compiles_and_counts_what_it_says(seed: int) -> None:
    source, plain = accepted_program(seed)
    assert check_program(source).obstacle is None
    expected = of_source(plain, "3.0")
    devices: list[DeviceTarget] = [SIMULATOR, (SQUARE, ION)[seed % 2]]
    for device in devices:
        compiled = compile_program(source, "3.0", device)
        assert distance(of_compiled(compiled), expected) < 1e-6


@pytest.mark.parametrize("seed", range(10))
def test_writing_out_again_changes_nothing(seed: int) -> None:
    flat = flatten_program(accepted_program(seed).source).text
    if "opaque" not in flat:
        again = flatten_program(flat).text
        assert flatten_program(again).text == again


U = np.array


def _u(theta: float, phi: float, lam: float) -> np.ndarray:
    """The specification's U, with its phase."""
    c, s = np.cos(theta / 2), np.sin(theta / 2)
    body = U([[c, -np.exp(1j * lam) * s], [np.exp(1j * phi) * s, np.exp(1j * (phi + lam)) * c]])
    return np.exp(1j * theta / 2) * body


@pytest.mark.parametrize(
    ("gate", "matrix"),
    [
        ("U(0.3, 0.5, 0.7)", _u(0.3, 0.5, 0.7)),
        ("u2(0.5, 0.7)", np.exp(-1j * (0.5 + 0.7 + np.pi / 2) / 2) * _u(np.pi / 2, 0.5, 0.7)),
        ("u3(0.3, 0.5, 0.7)", np.exp(-1j * (0.3 + 0.5 + 0.7) / 2) * _u(0.3, 0.5, 0.7)),
        ("inv @ U(0.3, 0.5, 0.7)", _u(0.3, 0.5, 0.7).conj().T),
        ("pow(2) @ U(0.3, 0.5, 0.7)", _u(0.3, 0.5, 0.7) @ _u(0.3, 0.5, 0.7)),
        ("phase(0.3)", np.diag([1, np.exp(0.3j)])),
        ("pow(2) @ pow(0.5) @ h", U([[1, 1], [1, -1]]) / np.sqrt(2)),
        ("pow(1/3.0) @ inv @ z", np.diag([1, np.exp(1j * np.pi / 3)])),
    ],
)
@pytest.mark.parametrize("controls", [1, 2, 3, 5])
def test_controlled_gates_have_the_phases_of_the_specification(
    gate: str, matrix: np.ndarray, controls: int
) -> None:
    width = controls + 1
    named = ", ".join(f"q[{i}]" for i in range(width))
    circuit = read_circuit(
        f"{H3}qubit[{width}] q; bit c; ctrl({controls}) @ {gate} {named}; c = measure q[0];", "3.0"
    )
    circuit.remove_final_measurements()
    # Qiskit's first qubit is the least significant; the target is its last.
    expected = np.eye(2**width, dtype=complex)
    on = 2**controls - 1
    rows = [on, on + 2**controls]
    expected[np.ix_(rows, rows)] = matrix
    assert Operator(circuit).equiv(Operator(expected), atol=1e-8)


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("qubit[2] U1; bit[2] été;", "qreg x_U1[2];\ncreg x_t[2];"),
        ("qubit[2] qreg_; bit[2] ln;", "qreg qreg_[2];\ncreg ln_1[2];"),
    ],
)
def test_names_that_openqasm_2_does_not_have_are_changed(declared: str, written: str) -> None:
    first, second = declared.split()[1].strip(";"), declared.split()[3].strip(";")
    assert written in flatten_program(f"{H3}{declared} {second} = measure {first};").text


@pytest.mark.parametrize("name", ["iswap", "xx_plus_yy", "rzx", "ecr", "dcx", "rxx"])
@pytest.mark.parametrize("device", [SIMULATOR, SQUARE, ION], ids=lambda d: d.device)
def test_a_programs_own_gate_is_not_taken_for_one_that_the_compiler_knows(
    name: str, device: DeviceTarget
) -> None:
    source = f"{H3}gate {name}(t) a, b {{ x a; rx(t) b; }} qubit[2] q; bit[2] c; {name}(pi) q[0], q[1]; c = measure q;"  # noqa: E501
    assert distance(of_compiled(compile_program(source, "3.0", device)), {"11": 1.0}) < 1e-6
