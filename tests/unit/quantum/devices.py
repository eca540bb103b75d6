"""A simulator and two QPUs to compile for."""

from __future__ import annotations

from typing import Any

from bellpair_core.model.device import DeviceKind, DeviceTarget

SIMULATOR_GATES = (
    "ccnot cnot cphaseshift cswap cv cy cz ecr h i iswap phaseshift prx pswap rx ry rz s si "
    "swap t ti v vi x xx xy y yy z zz"
)

SIMULATOR = DeviceTarget(
    device="sv1",
    kind=DeviceKind.SIMULATOR,
    qubits=tuple(range(34)),
    gates=tuple(SIMULATOR_GATES.split()),
    calibration_id="sv1-none",
)


def lattice(rows: int, columns: int, **changes: Any) -> DeviceTarget:
    """A square lattice with ``prx`` and ``cz``, labelled row by row, no two qubits alike."""
    qubits = tuple(range(rows * columns))
    edges = tuple(
        (qubit, other)
        for qubit in qubits
        for other in (qubit + 1, qubit + columns)
        if other in qubits and (other != qubit + 1 or other % columns)
    )
    values: dict[str, Any] = {
        "device": f"square-{len(qubits)}",
        "kind": DeviceKind.QPU,
        "qubits": qubits,
        "edges": edges,
        "native_gates": ("prx", "cz"),
        "one_qubit_error": {qubit: 1e-3 * (1 + qubit % 3) for qubit in qubits},
        "readout_error": {qubit: 1e-2 * (1 + qubit % 4) for qubit in qubits},
        "two_qubit_error": {f"{a}-{b}": 5e-3 * (1 + (a + b) % 5) for a, b in edges},
        "calibration_id": "square-noon",
    }
    return DeviceTarget(**values | changes)


def ions(number: int, entangler: str = "ms", **changes: Any) -> DeviceTarget:
    """Trapped ions, each connected with all, with ``gpi``, ``gpi2`` and one entangler."""
    values: dict[str, Any] = {
        "device": f"ion-{number}",
        "kind": DeviceKind.QPU,
        "qubits": tuple(range(number)),
        "native_gates": ("gpi", "gpi2", entangler),
        "one_qubit_error": dict.fromkeys(range(number), 5e-4),
        "readout_error": dict.fromkeys(range(number), 4e-3),
        "two_qubit_error": {f"{a}-{b}": 6e-3 for a in range(number) for b in range(a + 1, number)},
        "calibration_id": "ion-noon",
    }
    return DeviceTarget(**values | changes)


SQUARE = lattice(4, 5)
ION = ions(11)
ION_ZZ = ions(11, "zz")
EVERY_DEVICE = (SIMULATOR, SQUARE, ION, ION_ZZ)
EVERY_QPU = (SQUARE, ION, ION_ZZ)
