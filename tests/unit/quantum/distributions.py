"""Exact distributions of counts: of a source by Qiskit, of a compiled program by Braket.

The two share no code, so that neither's conventions can hide an error in the other's.
"""

from __future__ import annotations

from collections import defaultdict

from braket.default_simulator.openqasm.interpreter import Interpreter
from braket.default_simulator.state_vector_simulation import StateVectorSimulation
from qiskit import QuantumCircuit, qasm2, qasm3
from qiskit.quantum_info import Statevector

from bellpair_quantum import CompiledProgram

Distribution = dict[str, float]


def of_source(source: str, version: str) -> Distribution:
    """Probability of each bit string; the rightmost character is the first declared bit."""
    circuit = (
        qasm2.loads(source, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
        if version == "2.0"
        else qasm3.loads(source)
    )
    gates = QuantumCircuit(circuit.num_qubits)
    reads: dict[int, int] = {}
    for each in circuit.data:
        qubits = [circuit.find_bit(qubit).index for qubit in each.qubits]
        if each.operation.name == "measure":
            reads[circuit.find_bit(each.clbits[0]).index] = qubits[0]
        elif each.operation.name not in ("barrier", "reset"):
            gates.append(each.operation, qubits)
    columns = [reads.get(bit) for bit in reversed(range(circuit.num_clbits))]
    found: Distribution = defaultdict(float)
    for state, probability in enumerate(Statevector(gates).probabilities()):
        found["".join("0" if q is None else str(state >> q & 1) for q in columns)] += probability
    return found


def of_compiled(compiled: CompiledProgram) -> Distribution:
    """The same, as a device without noise would give it and `CompiledProgram` reads it."""
    circuit = Interpreter().build_circuit(compiled.program)
    measured = list(circuit.measured_qubits)
    wires = sorted(
        {qubit for each in circuit.instructions for qubit in each.targets} | set(measured)
    )
    wire = {qubit: place for place, qubit in enumerate(wires)}
    for each in circuit.instructions:
        each._targets = tuple(wire[qubit] for qubit in each.targets)
    simulation = StateVectorSimulation(len(wires), shots=0, batch_size=1)
    simulation.evolve(circuit.instructions)
    columns = [
        None if qubit is None else len(wires) - 1 - wire[qubit] for qubit in reversed(compiled.bits)
    ]
    found: Distribution = defaultdict(float)
    # Braket's first qubit is the most significant one of the state's number.
    for state, probability in enumerate(simulation.probabilities):
        found["".join("0" if c is None else str(state >> c & 1) for c in columns)] += probability
    return found


def distance(one: Distribution, other: Distribution) -> float:
    """Total variation: 0 for the same distribution, 1 for disjoint ones."""
    return sum(abs(one.get(key, 0.0) - other.get(key, 0.0)) for key in {*one, *other}) / 2
