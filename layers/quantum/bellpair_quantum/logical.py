"""Circuits made simpler before they are placed on a device."""

from __future__ import annotations

from functools import lru_cache

from qiskit import QuantumCircuit
from qiskit.circuit.library import CZGate, RXXGate, RZZGate, UGate
from qiskit.exceptions import QiskitError
from qiskit.transpiler import PassManager, generate_preset_pass_manager

from bellpair_quantum.program import Operation
from bellpair_quantum.simplify import simplified

_GATES = {"u": UGate, "cz": CZGate, "rzz": RZZGate, "rxx": RXXGate}


def simpler(circuit: QuantumCircuit) -> QuantumCircuit | None:
    """The same measured distribution from a circuit with fewer two-qubit gates.

    What is saved here needs no routing. It is saved again in the routed circuit (`simplified`),
    where what routing put in between may hide it.

    Parameters
    ----------
    circuit
        Gates and barriers, then measurements of some qubits into bits 0, 1, ….

    Returns
    -------
    QuantumCircuit or None
        None where there is nothing to save, or angles are not known.
    """
    if circuit.parameters:
        return None
    try:
        plain = _translation().run(circuit)
    except QiskitError:
        # Whatever is wrong with it, compiling the circuit itself will tell.
        return None
    index_of = {qubit: index for index, qubit in enumerate(plain.qubits)}
    gates: list[Operation] = []
    reads: list[tuple[int, int]] = []
    for each in plain.data:
        qubits = tuple(index_of[qubit] for qubit in each.qubits)
        if each.operation.name == "measure":
            reads.append((qubits[0], plain.find_bit(each.clbits[0]).index))
        else:
            gates.append(
                Operation(each.operation.name, tuple(map(float, each.operation.params)), qubits)
            )
    fewer = simplified(gates, frozenset(qubit for qubit, _ in reads))
    if _pairs(fewer) >= _pairs(gates):
        return None
    written = QuantumCircuit(circuit.num_qubits, circuit.num_clbits)
    for name, params, qubits in fewer:
        if name == "barrier":
            written.barrier(qubits)
        else:
            written.append(_GATES[name](*params), qubits, copy=False)
    for qubit, bit in reads:
        written.measure(qubit, bit)
    return written


def _pairs(gates: list[Operation]) -> int:
    return sum(name in ("cz", "rzz", "rxx") for name, _, _ in gates)


@lru_cache(maxsize=1)
def _translation() -> PassManager:
    return generate_preset_pass_manager(
        optimization_level=1, basis_gates=[*_GATES, "measure"], seed_transpiler=0
    )
