"""Qiskit's binary circuits are read where nothing in them needs to be unpickled."""

from __future__ import annotations

import base64
import io
import random
import struct
from math import pi

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.circuit import AnnotatedOperation, Gate, Parameter, ParameterVector, PowerModifier
from qiskit.circuit.library import (
    DiagonalGate,
    MCXGate,
    PauliEvolutionGate,
    PermutationGate,
    QFTGate,
    StatePreparation,
    UnitaryGate,
    XGate,
)
from qiskit.quantum_info import SparsePauliOp
from qiskit.synthesis import (
    EvolutionSynthesis,
    LieTrotter,
    SuzukiTrotter,
)

from bellpair_core.model.errors import ErrorCode, JobFailed
from bellpair_core.ports import CompileRequest
from bellpair_core.qpy import NEWEST, OLDEST, SIZE_MAX
from bellpair_quantum import CompileError, CompileOptions, compile_program, compile_template
from bellpair_quantum.qpy_gates import require_bounded
from bellpair_quantum.stage import JobCompiler
from tests.unit.quantum.devices import ION, SIMULATOR, SQUARE
from tests.unit.quantum.distributions import distance, of_compiled, of_source

QUICK = CompileOptions(budget_s=0)
VERSIONS = range(OLDEST, NEWEST + 1)


def qpy_of(*circuits: QuantumCircuit, version: int = qpy.QPY_VERSION) -> bytes:
    file = io.BytesIO()
    qpy.dump(list(circuits), file, version=version)
    return file.getvalue()


def sent(data: bytes) -> str:
    return base64.b64encode(data).decode()


def example(angle: float | Parameter = 0.7) -> QuantumCircuit:
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.ry(angle, 1)
    circuit.crx(2 * angle + 0.1, 1, 2)
    circuit.measure([0, 1, 2], [2, 0, 1])
    return circuit


def refused(source: str | bytes) -> CompileError:
    with pytest.raises(CompileError) as caught:
        compile_program(source, "qpy", SIMULATOR)
    assert caught.value.remedy
    return caught.value


def test_the_newest_version_that_is_accepted_is_the_newest_that_qiskit_reads() -> None:
    assert NEWEST == qpy.QPY_VERSION


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_that_is_read_means_the_same(version: int) -> None:
    expected = of_source(qasm3.dumps(example()), "3.0")
    for device in (SIMULATOR, SQUARE, ION):
        source = sent(qpy_of(example(), version=version))
        compiled = compile_program(source, "qpy", device, options=QUICK)
        assert distance(of_compiled(compiled), expected) < 1e-6


@pytest.mark.parametrize("version", VERSIONS)
def test_parameters_are_bound_late_in_qiskits_order(version: int) -> None:
    vector = ParameterVector("v", 11)
    circuit = QuantumCircuit(2, 2)
    circuit.ry(vector[10] / 2 - vector[2], 0)
    circuit.cx(0, 1)
    circuit.rx(vector[2], 1)
    circuit.measure([0, 1], [0, 1])
    source = sent(qpy_of(circuit, version=version))
    template = compile_template(source, "qpy", SQUARE, options=QUICK)
    assert template.parameters == ("v[2]", "v[10]")
    bound = circuit.assign_parameters({vector[2]: 0.4, vector[10]: pi})
    expected = of_source(qasm3.dumps(bound), "3.0")
    assert distance(of_compiled(template.bind([0.4, pi])), expected) < 1e-6


def test_a_parameter_without_a_value_is_refused_by_name() -> None:
    error = refused(sent(qpy_of(example(Parameter("turn")))))
    assert error.code == "program-unsupported"
    assert "'turn'" in error.message


def test_an_angle_that_is_not_linear_is_refused() -> None:
    turn = Parameter("turn")
    circuit = QuantumCircuit(1, 1)
    circuit.rx(turn * turn, 0)
    circuit.measure(0, 0)
    with pytest.raises(CompileError, match="not linear"):
        compile_template(sent(qpy_of(circuit)), "qpy", SIMULATOR)


@pytest.mark.parametrize("version", [1, 9, OLDEST - 1, qpy.QPY_VERSION + 1, 255])
def test_other_versions_are_refused_before_they_are_read(version: int) -> None:
    data = bytearray(qpy_of(example()))
    data[6] = version
    error = refused(sent(bytes(data)))
    assert error.code == "program-unsupported"
    assert f"version {version};" in error.message
    assert "qpy.dump" in error.remedy


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("not base64!", "base64"),
        ("caf\u00e9", "base64"),
        ("", "begin with"),
        (sent(b"QISKIT"), "ends before"),
        (sent(b"PK\x03\x04" + bytes(100)), "begin with"),
        (sent(qpy_of(example())[:20]), "ends before"),
        (sent(qpy_of(example())[:200]), "cannot be read"),
        (sent(qpy_of(example(), example())), "2 circuits"),
        (sent(bytes(SIZE_MAX + 1)), "bytes"),
        ("A" * (2 * SIZE_MAX), "bytes"),
    ],
)
def test_what_is_no_file_of_one_circuit_is_refused(source: str, named: str) -> None:
    message = refused(source).message
    assert named in message
    assert message.isprintable()
    assert "Backtrace" not in message


@pytest.mark.parametrize(("place", "what"), [(5, "qubits"), (9, "classical bits")])
@pytest.mark.parametrize("version", VERSIONS)
def test_sizes_are_looked_at_before_anything_is_built(version: int, place: int, what: str) -> None:
    data = bytearray(qpy_of(example(), version=version))
    start = 28 if version >= 16 else 20
    struct.pack_into("!I", data, start + place, 4_000_000_000)
    error = refused(sent(bytes(data)))
    assert f"4,000,000,000 {what}" in error.message


@pytest.mark.parametrize("block", range(4))
def test_damaged_files_are_refused_or_read_but_never_raise_anything_else(block: int) -> None:
    whole = qpy_of(example(), version=dict(enumerate((13, 15, 16, 18)))[block])
    for seed in range(25):
        dice = random.Random(f"{block} {seed}")
        data = bytearray(whole)
        # The head of a damaged circuit is looked at first, so that it asks for no memory.
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(60, len(data))] = dice.randrange(256)
        try:
            compile_program(sent(bytes(data)), "qpy", SIMULATOR)
        except CompileError as error:
            assert error.remedy


def test_a_gate_without_a_matrix_is_refused_by_name() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.append(Gate("magic", 1, []), [0])
    circuit.measure(0, 0)
    error = refused(sent(qpy_of(circuit)))
    assert "magic" in error.message
    assert error.code == "program-unsupported"


def test_a_large_gate_that_is_given_by_numbers_is_refused() -> None:
    circuit = QuantumCircuit(7, 1)
    circuit.append(DiagonalGate([1.0] * 128), range(7))
    circuit.measure(0, 0)
    assert "on 7 qubits" in refused(sent(qpy_of(circuit))).message


def with_gate(gate: Gate, within: int = 0) -> str:
    """A file of a circuit with a gate, so many definitions deep."""
    for level in range(within):
        inside = QuantumCircuit(gate.num_qubits, name=f"own_{level}")
        inside.append(gate, range(gate.num_qubits))
        gate = inside.to_gate()
    circuit = QuantumCircuit(gate.num_qubits, 1)
    circuit.append(gate, range(gate.num_qubits))
    circuit.measure(0, 0)
    return sent(qpy_of(circuit))


def evolution(synthesis: EvolutionSynthesis) -> PauliEvolutionGate:
    return PauliEvolutionGate(SparsePauliOp(["XXI", "IZZ", "YIY"]), 0.3, synthesis=synthesis)


TOO_LARGE = {
    "repetitions": (evolution(LieTrotter(reps=100_000)), "more than 200,000 gates"),
    "more repetitions": (evolution(LieTrotter(reps=10**9)), "only product formulas"),
    "order": (evolution(SuzukiTrotter(order=12)), "only product formulas"),
    "a controlled matrix": (UnitaryGate(np.eye(2**7)).control(1), "unitary on 7 qubits"),
    "width": (QFTGate(100), "qft on 100 qubits"),
}


@pytest.mark.parametrize("within", [0, 2])
@pytest.mark.parametrize("case", TOO_LARGE)
def test_a_gate_whose_synthesis_would_take_all_memory_is_refused(case: str, within: int) -> None:
    gate, said = TOO_LARGE[case]
    error = refused(with_gate(gate, within))
    assert said in error.message
    assert error.code == "program-unsupported"


def test_gates_that_double_in_each_definition_are_counted_without_writing_them_out() -> None:
    gate: Gate = XGate()
    for level in range(30):
        inside = QuantumCircuit(1, name=f"own_{level}")
        inside.append(gate, [0], copy=False)
        inside.append(gate, [0], copy=False)
        gate = Gate(f"own_{level}", 1, [])
        gate.definition = inside
    circuit = QuantumCircuit(1)
    circuit.append(gate, [0], copy=False)
    with pytest.raises(CompileError, match="more than 200,000 gates"):
        require_bounded(circuit)


def test_an_annotation_within_a_definition_is_refused() -> None:
    gate = AnnotatedOperation(XGate(), PowerModifier(10**9))
    inside = QuantumCircuit(1, name="own")
    inside.append(gate, [0])
    error = refused(with_gate(inside.to_gate()))
    assert "which is not read" in error.message


@pytest.mark.parametrize(
    "gate",
    [
        evolution(SuzukiTrotter(order=4, reps=2)),
        UnitaryGate(np.eye(4)[::-1]).control(1),
        QFTGate(3),
        MCXGate(4),
        PermutationGate([1, 2, 0]),
        StatePreparation([0.6, 0, 0, 0.8]),
    ],
    ids=lambda gate: gate.name,
)
def test_gates_of_the_library_are_read_within_bounds(gate: Gate) -> None:
    assert compile_program(with_gate(gate, 1), "qpy", SIMULATOR, options=QUICK).operations


def test_measurement_in_mid_circuit_is_refused_at_its_qubit() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    circuit.x(0)
    circuit.measure(1, 1)
    assert "q[0] after its measurement" in refused(sent(qpy_of(circuit))).message


def test_what_only_the_compiler_sees_fails_the_job_with_a_code() -> None:
    request = CompileRequest(sent(qpy_of(example())[:200]), "qpy")
    with pytest.raises(JobFailed, match="cannot be read") as caught:
        JobCompiler().compile(request, SIMULATOR)
    assert JobFailed.parse(str(caught.value))[0] is ErrorCode.PROGRAM_INVALID


def test_a_head_that_tells_of_another_circuit_is_refused() -> None:
    data = bytearray(qpy_of(example()))
    struct.pack_into("!I", data, 28 + 9, 2)
    assert refused(sent(bytes(data))).code == "program-invalid"


def test_classical_control_is_refused() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    assert "if_else" in refused(sent(qpy_of(circuit))).message
