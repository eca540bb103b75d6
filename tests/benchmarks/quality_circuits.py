"""Circuits to measure the quality of results with.

Chosen by what their answers look like, not by how compilers do on them: an answer that is spread
evenly over all outcomes (as of ``graphstate``, or ``qft`` on its own) is right on any device, so
such circuits would only thin the figures out, and one with hundreds of gates is noise on every
device of today (``qwalk``, ``hhl`` beyond five qubits).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from mqt.bench import BenchmarkLevel, get_benchmark
from numpy.typing import NDArray
from qiskit import QuantumCircuit, qasm2
from qiskit.circuit.library import QFTGate
from qiskit.quantum_info import Statevector

MQT = (
    ("ghz", 10),
    ("wstate", 8),
    ("bv", 10),
    ("dj", 8),
    ("grover", 4),
    ("qpeexact", 6),
    ("qpeinexact", 6),
    ("qftentangled", 6),
    ("draper_qft_adder", 6),
    ("cdkm_ripple_carry_adder", 8),
    ("modular_adder", 6),
    ("half_adder", 5),
    ("multiplier", 4),
    ("qaoa", 6),
    ("vqe_real_amp", 5),
    ("vqe_su2", 6),
    ("vqe_two_local", 4),
    ("bmw_quark_cardinality", 5),
)
"""Names and qubits of MQT Bench's, from 4 to 10 qubits."""


@dataclass(frozen=True)
class Problem:
    """A circuit with its answer.

    Attributes
    ----------
    source
        OpenQASM 2.
    """

    name: str
    source: str

    @cached_property
    def circuit(self) -> QuantumCircuit:
        """The circuit as Qiskit reads the source."""
        return qasm2.loads(self.source, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)

    @property
    def qubits(self) -> int:
        """How many qubits it has."""
        return int(self.circuit.num_qubits)

    @cached_property
    def ideal(self) -> NDArray[np.float64]:
        """Probability of each outcome; bit ``i`` of the index is classical bit ``i``."""
        circuit, reads = QuantumCircuit(self.qubits), {}
        for each in self.circuit.data:
            qubits = [self.circuit.find_bit(qubit).index for qubit in each.qubits]
            if each.operation.name == "measure":
                reads[self.circuit.find_bit(each.clbits[0]).index] = qubits[0]
            elif each.operation.name != "barrier":
                circuit.append(each.operation, qubits)
        probabilities = Statevector(circuit).probabilities([reads[bit] for bit in sorted(reads)])
        return np.asarray(probabilities, dtype=np.float64)


def problems() -> list[Problem]:
    """All of them: those of MQT Bench, then the usual ones."""
    found = [Problem(f"mqt_{name}_{size}", _of_mqt(name, size)) for name, size in MQT]
    for family, make in USUAL.items():
        found += [Problem(f"{family}_{n}", _text(make(n))) for n in SIZES]
    return found


def _of_mqt(name: str, size: int) -> str:
    circuit = get_benchmark(name, BenchmarkLevel.INDEP, size)
    if "measure" not in circuit.count_ops():
        circuit.measure_all()
    return str(qasm2.dumps(circuit))


def _text(circuit: QuantumCircuit) -> str:
    circuit.measure_all()
    return str(qasm2.dumps(circuit.decompose("qft_dg", reps=1)))


def _ghz(n: int) -> QuantumCircuit:
    circuit = QuantumCircuit(n)
    circuit.h(0)
    for qubit in range(n - 1):
        circuit.cx(qubit, qubit + 1)
    return circuit


def _fourier(n: int) -> QuantumCircuit:
    """A number written in phases and read back by the inverse transform."""
    circuit = QuantumCircuit(n)
    number = (2**n) // 3
    for qubit in range(n):
        circuit.h(qubit)
        circuit.p(2 * math.pi * number * 2**qubit / 2**n, qubit)
    circuit.append(QFTGate(n).inverse(), range(n))
    return circuit


def _bernstein_vazirani(n: int) -> QuantumCircuit:
    circuit = QuantumCircuit(n)
    circuit.x(n - 1)
    circuit.h(range(n))
    for qubit in range(n - 1):
        if qubit % 3 != 1:
            circuit.cx(qubit, n - 1)
    circuit.h(range(n))
    return circuit


def _qaoa(n: int) -> QuantumCircuit:
    """One layer for MaxCut on a ring, with the angles that are best there."""
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    for qubit in range(n):
        circuit.rzz(math.pi / 4, qubit, (qubit + 1) % n)
    circuit.rx(math.pi / 4, range(n))
    return circuit


def _ansatz(n: int) -> QuantumCircuit:
    """Two layers with small angles, as near the ground state of an ordered magnet."""
    circuit = QuantumCircuit(n)
    for layer in range(2):
        for qubit in range(n):
            circuit.ry(0.3 + 0.1 * ((qubit * 7 + layer * 3) % 5), qubit)
        for qubit in range(n - 1):
            circuit.cx(qubit, qubit + 1)
    circuit.ry(0.25, range(n))
    return circuit


USUAL: dict[str, Callable[[int], QuantumCircuit]] = {
    "ghz": _ghz,
    "qft": _fourier,
    "bv": _bernstein_vazirani,
    "qaoa": _qaoa,
    "vqe": _ansatz,
}
SIZES = (4, 6, 8, 10, 12)
