"""Draws shots from a noisy circuit by simulating noise trajectories.

A trajectory is one choice of what error strikes where. Trajectories without an error are all
the same state, and equal ones are simulated once, so that few errors cost little.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .gates import PAULIS
from .noise import NoisyCircuit
from .statevector import AMPLITUDE, FusedGates, StateBatch

Bits = NDArray[np.uint8]
Strike = tuple[int, int]
"""(index of the site, index of the outcome)."""

WORK_BUDGET = 4e9
"""Amplitude updates that one task may cost before its shots must share trajectories."""
_BATCH_AMPLITUDES = 2**18
"""Amplitudes simulated at once: two megabytes, about a core's cache."""

_EXACT_QUBITS = 8
"""Up to here a density matrix is smaller than the trajectories that stand for it."""


class Stopped(Exception):
    """The task was cancelled while it was simulated."""


def sample(
    circuit: NoisyCircuit,
    shots: int,
    rng: np.random.Generator,
    stopped: Callable[[], bool] = lambda: False,
    budget: float = WORK_BUDGET,
) -> Bits:
    """Measure the circuit.

    Each shot has a trajectory of its own, unless that would cost more than ``budget``
    amplitude updates (1,000 shots of 100 gates: beyond 15 qubits): then shots share
    trajectories at random. The distribution of one shot is exact in any case.

    Parameters
    ----------
    stopped
        Asked now and then; true ends the simulation.

    Returns
    -------
    Array of bits, shape (shots, measured qubits).

    Raises
    ------
    Stopped
        When ``stopped`` said so.
    """
    work = 2.0**circuit.qubits * max(1, len(circuit.gates))
    trajectories = min(shots, max(1, int(budget / work)))
    owner = np.arange(shots)
    if trajectories < shots:
        owner = rng.integers(trajectories, size=shots)
    strikes = _strikes(circuit, trajectories, rng)
    if circuit.records:
        groups = _apart(strikes, owner, trajectories)
    else:
        groups = _group(strikes, owner, trajectories)

    outcomes = np.empty(shots, dtype=np.int64)
    width = max(1, _BATCH_AMPLITUDES >> circuit.qubits)
    for start in range(0, len(groups), width):
        batch = groups[start : start + width]
        probabilities = _simulate(circuit, [struck for struck, _ in batch], stopped, rng)
        for column, (_, members) in enumerate(batch):
            cumulative = np.cumsum(probabilities[:, column], dtype=np.float64)
            draws = rng.random(len(members)) * cumulative[-1]
            outcomes[members] = np.searchsorted(cumulative, draws, side="right")
    np.minimum(outcomes, 2**circuit.qubits - 1, out=outcomes)

    shifts = np.array([circuit.qubits - 1 - qubit for qubit in circuit.measured])
    bits: Bits = (outcomes[:, None] >> shifts & 1).astype(np.uint8)
    if circuit.readout is not None:
        flip = np.where(bits == 0, circuit.readout[:, 0], circuit.readout[:, 1])
        bits ^= (rng.random(bits.shape) < flip).astype(np.uint8)
    return bits


def expected_distribution(
    circuit: NoisyCircuit, trajectories: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """The probabilities of a shot's outcomes, with less chance in them than counts have.

    Up to eight qubits there is none. Beyond, the trajectory without an error counts with its
    exact probability, and what chance is left is in the mean over ``trajectories`` that have
    errors.

    Returns
    -------
    Array of shape (2,) * columns of the result, in their order; it adds up to 1.
    """
    if circuit.records:
        raise ValueError("what measures in its midst is only sampled")
    if circuit.qubits <= _EXACT_QUBITS:
        mixed = _exact(circuit)
    else:
        mixed = _mean(circuit, trajectories, rng)
    rest = [qubit for qubit in range(circuit.qubits) if qubit not in circuit.measured]
    shaped = mixed.reshape((2,) * circuit.qubits).transpose(*circuit.measured, *rest)
    read = shaped.reshape((2,) * len(circuit.measured) + (-1,)).sum(axis=-1)
    if circuit.readout is not None:
        for column, (up, down) in enumerate(circuit.readout):
            flips = np.array([[1 - up, down], [up, 1 - down]])
            read = np.moveaxis(np.tensordot(flips, read, axes=(1, column)), 0, column)
    distribution: NDArray[np.float64] = read / read.sum()
    return distribution


def _exact(circuit: NoisyCircuit) -> NDArray[np.float64]:
    """By the density matrix, kept as a state of twice the qubits: rows, then columns."""
    size = circuit.qubits
    state = StateBatch(2 * size)
    sites = defaultdict(list)
    for site in circuit.sites:
        sites[site.after].append(site)
    for index, (matrix, qubits) in enumerate(circuit.gates):
        moved = np.kron(matrix, matrix.conj()).astype(AMPLITUDE)
        later = []
        for site in sites[index]:
            channel = _channel(site.paulis, site.probabilities)
            if site.qubits == qubits:
                moved = channel @ moved
            else:
                later.append((channel, site.qubits))
        for change, where in [(moved, qubits), *later]:
            state.apply(change, (*where, *(size + qubit for qubit in where)))
    order = [state.axes.index(axis) for axis in range(2 * size)]
    density = state.amplitudes[..., 0].transpose(order).reshape(2**size, 2**size)
    return np.clip(np.diag(density).real.astype(np.float64), 0, None)


@lru_cache(maxsize=1024)
def _channel(
    paulis: tuple[tuple[int, ...], ...], probabilities: tuple[float, ...]
) -> NDArray[np.complex64]:
    """What an error site does to the density matrix of its qubits, as one matrix."""
    dimension = 4 ** len(paulis[0])
    total = (1 - math.fsum(probabilities)) * np.eye(dimension, dtype=np.complex128)
    for outcome, probability in zip(paulis, probabilities, strict=True):
        pauli = PAULIS[outcome[0]]
        for number in outcome[1:]:
            pauli = np.kron(pauli, PAULIS[number]).astype(np.complex128)
        total += probability * np.kron(pauli, pauli.conj())
    return total.astype(AMPLITUDE)


def _mean(
    circuit: NoisyCircuit, trajectories: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    ideal = _simulate(circuit, [()], lambda: False, rng)[:, 0].astype(np.float64)
    faultless = float(np.prod([1 - site.total for site in circuit.sites]))
    struck = np.zeros_like(ideal)
    drawn = 0
    width = max(1, _BATCH_AMPLITUDES >> circuit.qubits)
    while faultless < 1 - 1e-12 and drawn < trajectories:
        # So many that about the wanted number has an error.
        tried = math.ceil((trajectories - drawn) / max(1 - faultless, 1e-3))
        groups = sorted(
            (tuple(strikes) for strikes in _strikes(circuit, tried, rng).values()),
            key=lambda strikes: strikes[:1],
            reverse=True,
        )
        for start in range(0, len(groups), width):
            part = _simulate(circuit, groups[start : start + width], lambda: False, rng)
            struck += part.sum(axis=1, dtype=np.float64)
        drawn += len(groups)
    return faultless * ideal + (1 - faultless) * (struck / drawn if drawn else ideal)


def _strikes(
    circuit: NoisyCircuit, trajectories: int, rng: np.random.Generator
) -> dict[int, list[Strike]]:
    """The errors of each trajectory that has any, in order of their sites."""
    totals = np.array([site.total for site in circuit.sites])
    strikes: dict[int, list[Strike]] = defaultdict(list)
    for number, count in enumerate(rng.binomial(trajectories, totals)):
        if count:
            weights = np.cumsum(circuit.sites[number].probabilities)
            kinds = np.searchsorted(weights, rng.random(count) * weights[-1], side="right")
            hit = rng.choice(trajectories, count, replace=False)
            for trajectory, kind in zip(hit.tolist(), kinds.tolist(), strict=True):
                strikes[trajectory].append((number, min(kind, len(weights) - 1)))
    return strikes


def _group(
    strikes: dict[int, list[Strike]], owner: NDArray[np.int64], trajectories: int
) -> list[tuple[tuple[Strike, ...], NDArray[np.intp]]]:
    """Different trajectories with the shots that they serve, those struck late first.

    Neighbours in this order share a long beginning without errors, which is simulated once.
    """
    patterns: dict[tuple[Strike, ...], int] = {}
    pattern_of = np.empty(trajectories, dtype=np.int64)
    pattern_of.fill(patterns.setdefault((), 0))
    for trajectory, hits in strikes.items():
        pattern_of[trajectory] = patterns.setdefault(tuple(hits), len(patterns))
    of_shot = pattern_of[owner]
    order = np.argsort(of_shot, kind="stable")
    bounds = np.searchsorted(of_shot[order], np.arange(len(patterns) + 1))
    groups = [
        (pattern, order[bounds[number] : bounds[number + 1]])
        for pattern, number in patterns.items()
        if bounds[number] < bounds[number + 1]
    ]
    return sorted(groups, key=lambda group: group[0][:1], reverse=True)


def _apart(
    strikes: dict[int, list[Strike]], owner: NDArray[np.int64], trajectories: int
) -> list[tuple[tuple[Strike, ...], NDArray[np.intp]]]:
    """Trajectories with the shots that they serve: what is measured in one is not in another."""
    order = np.argsort(owner, kind="stable")
    bounds = np.searchsorted(owner[order], np.arange(trajectories + 1))
    return [
        (tuple(strikes.get(number, ())), order[bounds[number] : bounds[number + 1]])
        for number in range(trajectories)
        if bounds[number] < bounds[number + 1]
    ]


def _simulate(
    circuit: NoisyCircuit,
    batch: list[tuple[Strike, ...]],
    stopped: Callable[[], bool],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Probabilities of each trajectory's outcomes, shape (2**qubits, len(batch)).

    What is measured in the midst of the circuit is drawn for each trajectory.
    """
    struck: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for column, strikes in enumerate(batch):
        for number, kind in strikes:
            struck[circuit.sites[number].after].append((number, kind, column))

    state = StateBatch(circuit.qubits)
    fused = FusedGates(state)
    kept: dict[int, NDArray[np.bool_]] = {}
    for index in range(-1, len(circuit.gates)):
        if stopped():
            raise Stopped
        if index in circuit.records:
            key, (up, down) = circuit.records[index]
            (target,) = circuit.gates[index][1]
            fused.flush([target])
            state.widen(len(batch))
            read = state.measure(target, rng.random(len(batch)))
            kept[key] = read ^ (rng.random(len(batch)) < np.where(read, down, up))
        elif index in circuit.conditions:
            matrix, (target,) = circuit.gates[index]
            fused.flush([target])
            done = np.flatnonzero(kept[circuit.conditions[index]])
            state.apply_to(matrix.astype(AMPLITUDE), target, done)
        elif index >= 0:
            fused.add(*circuit.gates[index])
        if index not in struck:
            continue
        state.widen(len(batch))
        columns: dict[tuple[int, int], list[int]] = defaultdict(list)
        for number, kind, column in struck[index]:
            site = circuit.sites[number]
            for qubit, pauli in zip(site.qubits, site.paulis[kind], strict=True):
                if pauli:
                    columns[qubit, pauli].append(column)
        for (qubit, pauli), hit in columns.items():
            fused.flush([qubit])
            # A column may be struck twice by the same Pauli at one gate, which undoes it.
            odd = [column for column in dict.fromkeys(hit) if hit.count(column) % 2]
            state.apply_pauli(pauli, qubit, np.array(odd, dtype=np.intp))
    fused.flush()
    state.widen(len(batch))
    return state.probabilities()
