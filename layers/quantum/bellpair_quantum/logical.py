"""Circuits made simpler before they are placed on a device."""

from __future__ import annotations

from functools import lru_cache

from qiskit import QuantumCircuit
from qiskit.circuit.library import CZGate, RXXGate, RZZGate, UGate
from qiskit.exceptions import QiskitError
from qiskit.transpiler import PassManager, generate_preset_pass_manager

from bellpair_quantum.program import Operation
from bellpair_quantum.simplify import simplified

_WAYS = (("cz", "rzz", "rxx"), 1), (("rzz",), 2)
"""Two-qubit gates, and the level of Qiskit's that takes a circuit apart into them."""

_GATES = {"u": UGate, "cz": CZGate, "rzz": RZZGate, "rxx": RXXGate}


def simpler(circuit: QuantumCircuit) -> list[QuantumCircuit]:
    """Circuits of the same measured distribution with fewer two-qubit gates.

    What is saved here needs no routing. It is saved again in the routed circuit (`simplified`),
    where what routing put in between may hide it.

    Each two-qubit gate is taken apart in two ways, because either may hide what the other shows:
    into Clifford gates as far as it goes, so that states at an axis are seen to stay there; and
    into a single rotation with its angle, so that controlled phases of qubits in a known state
    are seen to be phases of the other, as all of them are in the Fourier transform of a number.

    Parameters
    ----------
    circuit
        Gates and barriers, then measurements of some qubits into bits 0, 1, ….

    Returns
    -------
    list of QuantumCircuit
        At most one for each way, the more saving first; none where there is nothing to save, or
        angles are not known. One without any two-qubit gate is alone.
    """
    if circuit.parameters:
        return []
    found: dict[int, QuantumCircuit] = {}
    for way in _WAYS:
        try:
            plain = _translation(*way).run(circuit)
        except QiskitError:
            # Whatever is wrong with it, compiling the circuit itself will tell.
            return []
        gates, reads = _taken_apart(plain)
        fewer = simplified(gates, frozenset(qubit for qubit, _ in reads))
        pairs = _pairs(fewer)
        if pairs < _pairs(gates):
            found.setdefault(pairs, _written(circuit, fewer, reads))
        if pairs == 0:
            break
    least = sorted(found)
    return [found[pairs] for pairs in (least[:1] if 0 in found else least)]


def _taken_apart(plain: QuantumCircuit) -> tuple[list[Operation], list[tuple[int, int]]]:
    """Gates, and what is measured into which bit."""
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
    return gates, reads


def _written(
    circuit: QuantumCircuit, gates: list[Operation], reads: list[tuple[int, int]]
) -> QuantumCircuit:
    written = QuantumCircuit(circuit.num_qubits, circuit.num_clbits)
    for name, params, qubits in gates:
        if name == "barrier":
            written.barrier(qubits)
        else:
            written.append(_GATES[name](*params), qubits, copy=False)
    for qubit, bit in reads:
        written.measure(qubit, bit)
    return written


def _pairs(gates: list[Operation]) -> int:
    return sum(name in ("cz", "rzz", "rxx") for name, _, _ in gates)


@lru_cache(maxsize=len(_WAYS))
def _translation(gates: tuple[str, ...], level: int) -> PassManager:
    return generate_preset_pass_manager(
        optimization_level=level, basis_gates=["u", *gates, "measure"], seed_transpiler=0
    )
