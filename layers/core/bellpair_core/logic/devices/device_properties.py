"""Reads the parts of a ``braket.device_schema`` capabilities document that compiling needs.

The documents differ by maker; each function here says which fields it looks at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]
Edge = tuple[int, int]


def topology(properties: Document) -> tuple[tuple[int, ...], tuple[Edge, ...] | None]:
    """Qubit labels and edges: ``paradigm.qubitCount`` and ``paradigm.connectivity``.

    Returns
    -------
    qubits : tuple of int
        Ascending.
    edges : tuple of (int, int) or None
        Each pair once, lower label first; ``None`` where all are connected.
    """
    paradigm = properties["paradigm"]
    connectivity = paradigm.get("connectivity") or {"fullyConnected": True}
    graph = connectivity.get("connectivityGraph") or {}
    if connectivity["fullyConnected"]:
        return tuple(range(int(paradigm["qubitCount"]))), None
    edges = {_edge(int(a), int(b)) for a, others in graph.items() for b in others}
    labels = {int(a) for a in graph} | {qubit for edge in edges for qubit in edge}
    return tuple(sorted(labels)), tuple(sorted(edges))


def gates(properties: Document) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Accepted gates and native gates, in lower case.

    From ``action["braket.ir.openqasm.program"].supportedOperations`` and
    ``paradigm.nativeGateSet``.
    """
    action = properties["action"]["braket.ir.openqasm.program"]
    accepted = tuple(str(gate).lower() for gate in action["supportedOperations"])
    native = properties["paradigm"].get("nativeGateSet") or ()
    return accepted, tuple(str(gate).lower() for gate in native)


def error_rates(properties: Document) -> dict[str, Any]:
    """Error probabilities (0 to 1) and times (microseconds), as `DeviceTarget` names them.

    Reads ``standardized`` where a maker gives it (``oneQubitProperties`` and
    ``twoQubitProperties`` with lists of fidelities), and ``provider.fidelity`` and
    ``provider.timing`` with device-wide means (IonQ) otherwise. Empty for simulators.
    """
    standardized = properties.get("standardized") or {}
    if standardized.get("oneQubitProperties"):
        return _by_qubit(standardized)
    provider = properties.get("provider") or {}
    if provider.get("fidelity"):
        return _means(properties, provider)
    return {}


def _by_qubit(standardized: Document) -> dict[str, Any]:
    rates: dict[str, Any] = {
        "one_qubit_error": {},
        "readout_error": {},
        "t1_us": {},
        "t2_us": {},
        "two_qubit_error": {},
    }
    for label, one in standardized["oneQubitProperties"].items():
        qubit = int(label)
        for name in ("T1", "T2"):
            if one.get(name):
                rates[f"{name.lower()}_us"][qubit] = _microseconds(one[name])
        for fidelity in one.get("oneQubitFidelity", ()):
            kind = str(fidelity["fidelityType"]["name"]).upper()
            readout = kind == "READOUT"
            into = rates["readout_error" if readout else "one_qubit_error"]
            # Where a maker gives several gate fidelities the first one stands.
            if readout or ("READOUT" not in kind and qubit not in into):
                into[qubit] = 1 - float(fidelity["fidelity"])
    for label, two in (standardized.get("twoQubitProperties") or {}).items():
        a, b = (int(part) for part in label.split("-"))
        fidelities = two.get("twoQubitGateFidelity") or ()
        if fidelities:
            best = max(float(fidelity["fidelity"]) for fidelity in fidelities)
            rates["two_qubit_error"]["{}-{}".format(*_edge(a, b))] = 1 - best
    return rates


def _means(properties: Document, provider: Document) -> dict[str, Any]:
    qubits, edges = topology(properties)
    pairs = edges or [(a, b) for a in qubits for b in qubits if a < b]
    fidelity, timing = provider["fidelity"], provider.get("timing") or {}
    rates: dict[str, Any] = {
        "one_qubit_error": dict.fromkeys(qubits, 1 - float(fidelity["1Q"]["mean"])),
        "readout_error": dict.fromkeys(qubits, 1 - float(fidelity["spam"]["mean"])),
        "two_qubit_error": {f"{a}-{b}": 1 - float(fidelity["2Q"]["mean"]) for a, b in pairs},
    }
    for name in ("T1", "T2"):
        if name in timing:
            # IonQ gives seconds.
            rates[f"{name.lower()}_us"] = dict.fromkeys(qubits, float(timing[name]) * 1e6)
    return rates


def _edge(a: int, b: int) -> Edge:
    return (a, b) if a < b else (b, a)


def _microseconds(value: Document) -> float:
    scale = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
    return float(value["value"]) * scale.get(str(value.get("unit", "s")).lower(), 1e6)
