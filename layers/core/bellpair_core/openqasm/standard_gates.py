"""The gates that a program has without defining them: name -> parameters and qubits."""

from __future__ import annotations

from bellpair_core.openqasm.gates import Gate


def _gates(params: int, qubits: int, names: str) -> dict[str, Gate]:
    gate = Gate(params, qubits)
    return dict.fromkeys(names.split(), gate)


_COMMON = {
    **_gates(0, 1, "id x y z h s sdg t tdg sx"),
    **_gates(1, 1, "p rx ry rz u1"),
    **_gates(2, 1, "u2"),
    **_gates(3, 1, "u3"),
    **_gates(0, 2, "cx cy cz ch swap"),
    **_gates(1, 2, "cp crx cry crz"),
    **_gates(4, 2, "cu"),
    **_gates(0, 3, "ccx cswap"),
}

BUILTIN_2 = {"U": Gate(3, 1), "CX": Gate(0, 2)}
BUILTIN_3 = {"U": Gate(3, 1), "gphase": Gate(1, 0)}

# qelib1.inc, with the gates that Qiskit and its exporter count to it.
QELIB1 = {
    **_COMMON,
    **_gates(0, 1, "sxdg"),
    **_gates(1, 1, "u0"),
    **_gates(3, 1, "u"),
    **_gates(0, 2, "csx"),
    **_gates(1, 2, "cu1 rxx rzz"),
    **_gates(3, 2, "cu3"),
    **_gates(0, 3, "rccx"),
    **_gates(0, 4, "rc3x c3x c3sqrtx"),
    **_gates(0, 5, "c4x"),
}

# stdgates.inc of the OpenQASM 3 specification.
STDGATES = {
    **_COMMON,
    **_gates(0, 2, "CX"),
    **_gates(1, 1, "phase"),
    **_gates(1, 2, "cphase"),
}

# Native gates of Braket's devices, which a verbatim box may use without an include.
BRAKET_NATIVE = {
    **_gates(0, 1, "i x v vi"),
    **_gates(1, 1, "rx ry rz gpi gpi2"),
    **_gates(2, 1, "prx"),
    **_gates(0, 2, "cz iswap"),
    **_gates(1, 2, "xy zz cphaseshift"),
    **_gates(3, 2, "ms"),
}

# What the same gates are called elsewhere, for suggestions.
OTHER_NAMES = {
    "ccnot": "ccx",
    "cnot": "cx",
    "cphaseshift": "cp",
    "fredkin": "cswap",
    "i": "id",
    "phaseshift": "p",
    "si": "sdg",
    "ti": "tdg",
    "toffoli": "ccx",
    "v": "sx",
    "vi": "sxdg",
}
