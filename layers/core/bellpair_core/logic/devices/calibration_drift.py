"""How far a device's figures are from where they used to be.

A figure is compared with the same qubit's or edge's figures in the snapshots before, by a robust
z-score: its distance from their median in units of their scatter, for which 1.4826 times the
median absolute deviation stands (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993).
One bad snapshot among them changes neither much. The logarithms of the figures are compared: they
differ by factors, and span orders of magnitude.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from bellpair_core.model.calibration import Drift, Medians
from bellpair_core.model.device import DeviceTarget

from .calibration_medians import median, medians_of

COMPARED_MIN = 5
"""With fewer snapshots before, their scatter is not known well enough."""

NOTABLE = 3.5
"""A z-score that calls for a look, as the source has it."""

_SCATTER_MIN = 0.05
"""Makers round and repeat figures; a change below 5 % of a figure is none, however still it was."""

_TO_SIGMA = 1.4826
_FIGURE_MIN = 1e-6

_WORSE = {"one_qubit_error": 1, "readout_error": 1, "two_qubit_error": 1, "t1_us": -1, "t2_us": -1}
"""Which way each figure gets worse."""

_OF_EDGES = "two_qubit_error"

Key = TypeVar("Key")


def drift_of(target: DeviceTarget, before: Sequence[DeviceTarget]) -> Drift:
    """The drift of a target.

    Parameters
    ----------
    before
        The device's targets of the snapshots before it, newest first.
    """
    qubits: dict[int, float] = {}
    edges: dict[str, float] = {}
    for name, worse in _WORSE.items():
        past = [getattr(one, name) for one in before]
        scores = _scores(getattr(target, name), past, worse)
        if name != _OF_EDGES:
            _keep_worst(qubits, scores)
        elif target.edges is not None:
            edges = dict(scores)
    labels = frozenset(target.qubits)
    pairs = frozenset(_edges(target))
    past_labels = [frozenset(one.qubits) for one in before]
    past_pairs = [frozenset(_edges(one)) for one in before]
    return Drift(
        baseline=len(before),
        medians=_medians(target, before),
        qubits=dict(sorted(qubits.items())),
        edges=edges,
        dead_qubits=tuple(sorted(_dead(labels, past_labels))),
        recovered_qubits=tuple(sorted(_recovered(labels, past_labels))),
        dead_edges=tuple(_named(_dead(pairs, past_pairs))),
        recovered_edges=tuple(_named(_recovered(pairs, past_pairs))),
    )


def robust_z(value: float, past: Sequence[float]) -> float:
    """How far a figure is above what it used to be, in units of the scatter it used to have.

    Parameters
    ----------
    value, past
        All of one unit, above 0; ``past`` not empty.
    """
    now, *logs = (math.log(max(figure, _FIGURE_MIN)) for figure in (value, *past))
    usual = median(logs)
    scatter = _TO_SIGMA * median(abs(log - usual) for log in logs)
    return (now - usual) / max(scatter, _SCATTER_MIN)


def _medians(target: DeviceTarget, before: Sequence[DeviceTarget]) -> dict[str, float]:
    past = [_known(medians_of(one)) for one in before]
    now = _known(medians_of(target))
    return {name: z for key in now for name, z in _scores({key: now[key]}, past, _WORSE[key])}


def _known(medians: Medians) -> dict[str, float]:
    return medians.model_dump(exclude_none=True)


def _scores(
    figures: Mapping[Key, float], past: Sequence[Mapping[Key, float]], worse: int
) -> Iterator[tuple[Key, float]]:
    """The z-score of each figure that was there before, above 0 where it got worse."""
    for key, value in figures.items():
        known = [one[key] for one in past if key in one]
        if len(known) >= COMPARED_MIN:
            yield key, round(worse * robust_z(value, known), 2)


def _keep_worst(scores: dict[Key, float], more: Iterator[tuple[Key, float]]) -> None:
    for key, score in more:
        if abs(score) >= abs(scores.get(key, 0.0)):
            scores[key] = score


def _edges(target: DeviceTarget) -> Iterator[tuple[int, int]]:
    """The pairs that a gate may act on; all of them where all are connected."""
    if target.edges is not None:
        yield from target.edges
    else:
        yield from ((a, b) for a in target.qubits for b in target.qubits if a < b)


def _dead(now: frozenset[Key], past: Sequence[frozenset[Key]]) -> frozenset[Key]:
    return past[0] - now if past else frozenset()


def _recovered(now: frozenset[Key], past: Sequence[frozenset[Key]]) -> frozenset[Key]:
    return (now - past[0]) & frozenset().union(*past[1:]) if past else frozenset()


def _named(pairs: frozenset[tuple[int, int]]) -> list[str]:
    return [f"{a}-{b}" for a, b in sorted(pairs)]
