"""Gate counts and depth, without any service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bellpair.estimates import Subject


def count(subject: Subject) -> Mapping[str, Any]:
    """Qubits, gates, depth and measurements of the program.

    ``gates`` are those of the program; ``one_qubit_gates``, ``two_qubit_gates`` and ``depth`` are
    those of the same program in CNOTs and one-qubit gates, before it is fitted to any device.

    Raises
    ------
    NotEstimated
        If Qiskit is not installed, or does not read the program.
    """
    from qiskit import transpile

    circuit = subject.circuit
    measured = circuit.count_ops().get("measure", 0)
    bare = circuit.copy()
    bare.data = [each for each in circuit.data if each.operation.name not in ("measure", "barrier")]
    written = transpile(bare, basis_gates=["u", "cx"], optimization_level=0)
    kinds = written.count_ops()
    return {
        "qubits": circuit.num_qubits,
        "bits": circuit.num_clbits,
        "gates": {str(name): int(number) for name, number in bare.count_ops().items()},
        "one_qubit_gates": int(kinds.get("u", 0)),
        "two_qubit_gates": int(kinds.get("cx", 0)),
        "depth": int(written.depth()),
        "measured": int(measured),
    }
