"""What the program would take on a fault-tolerant machine, by Microsoft's resource estimator.

Beverland et al., "Assessing requirements to scale to practical quantum advantage",
arXiv:2211.07629. The estimator is PyPI's ``qsharp`` (today ``qdk``), which takes counts of a
program in Clifford gates, T gates, rotations and Toffoli gates.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isclose, pi
from typing import TYPE_CHECKING, Any

from bellpair.estimates import NotEstimated, Subject

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction

_BASIS = ["rz", "sx", "x", "cx", "ccx", "ccz"]
_CLIFFORD, _T, _ROTATION = "clifford", "t", "rotation"


def fault_tolerant(subject: Subject) -> Mapping[str, Any]:
    """Logical counts of one shot, and physical qubits and time for them.

    With the estimator's own qubits (gate-based, 50 ns gates, errors of 1 in 1000) and surface
    code; ``runtime_s`` is of one shot, seconds.

    Raises
    ------
    NotEstimated
        If the estimator or Qiskit is not installed, or has no answer for the program.
    """
    logical_counts = _estimator()
    counts = logical(subject.circuit)
    try:
        result = logical_counts(counts).estimate({"errorBudget": subject.error_budget})
    except Exception as error:
        raise NotEstimated(
            f"The resource estimator has no answer: {str(error)[:300]}",
            remedy="Allow a larger error budget, or a smaller program.",
        ) from error
    physical, breakdown = result["physicalCounts"], result["physicalCounts"]["breakdown"]
    return {
        "logical": counts,
        "error_budget": subject.error_budget,
        "physical_qubits": physical["physicalQubits"],
        "runtime_s": physical["runtime"] / 1e9,
        "logical_qubits": breakdown["algorithmicLogicalQubits"],
        "logical_depth": breakdown["logicalDepth"],
        "code_distance": result["logicalQubit"]["codeDistance"],
        "t_states": breakdown["numTstates"],
        "t_factories": breakdown["numTfactories"],
    }


def logical(circuit: QuantumCircuit) -> dict[str, int]:
    """The program's counts as the estimator takes them, rotations by multiples of pi/4 as T gates
    or Cliffords."""
    from qiskit import transpile

    bare = circuit.copy()
    bare.data = [each for each in circuit.data if each.operation.name not in ("measure", "barrier")]
    written = transpile(bare, basis_gates=_BASIS, optimization_level=1)
    kinds = [_kind(each) for each in written.data]
    names = written.count_ops()
    return {
        "numQubits": circuit.num_qubits,
        "tCount": kinds.count(_T),
        "rotationCount": kinds.count(_ROTATION),
        "rotationDepth": written.depth(lambda each: _kind(each) == _ROTATION),
        "cczCount": int(names.get("ccx", 0) + names.get("ccz", 0)),
        "ccixCount": 0,
        "measurementCount": int(circuit.count_ops().get("measure", 0)),
    }


def _kind(instruction: CircuitInstruction) -> str:
    if instruction.operation.name != "rz":
        return _CLIFFORD
    eighths = float(instruction.operation.params[0]) / (pi / 4)
    if not isclose(eighths, round(eighths), abs_tol=1e-9):
        return _ROTATION
    return _T if round(eighths) % 2 else _CLIFFORD


def _estimator() -> Any:
    try:
        try:
            # Where the package's new name is there, the old one only warns.
            from qdk.estimator import LogicalCounts
        except ImportError:
            from qsharp.estimator import LogicalCounts
    except ImportError:
        raise NotEstimated(
            "The fault-tolerant estimate needs the package qsharp.",
            remedy='Install what estimates need: pip install "bellpair[estimate]".',
        ) from None
    return LogicalCounts
