"""Measurement in mid-circuit and feed-forward mean on a device what they mean in the source."""

from __future__ import annotations

import base64
import io
import json
import random
from math import pi
from pathlib import Path

import pytest
from qiskit import QuantumCircuit, qpy
from qiskit.circuit.classical import expr

from bellpair_braket_emulator.documents import capabilities
from bellpair_braket_emulator.profile import Profile, calibrate, load_profiles
from bellpair_core.adapters.braket_device import capabilities_for
from bellpair_core.logic.devices.calibration_readers import read_document
from bellpair_core.logic.devices.calibration_reading import target_of
from bellpair_core.logic.devices.findings import Findings
from bellpair_core.logic.tasks.counts import counts_of
from bellpair_core.model.device import DeviceKind, DeviceTarget
from bellpair_quantum import CompiledProgram, CompileError, CompileOptions, compile_program
from bellpair_quantum.feed_forward import lowered
from tests.examples import NOON
from tests.unit.braket_emulator.world import World, play
from tests.unit.quantum.branches import of_circuit, of_compiled
from tests.unit.quantum.devices import ION, SIMULATOR, SQUARE, lattice
from tests.unit.quantum.distributions import distance

QUICK = CompileOptions(budget_s=0)
NATIVE = ("prx", "cz", "cc_prx", "measure_ff")
LATTICE = lattice(2, 4, native_gates=NATIVE, mid_circuit=True)
TELEPORT = (Path(__file__).parents[3] / "examples" / "teleport.qasm").read_text()
BOX = """OPENQASM 3.0;
bit[2] b;
#pragma braket verbatim
box { prx(pi, 0) $1; prx(pi, 0) $2; cz $1, $2; barrier $1, $2; }
b[0] = measure $1;
b[1] = measure $2;
"""
PROFILE: Profile = next(p for p in load_profiles("us-west-2") if p.name == "square-20")


def compiled(circuit: QuantumCircuit, device: DeviceTarget = LATTICE) -> CompiledProgram:
    file = io.BytesIO()
    qpy.dump(circuit, file)
    source = base64.b64encode(file.getvalue()).decode()
    return compile_program(source, "qpy", device, options=QUICK)


def teleport() -> QuantumCircuit:
    circuit = QuantumCircuit(3, 3)
    circuit.u(0.9, 0.4, -0.2, 0)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test((1, 1)):
        circuit.x(2)
    with circuit.if_test((0, 1)):
        circuit.z(2)
    # In a basis in which the phase that was teleported shows.
    circuit.u(-0.3, 0.7, 0.1, 2)
    circuit.measure(2, 2)
    return circuit


def active_reset() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.reset(0)
    circuit.measure([0, 1], [0, 1])
    return circuit


def used_again() -> QuantumCircuit:
    """One qubit is measured three times, and all three results are wanted."""
    circuit = QuantumCircuit(1, 3)
    circuit.ry(1.0, 0)
    circuit.measure(0, 0)
    circuit.ry(0.7, 0)
    circuit.measure(0, 1)
    circuit.reset(0)
    circuit.ry(0.4, 0)
    circuit.measure(0, 2)
    return circuit


def otherwise() -> QuantumCircuit:
    """Both values of a bit, one that is written twice, and one that is never written."""
    circuit = QuantumCircuit(3, 4)
    circuit.ry(1.2, 0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 0)) as other:
        circuit.ry(0.3, 1)
        circuit.rz(0.8, 1)
        circuit.h(1)
    with other:
        circuit.sx(1)
        circuit.t(2)
    circuit.measure(0, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.h(2)
    with circuit.if_test((3, 0)):
        circuit.x(2)
    with circuit.if_test((3, 1)):
        circuit.x(1)
    circuit.rx(0.5, 1)
    circuit.rx(0.5, 2)
    circuit.measure([1, 2], [2, 3])
    return circuit


def at_random(seed: int) -> QuantumCircuit:
    dice = random.Random(seed)
    circuit = QuantumCircuit(3, 3)
    for _ in range(14):
        a, b, _ = dice.sample(range(3), 3)
        bit = dice.randrange(3)
        match dice.randrange(6):
            case 0:
                circuit.cx(a, b)
            case 1:
                circuit.measure(a, bit)
            case 2:
                circuit.reset(a)
            case 3:
                with circuit.if_test((bit, dice.randrange(2))):
                    circuit.u(dice.uniform(-3, 3), dice.uniform(-3, 3), dice.uniform(-3, 3), a)
            case _:
                circuit.u(dice.uniform(-3, 3), dice.uniform(-3, 3), dice.uniform(-3, 3), a)
    circuit.measure([0, 1], [0, 1])
    return circuit


@pytest.mark.parametrize(
    "circuit",
    [teleport(), active_reset(), used_again(), otherwise(), *map(at_random, range(10))],
    ids=["teleport", "reset", "again", "otherwise", *map(str, range(10))],
)
def test_the_compiled_program_means_what_the_circuit_means(circuit: QuantumCircuit) -> None:
    made = compiled(circuit)
    assert distance(of_compiled(made), of_circuit(circuit)) < 1e-6
    assert len(made.layout) == circuit.num_qubits
    assert 0 < made.estimated_success < 1


def test_a_qubit_that_is_not_used_again_is_measured_once_more_at_the_end() -> None:
    made = compiled(teleport())
    assert made.program.count("measure_ff(") == 2
    assert len(set(made.bits)) == 3


def test_a_program_that_measures_at_its_end_is_left_as_it_is() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.reset(0)
    circuit.h(0)
    circuit.measure([0, 0, 1], [0, 1, 1])
    assert [each.operation.name for each in lowered(circuit).data] == ["h", "measure", "measure"]


def test_a_conditional_flip_is_one_gate() -> None:
    made = compiled(active_reset())
    assert made.program.count("cc_prx(") == 1


def published() -> DeviceTarget:
    """The emulated lattice, as it is ingested."""
    document = capabilities(PROFILE, calibrate(PROFILE), "us-west-2", "2026-01-01T00:00:00Z")
    findings = Findings()
    reading = read_document("braket.device-capabilities", document, findings)
    return target_of(PROFILE.name, DeviceKind.QPU, reading, findings, NOON)


@pytest.mark.parametrize(
    ("source", "right"), [(TELEPORT, "0"), (BOX, "11")], ids=["teleport", "verbatim"]
)
def test_the_emulated_lattice_runs_it(source: str, right: str) -> None:
    made = compile_program(source, "3.0", published(), options=QUICK)

    async def scenario(world: World) -> None:
        more = capabilities_for(made.program)
        task = await world.create("t", made.program, PROFILE.arn, shots=400, **more)
        await world.until(lambda: world.status(task) == "COMPLETED")
        directory = world.service.tasks.get(task).directory
        document = json.loads(world.store.objects[f"{directory}/results.json"])
        counts = counts_of(document, made.bits)
        assert sum(count for key, count in counts.items() if key.startswith(right)) > 320
        assert sum(counts.values()) == 400

    play(scenario, region="us-west-2")


@pytest.mark.parametrize(
    "device",
    [SIMULATOR, SQUARE, ION, lattice(2, 3, mid_circuit=True), lattice(2, 3, native_gates=NATIVE)],
    ids=["simulator", "lattice", "ions", "unknown form", "not offered"],
)
@pytest.mark.parametrize("circuit", [teleport(), active_reset(), used_again()], ids=str)
def test_other_devices_refuse_it(circuit: QuantumCircuit, device: DeviceTarget) -> None:
    with pytest.raises(CompileError) as caught:
        compiled(circuit, device)
    assert caught.value.code == "program-unsupported"
    assert caught.value.remedy


def register_test() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.cregs[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    return circuit


def expression_test() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    with circuit.if_test(expr.logic_not(circuit.clbits[0])):
        circuit.x(1)
    circuit.measure(1, 1)
    return circuit


def test_more_results_than_the_device_has_qubits_to_keep_them_are_refused_for_good() -> None:
    source = """OPENQASM 3.0; include "stdgates.inc";
qubit q; bit[9] c;
for int i in [0:8] { h q; c[i] = measure q; }
"""
    with pytest.raises(CompileError, match="8 of them to keep results") as caught:
        compile_program(source, "3.0", LATTICE, options=QUICK)
    assert (caught.value.code, caught.value.line) == ("program-too-wide", 3)


def pair_under_if() -> QuantumCircuit:
    circuit = QuantumCircuit(3, 1)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.cx(1, 2)
    circuit.measure(2, 0)
    return circuit


def measured_under_if() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.measure(1, 1)
    return circuit


def loop() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.while_loop((0, 1)):
        circuit.x(0)
        circuit.measure(0, 0)
    return circuit


@pytest.mark.parametrize(
    ("circuit", "named"),
    [
        (register_test(), "2 bits of c"),
        (expression_test(), "expression"),
        (pair_under_if(), "cx on 2 qubits"),
        (measured_under_if(), "measure"),
        (loop(), "while_loop"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_not_supported_is_named(circuit: QuantumCircuit, named: str) -> None:
    with pytest.raises(CompileError, match=named) as caught:
        compiled(circuit)
    assert caught.value.code == "program-unsupported"


def test_a_program_in_openqasm_means_what_it_says() -> None:
    made = compile_program(TELEPORT, "3.0", LATTICE, options=QUICK)
    found = of_compiled(made)
    assert all(abs(found[f"0{a}{b}"] - 0.25) < 1e-6 for a in "01" for b in "01")
    # Both kinds of condition, a register of one bit, and a gate of the program's own.
    source = """OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[1]; creg d[1];
        gate turn a { h a; t a; } ry(0.8) q[0]; measure q[0] -> c[0];
        if(c==1) turn q[1]; if(c==0) x q[1]; reset q[0]; h q[1]; measure q[1] -> d[0];"""
    circuit = QuantumCircuit(2, 2)
    circuit.ry(0.8, 0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)) as other:
        circuit.h(1)
        circuit.t(1)
    with other:
        circuit.x(1)
    circuit.h(1)
    circuit.measure(1, 1)
    made = compile_program(source, "2.0", LATTICE, options=QUICK)
    assert distance(of_compiled(made), of_circuit(circuit)) < 1e-6


@pytest.mark.parametrize("device", [SIMULATOR, SQUARE, ION], ids=lambda device: device.device)
def test_a_device_that_cannot_refuses_at_the_line(device: DeviceTarget) -> None:
    with pytest.raises(CompileError, match=f"{device.device} does not measure") as caught:
        compile_program(TELEPORT, "3.0", device, options=QUICK)
    assert caught.value.code == "program-unsupported"
    assert caught.value.line == TELEPORT.splitlines().index("if (c[1] == 1) x q[2];") + 1


def test_a_conditional_rotation_about_z_is_done_where_it_stands() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h([0, 1])
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.rz(pi / 3, 1)
    circuit.h(1)
    circuit.measure(1, 1)
    made = compiled(circuit)
    assert made.program.count("cc_prx(") == 2
    assert distance(of_compiled(made), of_circuit(circuit)) < 1e-6
