"""The strings that a small circuit gives without errors, where there are only a few.

From results of such circuits the platform learns how well a device does what its calibration says.
"""

from __future__ import annotations

from math import isclose

from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import Statevector

from bellpair_quantum.sampled import SampledCircuit

QUBITS_MAX = 10
OPERATIONS_MAX = 500
ANSWERS_MAX = 4
"""Beyond these it is not looked for: it must cost little beside the compiling."""


def known_answers(program: SampledCircuit) -> list[str]:
    """The strings of the classical bits, bit 0 rightmost, one of which an ideal device gives in
    every shot; none where there are more than `ANSWERS_MAX`, or finding them would cost too much.

    Bits that nothing is measured into are 0.
    """
    circuit = program.circuit
    if circuit.num_qubits > QUBITS_MAX or circuit.size() > OPERATIONS_MAX or not program.measured:
        return []
    gates = _gates_of(circuit)
    if gates is None:
        return []
    places = sorted(set(program.measured))
    given = Statevector(gates).probabilities_dict(places, decimals=9)
    if len(given) > ANSWERS_MAX or not isclose(sum(given.values()), 1.0, abs_tol=1e-6):
        return []
    answers = set()
    for text in given:
        ones = {place for place, value in zip(reversed(places), text, strict=True) if value == "1"}
        bits = ("1" if qubit in ones else "0" for qubit in reversed(program.bits))
        answers.add("".join(bits))
    return sorted(answers)


def _gates_of(circuit: QuantumCircuit) -> QuantumCircuit | None:
    """The gates alone; ``None`` where something else than gates and measurements is in it."""
    gates = circuit.copy_empty_like()
    for instruction in circuit.data:
        name = instruction.operation.name
        if name in ("measure", "barrier"):
            continue
        if name in ("reset", "if_else", "for_loop", "while_loop", "switch_case"):
            return None
        gates.append(instruction.operation, instruction.qubits)
    return gates
