"""Qiskit's own compilation without any calibration, to compare with.

The circuit is placed and routed on the same working qubits and edges, and what comes out is
written in native gates by the same writer, so that only the choices differ.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations

from qiskit import QuantumCircuit
from qiskit.circuit import Measure, Parameter
from qiskit.circuit.library import CZGate, RXXGate, UGate
from qiskit.transpiler import PassManager, Target, generate_preset_pass_manager

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.native import to_native
from bellpair_quantum.openqasm import verbatim_program
from bellpair_quantum.program import Operation


def compiled(
    circuit: QuantumCircuit, target: DeviceTarget, level: int, seed: int
) -> tuple[str, tuple[int, ...]]:
    """A verbatim program, and for each classical bit the device qubit it is measured from."""
    label = target.qubits
    passes = _passes(label, target.edges, "cz" in target.native_gates, level, seed)
    placed = passes.run(circuit)
    gates, reads = [], dict[int, int]()
    for each in placed.data:
        qubits = tuple(label[placed.find_bit(qubit).index] for qubit in each.qubits)
        if each.operation.name == "measure":
            reads[placed.find_bit(each.clbits[0]).index] = qubits[0]
        elif each.operation.name != "barrier":
            gates.append(Operation(each.operation.name, tuple(each.operation.params), qubits))
    native, _ = to_native(gates, "prx" if "prx" in target.native_gates else "gpi")
    bits = tuple(reads[bit] for bit in sorted(reads))
    return verbatim_program(native, sorted(bits)), bits


@lru_cache(maxsize=64)
def _passes(
    labels: tuple[int, ...],
    edges: tuple[tuple[int, int], ...] | None,
    lattice: bool,
    level: int,
    seed: int,
) -> PassManager:
    index = {label: place for place, label in enumerate(labels)}
    machine = Target(num_qubits=len(labels))
    singles = {(place,): None for place in index.values()}
    machine.add_instruction(UGate(Parameter("a"), Parameter("b"), Parameter("c")), singles)
    machine.add_instruction(Measure(), singles)
    pairs = {
        (index[a], index[b]): None
        for a, b in permutations(labels, 2)
        if edges is None or (min(a, b), max(a, b)) in edges
    }
    machine.add_instruction(CZGate() if lattice else RXXGate(Parameter("t")), pairs)
    return generate_preset_pass_manager(
        optimization_level=level, target=machine, seed_transpiler=seed
    )
