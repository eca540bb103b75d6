"""Programs take the form that each kind of device asks for, and use its calibration."""

from __future__ import annotations

import doctest
import json
import re

import pytest

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum import CompiledProgram, CompileOptions, compile_program, compiler
from tests.unit.quantum.devices import EVERY_DEVICE, EVERY_QPU, ION, SIMULATOR, SQUARE, lattice
from tests.unit.quantum.test_meaning import random_program

H2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
BELL = f"{H2}qreg q[2]; creg c[2]; h q[0]; cx q[0], q[1]; measure q -> c;"
CALL = re.compile(r"^\s*(\w+)(?:\([^)]*\))? ((?:\$\d+(?:, )?)+);$", re.MULTILINE)


def gates_of(compiled: CompiledProgram) -> list[tuple[str, tuple[int, ...]]]:
    box = compiled.program.partition("box {")[2].partition("}")[0]
    return [
        (name, tuple(int(qubit) for qubit in re.findall(r"\d+", qubits)))
        for name, qubits in CALL.findall(box)
    ]


def test_a_simulator_gets_the_programs_own_gates_under_brakets_names() -> None:
    assert compile_program(BELL, "2.0", SIMULATOR).program == (
        "OPENQASM 3.0;\n"
        "bit[2] b;\n"
        "qubit[2] q;\n"
        "h q[0];\n"
        "cnot q[0], q[1];\n"
        "b[0] = measure q[0];\n"
        "b[1] = measure q[1];\n"
    )


def test_a_simulator_gets_only_gates_that_it_has() -> None:
    rotations = SIMULATOR.model_copy(update={"gates": ("rx", "rz", "cz")})
    compiled = compile_program(random_program(4, seed=11), "2.0", rotations)
    body = compiled.program.split("qubit[4] q;\n")[1].partition("b[0]")[0]
    assert {re.split(r"[ (]", line)[0] for line in body.splitlines()} == {"rx", "rz", "cz"}


def test_qubits_that_are_never_used_are_left_out() -> None:
    source = f"{H2}qreg q[9]; creg c[1]; x q[7]; cx q[7], q[2]; measure q[2] -> c[0];"
    compiled = compile_program(source, "2.0", SIMULATOR)
    assert "qubit[2] q;" in compiled.program
    assert compiled.layout == (None, None, 0, None, None, None, None, 1, None)
    assert compiled.bits == (0,)


@pytest.mark.parametrize("device", EVERY_QPU, ids=lambda d: f"{d.device}-{d.native_gates[-1]}")
def test_a_qpu_gets_native_gates_on_its_edges_in_a_verbatim_box(device: DeviceTarget) -> None:
    compiled = compile_program(random_program(6, seed=5), "2.0", device)
    gates = gates_of(compiled)
    assert "#pragma braket verbatim\nbox {\n" in compiled.program
    assert len(gates) == compiled.one_qubit_gates + compiled.two_qubit_gates
    assert {name for name, _ in gates} <= set(device.native_gates)
    assert all(
        device.edges is None or (min(qubits), max(qubits)) in device.edges
        for _, qubits in gates
        if len(qubits) == 2
    )


def test_labels_with_gaps_are_used_as_they_are() -> None:
    odd = lattice(
        1,
        3,
        qubits=(2, 5, 11),
        edges=((2, 5), (5, 11)),
        two_qubit_error={"2-5": 0.2, "5-11": 0.01},
        one_qubit_error={},
        readout_error={},
    )
    compiled = compile_program(BELL, "2.0", odd)
    assert {qubit for _, qubits in gates_of(compiled) for qubit in qubits} == {5, 11}
    assert set(compiled.bits) == {5, 11}
    assert set(compiled.layout) == {5, 11}


@pytest.mark.parametrize("best", ["0-1", "7-12", "18-19"])
def test_the_best_edge_of_the_calibration_is_taken(best: str) -> None:
    errors = dict.fromkeys(SQUARE.two_qubit_error, 0.05) | {best: 0.001}
    device = lattice(
        4, 5, two_qubit_error=errors, readout_error={}, one_qubit_error={}, calibration_id=best
    )
    compiled = compile_program(BELL, "2.0", device)
    assert "-".join(map(str, sorted(q for q in compiled.bits if q is not None))) == best
    assert compiled.estimated_success == pytest.approx(0.999)


def test_a_new_calibration_under_an_old_name_is_not_mistaken_for_the_old_one() -> None:
    good = lattice(1, 2, two_qubit_error={"0-1": 0.01})
    bad = lattice(1, 2, two_qubit_error={"0-1": 0.5})
    assert (
        compile_program(BELL, "2.0", bad).estimated_success
        < compile_program(BELL, "2.0", good).estimated_success
    )


def test_estimated_success_multiplies_gates_and_readouts() -> None:
    compiled = compile_program(BELL, "2.0", ION)
    gates = (1 - 5e-4) ** compiled.one_qubit_gates * (1 - 6e-3) ** compiled.two_qubit_gates
    assert compiled.estimated_success == pytest.approx(gates * (1 - 4e-3) ** 2)
    assert compile_program(BELL, "2.0", SIMULATOR).estimated_success == 1.0


def test_a_bell_pair_takes_one_entangling_gate_and_few_others() -> None:
    for device in EVERY_QPU:
        compiled = compile_program(BELL, "2.0", device)
        assert compiled.two_qubit_gates == 1
        assert compiled.one_qubit_gates <= 3


@pytest.mark.parametrize("device", EVERY_DEVICE, ids=lambda d: f"{d.device}-{d.gates[:1]}")
def test_compiling_again_gives_the_same_program(device: DeviceTarget) -> None:
    source = random_program(6, seed=2)
    once = compile_program(source, "2.0", device, options=CompileOptions(seeds=(9,)))
    compile_program(BELL, "2.0", device, options=CompileOptions(seeds=(9,)))
    assert compile_program(source, "2.0", device, options=CompileOptions(seeds=(9,))) == once


def test_metrics_are_plain_json_and_name_calibration_and_digest() -> None:
    compiled = compile_program(BELL, "2.0", SQUARE)
    metrics = json.loads(json.dumps(compiled.metrics))
    assert metrics["calibration_id"] == SQUARE.calibration_id
    assert re.fullmatch("[0-9a-f]{64}", metrics["digest"])
    assert metrics["layout"] == list(compiled.layout)


def test_depth_counts_layers() -> None:
    source = f"{H2}qreg q[3]; creg c[3]; h q; cx q[0],q[1]; x q[2]; cx q[1],q[2]; measure q -> c;"
    assert compile_program(source, "2.0", SIMULATOR).depth == 3


def test_a_program_as_wide_as_the_device_compiles() -> None:
    links = " ".join(f"cx q[{i}],q[{i + 1}];" for i in range(19))
    source = f"{H2}qreg q[20]; creg c[20]; h q[0]; {links} measure q -> c;"
    compiled = compile_program(source, "2.0", SQUARE)
    assert sorted(q for q in compiled.bits if q is not None) == list(range(20))


def test_the_example_in_the_documentation_is_true() -> None:
    assert doctest.testmod(compiler) == doctest.TestResults(failed=0, attempted=3)
