"""A variational classifier of two interleaved half-moons.

Two qubits take in a point's coordinates again and again, each time turned and scaled by weights
that are learned (data re-uploading, Pérez-Salinas et al., Quantum 4, 226 (2020)); the sign of
one expectation value is the class. Training is SPSA on small batches: two quantum calls for
each step, with one circuit for each point. All randomness comes from the runtime, so a training
that moves to another machine goes on as if nothing had happened, and a checkpoint after each
round keeps it from beginning anew.

    python examples/functions/classifier.py --plot classifier.svg
    bellpair functions deploy examples/functions/classifier.py
    bellpair functions invoke classifier --seed 7 --wait --json
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from script import BLUE, RED, picture, run_as_script

from bellpair.functions import Runtime, quantum_function

LAYERS = 3
GATES = 4 * LAYERS
CHECKPOINT_EVERY = 10


@quantum_function(name="classifier", device="sv1", worker="qiskit")
def classifier(
    runtime: Runtime, points: int = 60, steps: int = 30, batch: int = 12, precision: float = 0.08
) -> dict[str, Any]:
    """Learn to tell two half-moons of points apart.

    Inputs are the points in all, of which a third is kept for the test; the steps of training,
    the points of each step, and the precision of each expectation value. The result has the
    accuracies in training and test, the weights, and the history of all steps, whose energy is
    the batch's loss.
    """
    state = runtime.state or {"step": 0, "weights": None, "data": None, "history": []}
    rng = runtime.rng()
    if state["data"] is None:
        features, labels = half_moons(points, rng)
        state["data"] = [features.tolist(), labels.tolist()]
        state["weights"] = (0.5 * rng.standard_normal(2 * GATES)).tolist()
    features, labels = (np.array(part) for part in state["data"])
    weights = np.array(state["weights"])
    history = state["history"]
    training = 2 * points // 3

    for step in range(state["step"], steps):
        chosen = rng.choice(training, size=min(batch, training), replace=False)
        # SPSA with its usual exponents: both signs of one random direction give a slope.
        reach, rate = 0.3 / (step + 1) ** 0.101, 1.2 / (step + 5) ** 0.602
        direction = rng.choice([-1.0, 1.0], size=weights.size)
        losses = [
            loss(runtime, weights + sign * reach * direction, features[chosen], labels[chosen],
                 precision)
            for sign in (1, -1)
        ]  # fmt: skip
        weights = weights - rate * (losses[0] - losses[1]) / (2 * reach) * direction
        history.append({"parameters": weights.tolist(), "energy": sum(losses) / 2})
        runtime.progress((step + 1) / (steps + 1), f"step {step + 1}: loss {sum(losses) / 2:.3f}")
        if (step + 1) % CHECKPOINT_EVERY == 0:
            kept = {"step": step + 1, "weights": weights.tolist(), "history": history}
            runtime.checkpoint(state | kept)

    right = np.sign(values(runtime, weights, features, precision)) == labels
    runtime.progress(1, f"{right[training:].mean():.0%} of the test are right")
    return {
        "training_accuracy": right[:training].mean(),
        "test_accuracy": right[training:].mean(),
        "parameters": weights,
        "points": [
            {"at": at.tolist(), "label": int(label), "right": bool(fits)}
            for at, label, fits in zip(features, labels, right, strict=True)
        ],
        "history": history,
    }


def circuit() -> str:
    """Layers of turns by all angles, joined by controlled phases; its class is in qubit 0."""
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";']
    lines += [f"input float[64] angle_{gate};" for gate in range(GATES)]
    lines.append("qubit[2] q;")
    for layer in range(LAYERS):
        first = 4 * layer
        lines += [
            f"ry(angle_{first}) q[0];",
            f"rz(angle_{first + 1}) q[0];",
            f"ry(angle_{first + 2}) q[1];",
            f"rz(angle_{first + 3}) q[1];",
            "cz q[0], q[1];",
        ]
    # What the last phase left would not be seen otherwise.
    return "\n".join([*lines, "h q[0];", ""])


def angles(weights: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Each gate's angle for each point: a scale times one coordinate, and an offset."""
    scales, offsets = weights.reshape(2, GATES)
    coordinates = features[:, np.arange(GATES) % 2]
    return np.asarray(offsets + (1 + scales) * coordinates)


def values(
    runtime: Runtime, weights: np.ndarray, features: np.ndarray, precision: float
) -> np.ndarray:
    """The expectation value of each point, all in one call."""
    estimate = runtime.estimator(circuit(), "IZ", angles(weights, features), precision)
    return np.asarray(estimate.values)


def loss(
    runtime: Runtime,
    weights: np.ndarray,
    features: np.ndarray,
    labels: np.ndarray,
    precision: float,
) -> float:
    """The mean square of what the values lack to their labels, -1 and 1."""
    lacking = labels - values(runtime, weights, features, precision)
    return float((lacking**2).mean())


def half_moons(points: int, rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points of two interleaved half circles in random order, and their labels, -1 and 1."""
    labels = rng.permutation(np.where(np.arange(points) % 2 == 0, 1.0, -1.0))
    turn = rng.uniform(0, np.pi, points)
    x = labels * np.cos(turn) + np.where(labels > 0, -0.5, 0.5)
    y = labels * (np.sin(turn) - 0.25)
    return np.stack([x, y], axis=1) + 0.1 * rng.standard_normal((points, 2)), labels


def plot_result(result: dict[str, Any], path: Path) -> None:
    """Draw the points, with the wrong ones marked."""
    with picture(path) as axes:
        for label, colour in ((1, BLUE), (-1, RED)):
            mine = np.array([p["at"] for p in result["points"] if p["label"] == label])
            axes.plot(mine[:, 0], mine[:, 1], "o", color=colour, label=f"class {label:+d}")
        wrong = [p["at"] for p in result["points"] if not p["right"]]
        if wrong:
            axes.plot(*np.array(wrong).T, "kx", markersize=10, label="taken for the other")
        axes.set_aspect("equal")
        axes.set_title(
            f"right: {result['training_accuracy']:.0%} in training, "
            f"{result['test_accuracy']:.0%} in the test"
        )
        axes.legend()


if __name__ == "__main__":
    run_as_script(classifier, plot_result)
