"""Stands where hardware would: five qubits about a hub, simulated with simple errors."""

from __future__ import annotations

import cmath
from collections import Counter
from datetime import UTC, datetime
from math import cos, prod, sin
from random import Random
from typing import Any

from .program import Gate, Program, read_program

Json = dict[str, Any]

_QUBITS = (1, 2, 3, 4, 5)
_HUB = 3
_GATES = {"prx": (2, 1), "cz": (0, 2)}
"""By name how many angles (radians) and qubits. ``prx(theta, phi)`` turns by theta about the axis
at phi in the XY plane; ``cz`` changes the sign where both qubits are 1."""


class Kite:
    """The QPU ``kite-5``.

    Errors are of two kinds. A shot in which any gate errs, by the calibration's probabilities
    taken as independent, gives every text with the same probability; what is measured is then
    misread by each qubit's own two probabilities.

    Parameters
    ----------
    seed
        Fixes the counts, together with the order of the programs.
    measured_at
        When its errors were measured; now, when not given.
    """

    name = "kite-5"
    provider = "Bellpair"
    shots_max = 10_000

    def __init__(self, seed: int | None = None, measured_at: datetime | None = None) -> None:
        self._random = Random(seed)
        self._pairs = {frozenset((_HUB, leaf)) for leaf in _QUBITS if leaf != _HUB}
        self._one_error = {qubit: 0.0005 + 0.0002 * qubit for qubit in _QUBITS}
        self._two_error = {pair: 0.004 + 0.001 * sum(pair) for pair in self._pairs}
        self._misread = {qubit: (0.008 + 0.001 * qubit, 0.015 + 0.001 * qubit) for qubit in _QUBITS}
        self._measured_at = measured_at or datetime.now(UTC)

    def calibration(self) -> Json:
        """The document ``bellpair.calibration/1``."""
        return {
            "schema": "bellpair.calibration/1",
            "measured_at": self._measured_at.isoformat(),
            "qubits": [
                {
                    "label": qubit,
                    "one_qubit_error": self._one_error[qubit],
                    "readout_0_to_1": self._misread[qubit][0],
                    "readout_1_to_0": self._misread[qubit][1],
                    "t1_us": 40.0,
                    "t2_us": 25.0,
                }
                for qubit in _QUBITS
            ],
            "couplings": [
                {"qubits": sorted(pair), "error": error} for pair, error in self._two_error.items()
            ],
            "native_gates": list(_GATES),
            "one_qubit_us": 0.03,
            "two_qubit_us": 0.06,
            "readout_us": 1.5,
        }

    def read(self, source: str) -> Program:
        """The program, if it can be run here.

        Raises
        ------
        ProgramRefused
            Where it cannot.
        """
        return read_program(source, _GATES, _QUBITS, self._pairs)

    def run(self, program: Program, shots: int) -> Json:
        """Measure, and give the document ``bellpair.result/1``."""
        weights = _probabilities(program)
        texts = list(weights)
        good = prod(1 - self._error(gate) for gate in program.gates)
        counts: Counter[str] = Counter()
        for true in self._random.choices(texts, list(weights.values()), k=shots):
            state = true if self._random.random() < good else self._any(len(true))
            counts["".join(map(self._read_bit, state, program.measured))] += 1
        return {
            "schema": "bellpair.result/1",
            "qubits": list(program.measured),
            "counts": dict(counts),
        }

    def _error(self, gate: Gate) -> float:
        if len(gate.qubits) == 1:
            return self._one_error[gate.qubits[0]]
        return self._two_error[frozenset(gate.qubits)]

    def _any(self, width: int) -> str:
        return "".join(self._random.choice("01") for _ in range(width))

    def _read_bit(self, bit: str, qubit: int) -> str:
        if self._random.random() < self._misread[qubit][int(bit)]:
            return "1" if bit == "0" else "0"
        return bit


def _probabilities(program: Program) -> dict[str, float]:
    """By text of 0 and 1, the first for the first measured qubit, its probability."""
    place = {qubit: index for index, qubit in enumerate(_QUBITS)}
    state = [0j] * (1 << len(_QUBITS))
    state[0] = 1 + 0j
    for gate in program.gates:
        masks = [1 << place[qubit] for qubit in gate.qubits]
        if gate.name == "prx":
            _turn(state, masks[0], *gate.params)
        else:
            for index in range(len(state)):
                if all(index & mask for mask in masks):
                    state[index] = -state[index]
    weights: dict[str, float] = {}
    for index, amplitude in enumerate(state):
        text = "".join(str(index >> place[qubit] & 1) for qubit in program.measured)
        weights[text] = weights.get(text, 0.0) + abs(amplitude) ** 2
    return weights


def _turn(state: list[complex], mask: int, theta: float, phi: float) -> None:
    stay, move = cos(theta / 2), -1j * sin(theta / 2)
    for index in range(len(state)):
        if not index & mask:
            zero, one = state[index], state[index | mask]
            state[index] = stay * zero + move * cmath.exp(-1j * phi) * one
            state[index | mask] = move * cmath.exp(1j * phi) * zero + stay * one
