"""Error rates and durations of native gates, by the calibration."""

from __future__ import annotations

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.program import Operation


def gate_error(operation: Operation, target: DeviceTarget) -> float:
    """Average error of a gate (1 - average fidelity), 0 to 1; 0 where it is not known."""
    if len(operation.qubits) == 1:
        return target.one_qubit_error.get(operation.qubits[0], 0.0)
    low, high = sorted(operation.qubits)
    return target.two_qubit_error.get(f"{low}-{high}", 0.0)
