"""Errors of expectation values: the options of level 2 against none, with the same shots."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import SparsePauliOp, Statevector

from bellpair.functions.estimation import Estimator
from bellpair.functions.plan import Call, Measured, Origin, Program
from bellpair_braket_emulator.noise import noisy_circuit
from bellpair_braket_emulator.openqasm import read_program
from bellpair_braket_emulator.sampling import sample
from bellpair_quantum.compiler import compile_template
from bellpair_quantum.template import Template
from tests.benchmarks.quality_devices import Day, days
from tests.benchmarks.quality_fidelity import OPTIONS
from tests.benchmarks.quality_workers import spread

HYDROGEN = {
    "IIII": -0.81261,
    "IIIZ": 0.171201,
    "IIZI": 0.171201,
    "IZII": -0.2227965,
    "ZIII": -0.2227965,
    "IIZZ": 0.16862325,
    "IZIZ": 0.12054625,
    "ZIIZ": 0.165868,
    "IZZI": 0.165868,
    "ZIZI": 0.12054625,
    "ZZII": 0.17434925,
    "YYXX": -0.04532175,
    "XYYX": 0.04532175,
    "YXXY": 0.04532175,
    "XXYY": -0.04532175,
}
"""Electronic energy of H2 at 0.7414 Å in the basis STO-3G, Jordan and Wigner's mapping, hartree:
Whitfield, Biamonte, Aspuru-Guzik, Mol. Phys. 109, 735 (2011)."""

_HYDROGEN_ANGLE = -0.2262


@dataclass(frozen=True)
class Energy:
    """A state and the energy that is asked for.

    Attributes
    ----------
    precision
        What the estimator is asked for; it decides the shots.
    """

    name: str
    circuit: QuantumCircuit
    observable: dict[str, float]
    precision: float

    @property
    def exact(self) -> float:
        """Of the circuit's own state, in the observable's unit."""
        operator = SparsePauliOp.from_list([*self.observable.items()])
        return float(Statevector(self.circuit).expectation_value(operator).real)


def energies() -> list[Energy]:
    """H2, and a chain of six spins in a transverse field as strong as their coupling."""
    return [
        Energy("h2", _hydrogen(), HYDROGEN, 0.006),
        Energy("tfim_6", _chain(6), _ising(6), 0.04),
    ]


def measure(seeds: Sequence[int], workers: int = 2) -> dict[str, Any]:
    """Root mean square errors over devices and seeds, and their ratios."""
    work = [(energy, seed, at) for seed, at in days(seeds) for energy in energies()]
    rows = spread(_case, work, workers)
    found: dict[str, Any] = {}
    for energy in energies():
        own = [row for row in rows if row["energy"] == energy.name]
        found[energy.name] = _figures(own) | {
            "by_device": {
                name: _figures([row for row in own if row["device"] == name])
                for name in sorted({row["device"] for row in own})
            }
        }
    return found | {"cases": rows}


def _figures(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    raw, level_2 = (
        math.sqrt(sum(row[key] ** 2 for row in rows) / len(rows)) for key in ("raw", "level_2")
    )
    return {"rms_error_raw": raw, "rms_error_level_2": level_2, "ratio": level_2 / raw}


def _case(work: tuple[Energy, int, Day]) -> dict[str, Any]:
    energy, seed, at = work
    row: dict[str, Any] = {"energy": energy.name, "device": at.profile.name, "drift_seed": seed}
    for key, level in (("raw", 0), ("level_2", 2)):
        estimator = Estimator(_executor(at, seed), lambda: seed)
        found = estimator(
            qasm3.dumps(energy.circuit), energy.observable, precision=energy.precision, level=level
        )
        row[key] = float(found.value) - energy.exact
        row[f"{key}_standard_error"] = float(found.standard_errors)
        row[f"{key}_shots"] = found.shots
    return row


def _executor(at: Day, seed: int) -> Callable[[str, list[Call[Any]]], list[Any]]:
    """Runs a call's programs as the platform does, on the device's truth."""
    rng = np.random.default_rng(seed)
    templates: dict[str, Template] = {}

    def measured(program: Program) -> Measured:
        if program.source not in templates:
            templates[program.source] = compile_template(
                program.source, "3.0", at.target, options=OPTIONS
            )
        made = templates[program.source].bind(program.values or (), program.transforms)
        read = read_program(made.program)
        bits = sample(noisy_circuit(read, at.profile, at.truth), program.shots, rng)
        columns = [read.measured.index(qubit) for qubit in reversed(made.bits) if qubit is not None]
        texts = ("".join(map(str, row)) for row in bits[:, columns].tolist())
        target = at.target
        chances = tuple(
            None if q is None else (target.readout_0_to_1[q], target.readout_1_to_0[q])
            for q in made.bits
        )
        return Measured(
            Counter(texts), program.shots, len(columns), chances, made.bits, made.metrics
        )

    def make(kind: str, calls: list[Call[Any]]) -> list[Any]:
        return [
            call.read([measured(program) for program in call.programs], Origin(at.profile.name))
            for call in calls
        ]

    return make


def _hydrogen() -> QuantumCircuit:
    """The ground state: a little of the doubly excited configuration in the unexcited one."""
    circuit = QuantumCircuit(4)
    circuit.ry(_HYDROGEN_ANGLE, 2)
    circuit.cx(2, 3)
    circuit.x([0, 1])
    circuit.cx(2, 0)
    circuit.cx(2, 1)
    return circuit


def _chain(n: int) -> QuantumCircuit:
    """Two layers of the Hamiltonian's own parts, with the angles of the lowest energy."""
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    for coupling, field in ((0.4105, 1.2930), (0.7359, 0.6077)):
        for start in (0, 1):
            for qubit in range(start, n - 1, 2):
                circuit.rzz(-coupling, qubit, qubit + 1)
        circuit.rx(-field, range(n))
    return circuit


def _ising(n: int) -> dict[str, float]:
    terms = {}
    for qubit in range(n):
        terms["".join("X" if place == qubit else "I" for place in reversed(range(n)))] = -1.0
    for qubit in range(n - 1):
        pair = (qubit, qubit + 1)
        terms["".join("Z" if place in pair else "I" for place in reversed(range(n)))] = -1.0
    return terms
