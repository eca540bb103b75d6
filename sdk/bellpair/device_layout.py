"""Where to draw a device's qubits, from who their neighbours are alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Edge = tuple[int, int]
Points = NDArray[np.float64]

_STEPS = 300
_AXES = ((1, 0), (0, 1), (-1, 0), (0, -1))


def positions(qubits: Sequence[int], edges: Iterable[Edge]) -> dict[int, tuple[float, float]]:
    """A point for each qubit, neighbours about 1 apart.

    Qubits that are all connected, or none, are on a circle. Others are where their distances are
    most like the numbers of steps between them (by stress majorization: Gansner, Koren and North,
    Graph Drawing 2004), and on the points of a square lattice if they fit one. That is turned so
    that the labels are read like a page, as far as they can be.
    """
    pairs = sorted({(min(pair), max(pair)) for pair in edges})
    number = len(qubits)
    if not pairs or len(pairs) == number * (number - 1) // 2:
        return _circle(qubits)
    index = {qubit: place for place, qubit in enumerate(qubits)}
    links = [(index[a], index[b]) for a, b in pairs]
    points = _upright(_stressed(_steps_between(number, links)), links)
    points = _as_read(_on_lattice(points, links), qubits)
    return {qubit: (float(x), float(y)) for qubit, (x, y) in zip(qubits, points, strict=True)}


def _circle(qubits: Sequence[int]) -> dict[int, tuple[float, float]]:
    number = len(qubits)
    radius = max(1.0, number / (2 * np.pi))
    angles = np.pi / 2 - 2 * np.pi * np.arange(number) / max(number, 1)
    return {
        qubit: (float(radius * np.cos(angle)), float(radius * np.sin(angle)))
        for qubit, angle in zip(qubits, angles, strict=True)
    }


def _steps_between(number: int, links: Sequence[Edge]) -> Points:
    """How many edges are between each two qubits, shape (number, number)."""
    neighbours: list[list[int]] = [[] for _ in range(number)]
    for a, b in links:
        neighbours[a].append(b)
        neighbours[b].append(a)
    steps = np.full((number, number), np.inf)
    for start in range(number):
        steps[start, start] = 0
        waiting = deque([start])
        while waiting:
            here = waiting.popleft()
            for there in neighbours[here]:
                if np.isinf(steps[start, there]):
                    steps[start, there] = steps[start, here] + 1
                    waiting.append(there)
    # What is not connected is drawn beside the rest.
    furthest = steps[np.isfinite(steps)].max()
    return np.where(np.isfinite(steps), steps, furthest + 2)


def _stressed(steps: Points) -> Points:
    """Points whose distances are like the steps; from classical scaling, which is near already."""
    number = len(steps)
    centred = np.eye(number) - 1 / number
    values, vectors = np.linalg.eigh(-0.5 * centred @ steps**2 @ centred)
    points = vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 1e-9))
    with np.errstate(divide="ignore"):
        weights = np.where(steps > 0, steps**-2.0, 0.0)
    laplacian = np.diag(weights.sum(axis=1)) - weights
    inverse = np.linalg.pinv(laplacian)
    for _ in range(_STEPS):
        apart = np.linalg.norm(points[:, None] - points[None, :], axis=-1)
        ratio = np.where(apart > 1e-9, weights * steps / np.maximum(apart, 1e-9), 0.0)
        points = inverse @ ((np.diag(ratio.sum(axis=1)) - ratio) @ points)
    return np.asarray(points, dtype=np.float64)


def _upright(points: Points, links: Sequence[Edge]) -> Points:
    """The points turned so that edges are level or upright, as far as they can be."""
    ways = np.array([points[b] - points[a] for a, b in links])
    angles = np.arctan2(ways[:, 1], ways[:, 0])
    # Four times the angle is the same for all four directions of a lattice.
    turn = -np.angle(np.exp(4j * angles).mean()) / 4
    cos, sin = np.cos(turn), np.sin(turn)
    turned: Points = points @ np.array([[cos, sin], [-sin, cos]])
    return turned


def _as_read(points: Points, qubits: Sequence[int]) -> Points:
    """The points, mirrored and turned by right angles, with low labels at the top and left."""
    ranks = np.argsort(np.argsort(qubits))
    turns = (
        points[:, list(axes)] * np.array(signs)
        for axes in ((0, 1), (1, 0))
        for signs in ((1, 1), (1, -1), (-1, 1), (-1, -1))
    )

    def order(turned: Points) -> float:
        read = np.lexsort((turned[:, 0], -np.round(turned[:, 1], 1)))
        return float(ranks[read] @ np.arange(len(read)))

    return max(turns, key=order)


def _on_lattice(points: Points, links: Sequence[Edge]) -> Points:
    """The points of a square lattice, if every edge is then one step; else the points given."""
    neighbours: dict[int, list[int]] = {}
    for a, b in links:
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    if len(neighbours) < len(points):
        return points
    found: dict[int, tuple[int, int]] = {0: (0, 0)}
    waiting = deque([0])
    while waiting:
        here = waiting.popleft()
        for there in neighbours[here]:
            way = points[there] - points[here]
            step = max(_AXES, key=lambda axis, way=way: float(np.dot(axis, way)))  # type: ignore[misc]
            place = (found[here][0] + step[0], found[here][1] + step[1])
            if there not in found:
                found[there] = place
                waiting.append(there)
            elif found[there] != place:
                return points
    if len(found) < len(points) or len(set(found.values())) < len(points):
        return points
    return np.array([found[place] for place in range(len(points))], dtype=float)
