"""Two problems with exact answers: hydrogen on two qubits, and a chain of six spins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector

from bellpair.functions.circuits import bare_template
from bellpair.functions.observables import grouped
from bellpair.functions.plan import Program
from bellpair.options import Outcome, Request


@dataclass(frozen=True)
class Problem:
    """A circuit, and the observable that is estimated of it."""

    circuit: QuantumCircuit
    observable: Mapping[str, float]

    @property
    def exact(self) -> float:
        """The observable's value without any error."""
        operator = SparsePauliOp.from_list(list(self.observable.items()))
        return float(Statevector(self.circuit).expectation_value(operator).real)

    def requests(self, shots: int) -> list[Request]:
        """One for each basis, with shots by the weights of its strings."""
        template = bare_template(self.circuit)
        text = template.write([])
        groups = grouped([string for string in self.observable if set(string) != {"I"}])
        weights = [sum(abs(self.observable[one]) for one in own) for _, own in groups]
        requests = []
        for (basis, own), weight in zip(groups, weights, strict=True):
            measured = [place for place, letter in enumerate(basis) if letter != "I"]
            observable = {
                "".join("I" if string[place] == "I" else "Z" for place in measured): (
                    self.observable[string]
                )
                for string in own
            }
            part = max(1, round(shots * weight / sum(weights)))
            program = Program(template.measured_in(text, basis), part)
            requests.append(Request(program, observable))
        return requests

    def value(self, outcomes: Sequence[Outcome]) -> tuple[float, float]:
        """The estimate and its standard error."""
        constant = sum(c for string, c in self.observable.items() if set(string) == {"I"})
        values = [outcome.expectation or 0.0 for outcome in outcomes]
        errors = [outcome.standard_error or 0.0 for outcome in outcomes]
        return constant + sum(values), sum(error**2 for error in errors) ** 0.5


def hydrogen(theta: float = -0.2235) -> Problem:
    """H2 at 0.735 Å in a minimal basis, two qubits left by parity; a UCC ansatz.

    The coefficients are O'Malley et al.'s kind, Phys. Rev. X 6, 031007 (2016), as Qiskit's
    textbooks have them for this distance.
    """
    circuit = QuantumCircuit(2)
    circuit.x(0)
    # exp(-i theta/2 (Y X)), the one excitation.
    circuit.rx(1.5707963267948966, 1)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.rz(theta, 1)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.rx(-1.5707963267948966, 1)
    terms = {
        "II": -1.052373245772859,
        "IZ": 0.39793742484318045,
        "ZI": -0.39793742484318045,
        "ZZ": -0.01128010425623538,
        "XX": 0.18093119978423156,
    }
    return Problem(circuit, terms)


def spin_chain(qubits: int = 6, steps: int = 2, time: float = 0.3, field: float = 1.0) -> Problem:
    """The transverse-field Ising model, an open chain, after some Trotter steps from all up."""
    circuit = QuantumCircuit(qubits)
    for _ in range(steps):
        for first in (0, 1):
            for qubit in range(first, qubits - 1, 2):
                circuit.rzz(-2 * time, qubit, qubit + 1)
        circuit.rx(-2 * field * time, range(qubits))
    terms = {}
    for qubit in range(qubits - 1):
        terms["".join("Z" if q in (qubit, qubit + 1) else "I" for q in range(qubits))] = -1.0
    for qubit in range(qubits):
        terms["".join("X" if q == qubit else "I" for q in range(qubits))] = -field
    return Problem(circuit, terms)
