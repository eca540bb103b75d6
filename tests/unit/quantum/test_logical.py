"""Circuits made simpler before they are placed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import QFTGate
from qiskit.quantum_info import Statevector

from bellpair_quantum.logical import simpler


def fourier(width: int) -> QuantumCircuit:
    """A number written in phases, and read by the inverse transform."""
    circuit = QuantumCircuit(width, width)
    for qubit in range(width):
        circuit.h(qubit)
        circuit.p(2 * math.pi * (2**width // 3) * 2**qubit / 2**width, qubit)
    circuit.append(QFTGate(width).inverse(), range(width))
    circuit.measure(range(width), range(width))
    return circuit


def pairs(circuit: QuantumCircuit) -> int:
    return sum(len(each.qubits) == 2 for each in circuit.data)


def probabilities(circuit: QuantumCircuit) -> np.ndarray:
    """Of the classical bits, bit 0 the lowest."""
    reads = {
        circuit.find_bit(each.clbits[0]).index: circuit.find_bit(each.qubits[0]).index
        for each in circuit.data
        if each.name == "measure"
    }
    bare = circuit.remove_final_measurements(inplace=False)
    return np.asarray(Statevector(bare).probabilities([reads[bit] for bit in sorted(reads)]))


@pytest.mark.parametrize("width", [3, 5, 8, 10])
def test_the_transform_of_a_number_needs_no_two_qubit_gate(width: int) -> None:
    source = fourier(width)
    (found,) = simpler(source)
    assert pairs(found) == 0
    np.testing.assert_allclose(probabilities(found), probabilities(source), atol=1e-6)


def test_either_way_of_taking_gates_apart_may_save_more() -> None:
    # Of a state that is no number's, both keep the meaning.
    circuit = QuantumCircuit(4, 4)
    circuit.h([0, 1])
    circuit.cx(0, 2)
    circuit.cp(0.7, 1, 3)
    circuit.ccx(0, 1, 2)
    circuit.cp(0.3, 2, 3)
    circuit.h(range(4))
    circuit.measure(range(4), range(4))
    found = simpler(circuit)
    assert 1 <= len(found) <= 2
    assert [pairs(each) for each in found] == sorted({pairs(each) for each in found})
    for each in found:
        np.testing.assert_allclose(probabilities(each), probabilities(circuit), atol=1e-6)


def test_nothing_is_written_where_nothing_is_saved_or_angles_are_not_known() -> None:
    ghz = QuantumCircuit(3, 3)
    ghz.h(0)
    ghz.cx(0, 1)
    ghz.cx(1, 2)
    ghz.measure(range(3), range(3))
    assert simpler(ghz) == []
    late = QuantumCircuit(2, 2)
    late.rzz(Parameter("a"), 0, 1)
    late.measure(range(2), range(2))
    assert simpler(late) == []
