"""Small capabilities documents in the two shapes that makers give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MEASURED_AT = "2026-01-01T06:00:00.000000+00:00"

LATTICE_EDGES = ((1, 2), (1, 3), (2, 4), (3, 4))


def lattice_document(updated_at: str | None = MEASURED_AT, **figures: float) -> dict[str, Any]:
    """Four superconducting qubits in a square, labels from 1, with a figure for each.

    Parameters
    ----------
    figures
        ``two_qubit`` is each edge's fidelity, ``one_qubit`` each qubit's.
    """
    qubits = (1, 2, 3, 4)
    graph: dict[str, list[str]] = {str(qubit): [] for qubit in qubits}
    for a, b in LATTICE_EDGES:
        graph[str(a)].append(str(b))
        graph[str(b)].append(str(a))
    return {
        "service": _service(updated_at, (1, 20_000), 0.00145),
        "action": _action("cz", "rx", "rz", "prx", "cc_prx", "measure_ff", "barrier"),
        "paradigm": {
            "connectivity": {"fullyConnected": False, "connectivityGraph": graph},
            "qubitCount": len(qubits),
            "nativeGateSet": ["cz", "prx", "cc_prx", "measure_ff", "barrier"],
        },
        "standardized": {
            "oneQubitProperties": {
                str(qubit): {
                    "T1": {"value": 4e-5 + qubit * 1e-6, "standardError": 1e-6, "unit": "S"},
                    "T2": {"value": 1e-5, "standardError": 1e-6, "unit": "S"},
                    "oneQubitFidelity": [
                        _typed("RANDOMIZED_BENCHMARKING", 0.9999),
                        _typed(
                            "SIMULTANEOUS_RANDOMIZED_BENCHMARKING",
                            figures.get("one_qubit", 0.999),
                        ),
                        _typed("READOUT_ERROR_0_TO_1", 0.01),
                        _typed("READOUT_ERROR_1_TO_0", 0.03),
                        _typed("READOUT", 0.98),
                    ],
                }
                for qubit in qubits
            },
            "twoQubitProperties": {
                f"{a}-{b}": {
                    "twoQubitGateFidelity": [
                        {"gateName": "Two_Qubit_Clifford", "fidelity": 0.999},
                        {"gateName": "CZ", "fidelity": figures.get("two_qubit", 0.99)},
                    ]
                }
                for a, b in LATTICE_EDGES
            },
        },
    }


def ions_document(updated_at: str | None = MEASURED_AT) -> dict[str, Any]:
    """Three ions, each connected with all, with means over the device; times in seconds."""
    qubits = (0, 1, 2)
    return {
        "service": _service(updated_at, (100, 5000), 0.08),
        "action": _action("x", "h", "cnot", "zz"),
        "paradigm": {
            "connectivity": {
                "fullyConnected": True,
                "connectivityGraph": {str(a): [str(b) for b in qubits if b != a] for a in qubits},
            },
            "qubitCount": 3,
            "nativeGateSet": ["GPI", "GPI2", "ZZ"],
        },
        "provider": {
            "fidelity": {"1Q": {"mean": 0.9999}, "2Q": {"mean": 0.99}, "spam": {"mean": 0.995}},
            "timing": {"T1": 100.0, "T2": 1.0, "1Q": 6e-5, "2Q": 6e-4, "readout": 2e-4},
        },
        "standardized": {
            "T1": {"value": 100.0, "unit": "s"},
            "readoutDuration": {"value": 0.25, "unit": "ms"},
        },
    }


def described(document: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """What the device service tells of a device with this document."""
    return {
        "status": "ONLINE",
        "type": "QPU",
        "provider": "Maker",
        "queue_depth": 3,
        "shots_min": 1,
        "shots_max": 20_000,
        "price": None,
        "format": "braket.device-capabilities",
        "properties": document,
        **changes,
    }


def _service(updated_at: str | None, shots: tuple[int, int], price: float) -> dict[str, Any]:
    return {
        "shotsRange": list(shots),
        "deviceCost": {"price": price, "unit": "shot"},
        "updatedAt": updated_at,
    }


def _action(*gates: str) -> dict[str, Any]:
    return {"braket.ir.openqasm.program": {"supportedOperations": list(gates)}}


def _typed(kind: str, fidelity: float) -> dict[str, Any]:
    return {"fidelityType": {"name": kind}, "fidelity": fidelity}
