"""Turns a program and a calibration into gates with places where an error may strike.

The model: each native gate is followed by depolarizing noise whose strength gives the
calibrated average gate fidelity (for d dimensions, an average error r means that one of the
d*d - 1 Paulis strikes with total probability r*(d+1)/d). A qubit that waits between two gates
relaxes; the amplitude and phase damping of T1 and T2 are Pauli-twirled into X, Y with
(1 - exp(-t/T1))/4 each and Z with (1 - exp(-t/T2))/2 - (1 - exp(-t/T1))/4. Times of the gates
themselves add nothing, because benchmarked fidelities already contain them. Readout flips
bits independently. Cf. Ghosh, Fowler, Geller, "Surface code with decoherence" (2012) for the
twirled channel, and Nielsen, "A simple formula for the average gate fidelity" (2002).
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .gates import CC_PRX, GATES, MEASURE_FF, PAULIS, Matrix
from .openqasm import Call, Program
from .profile import Calibration, Edge, Profile


class NotWorking(Exception):
    """A program needs a qubit or an edge that does not work; the message names it."""


# How many native two-qubit gates a compiler needs for one of these; others need one.
_NATIVE_COUNT = {
    "swap": 3,
    "pswap": 3,
    "iswap": 2,
    "xy": 2,
    "cv": 2,
    "cphaseshift": 2,
    "cphaseshift00": 2,
    "cphaseshift01": 2,
    "cphaseshift10": 2,
}


@dataclass(frozen=True)
class ErrorSite:
    """A place where at most one of several Paulis strikes.

    Attributes
    ----------
    after
        Index of the gate that it follows; -1 for the start.
    qubits
        Qubits of the simulation, each struck by one Pauli of an outcome.
    paulis
        Outcomes: one Pauli number (0 I, 1 X, 2 Y, 3 Z) per qubit.
    probabilities
        Of each outcome; the rest is no error.
    """

    after: int
    qubits: tuple[int, ...]
    paulis: tuple[tuple[int, ...], ...]
    probabilities: tuple[float, ...]

    @property
    def total(self) -> float:
        """Probability that any error strikes."""
        return min(1.0, math.fsum(self.probabilities))


class Record(NamedTuple):
    """Where a measurement's outcome is kept, and the probabilities to read 1 for 0 and 0 for 1."""

    key: int
    readout: tuple[float, float] = (0.0, 0.0)


@dataclass
class NoisyCircuit:
    """A circuit ready to simulate; qubits are numbered 0 to ``qubits`` - 1.

    Attributes
    ----------
    gates
        ``(matrix, qubits)`` in order.
    sites
        Where errors may strike, in order of their gates.
    measured
        The qubit behind each column of the result.
    readout
        For each column, the probabilities to read 1 for 0 and 0 for 1; shape (columns, 2).
    records
        By the index of a gate that is a measurement in the midst of the circuit, whose matrix
        does nothing, where to keep what it reads.
    conditions
        By the index of a gate that is done where 1 was kept, where to look.
    """

    qubits: int
    gates: list[tuple[Matrix, tuple[int, ...]]] = field(default_factory=list)
    sites: list[ErrorSite] = field(default_factory=list)
    measured: tuple[int, ...] = ()
    readout: NDArray[np.float64] | None = None
    records: dict[int, Record] = field(default_factory=dict)
    conditions: dict[int, int] = field(default_factory=dict)

    def add(self, call: Call, qubits: tuple[int, ...]) -> None:
        """Add one call on these qubits of the simulation."""
        index = len(self.gates)
        if call.name == MEASURE_FF:
            self.records[index] = Record(int(call.parameters[0]))
            self.gates.append((PAULIS[0], qubits))
        elif call.name == CC_PRX:
            *angles, key = call.parameters
            self.conditions[index] = int(key)
            self.gates.append((GATES["prx"].matrix(*angles), qubits))
        else:
            self.gates.append((GATES[call.name].matrix(*call.parameters), qubits))


def ideal_circuit(program: Program) -> NoisyCircuit:
    """The program without noise, on the qubits that it uses."""
    position = {qubit: k for k, qubit in enumerate(program.qubits)}
    circuit = NoisyCircuit(len(position))
    circuit.measured = tuple(position[qubit] for qubit in program.measured)
    for call in program.calls:
        # A global phase and a barrier change no outcome.
        if call.name not in ("barrier", "gphase"):
            circuit.add(call, tuple(position[qubit] for qubit in call.qubits))
    return circuit


def noisy_circuit(program: Program, profile: Profile, calibration: Calibration) -> NoisyCircuit:
    """The program with a QPU's noise.

    A program outside a verbatim box is not really compiled: register qubit k stands for the
    k-th qubit of the device, a gate that is not native is charged as the native gates it
    needs, and a distant pair is charged as a chain of swaps there and back, all on the pair
    itself. Bellpair sends verbatim programs, which are simulated gate by gate.

    Raises
    ------
    NotWorking
        If a physical qubit, or an edge that a verbatim program uses, is missing in the
        calibration, or if too few qubits are left for a register, or no way between two.
    """
    assert profile.durations_us is not None
    circuit = ideal_circuit(program)
    used = program.qubits
    physical = program.register_size is None
    labels = _physical(used, calibration) if physical else _placed(used, calibration)
    position = {qubit: k for k, qubit in enumerate(used)}
    durations = profile.durations_us
    routes = _Routes(calibration)

    # When each qubit is free, in microseconds. Until its first gate it may be held back by
    # barriers, but loses nothing, because the ground state does not decay.
    free = [0.0] * circuit.qubits
    begun: set[int] = set()
    # When what a measurement read is known, by where it is kept.
    known: defaultdict[int, float] = defaultdict(float)
    index = -1

    def wait(qubit: int, until: float) -> None:
        since, free[qubit] = free[qubit], until
        if qubit in begun and until > since:
            label = labels[qubit]
            site = relaxation(
                index,
                qubit,
                until - since,
                calibration.t1_us[label],
                calibration.t2_us[label],
            )
            circuit.sites.append(site)

    for call in program.calls:
        qubits = tuple(position[qubit] for qubit in call.qubits if qubit in position)
        if call.name == "gphase" or not qubits:
            continue
        start = max(free[qubit] for qubit in qubits)
        if call.name == CC_PRX:
            start = max(start, known[circuit.conditions[index + 1]])
        for qubit in qubits:
            wait(qubit, start)
        if call.name == "barrier":
            continue
        begun.update(qubits)
        index += 1
        if call.name == MEASURE_FF:
            label, record = labels[qubits[0]], circuit.records[index]
            flips = (calibration.readout_0_to_1[label], calibration.readout_1_to_0[label])
            circuit.records[index] = record._replace(readout=flips)
            spent = durations.readout
            known[record.key] = start + spent
        elif len(qubits) == 1:
            circuit.sites.append(
                depolarizing(index, qubits, calibration.one_qubit[labels[qubits[0]]])
            )
            spent = durations.one_qubit
        else:
            a, b = (labels[qubit] for qubit in qubits)
            path = routes.between(a, b, direct=call.verbatim)
            errors = [calibration.two_qubit[edge] for edge in path]
            count = _NATIVE_COUNT.get(call.name, 1) + 6 * (len(path) - 1)
            for _ in range(count):
                circuit.sites.append(depolarizing(index, qubits, sum(errors) / len(errors)))
            spent = durations.two_qubit * count
        for qubit in qubits:
            free[qubit] = start + spent

    end = max((free[qubit] for qubit in begun), default=0.0)
    for qubit in range(circuit.qubits):
        wait(qubit, end)
    circuit.readout = np.array(
        [
            (
                calibration.readout_0_to_1[labels[q]],
                calibration.readout_1_to_0[labels[q]],
            )
            for q in circuit.measured
        ]
    )
    return circuit


def depolarizing(after: int, qubits: tuple[int, ...], error: float) -> ErrorSite:
    """Depolarizing noise with an average gate error of ``error`` (1 - average fidelity)."""
    dimension = 2 ** len(qubits)
    outcomes = tuple(product(range(4), repeat=len(qubits)))[1:]
    each = error * (dimension + 1) / dimension / len(outcomes)
    return ErrorSite(after, qubits, outcomes, (each,) * len(outcomes))


def relaxation(after: int, qubit: int, time: float, t1: float, t2: float) -> ErrorSite:
    """Twirled relaxation of a qubit that waits; ``time``, ``t1``, ``t2`` in one unit."""
    flip = (1 - math.exp(-time / t1)) / 4
    phase = max(0.0, (1 - math.exp(-time / t2)) / 2 - flip)
    return ErrorSite(after, (qubit,), ((1,), (2,), (3,)), (flip, flip, phase))


def _physical(used: Sequence[int], calibration: Calibration) -> tuple[int, ...]:
    for label in used:
        if label not in calibration.one_qubit:
            raise NotWorking(f"Qubit {label} does not work any more.")
    return tuple(used)


def _placed(used: Sequence[int], calibration: Calibration) -> tuple[int, ...]:
    labels = calibration.labels
    if used[-1] >= len(labels):
        raise NotWorking(f"The device has only {len(labels)} qubits that work now.")
    return tuple(labels[qubit] for qubit in used)


class _Routes:
    """Shortest paths between the qubits that work."""

    def __init__(self, calibration: Calibration) -> None:
        self.edges = calibration.two_qubit
        self.neighbours: dict[int, list[int]] = {label: [] for label in calibration.labels}
        for a, b in calibration.edges:
            self.neighbours[a].append(b)
            self.neighbours[b].append(a)

    def between(self, start: int, goal: int, *, direct: bool) -> Sequence[Edge]:
        """The edges of one shortest path; only of one edge if ``direct``."""
        edge = (min(start, goal), max(start, goal))
        if edge in self.edges:
            return (edge,)
        if direct:
            raise NotWorking(f"The edge between qubits {start} and {goal} does not work any more.")
        previous = {start: start}
        queue = deque([start])
        while queue and goal not in previous:
            here = queue.popleft()
            for there in self.neighbours[here]:
                if there not in previous:
                    previous[there] = here
                    queue.append(there)
        if goal not in previous:
            raise NotWorking(f"No edges that work connect qubits {start} and {goal} any more.")
        path, here = [], goal
        while here != start:
            path.append((min(here, previous[here]), max(here, previous[here])))
            here = previous[here]
        return path
