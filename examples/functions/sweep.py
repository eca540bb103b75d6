"""QAOA's landscape: 200 circuits over two angles, gathered as one call.

One layer of QAOA on the Wagner graph, at 20 values of gamma and 10 of beta. All circuits run
side by side, and the function sleeps until the last one is back. Theory has a closed form for
triangle-free regular graphs (Wang, Hadfield, Jiang and Rieffel, Phys. Rev. A 97, 022304
(2018)); the result tells how far the samples are from it.

    python examples/functions/sweep.py --plot sweep.svg
    bellpair functions deploy examples/functions/sweep.py
    bellpair functions invoke sweep --input shots=2000 --wait --json
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from maxcut import WAGNER, mean_cut, qaoa_circuit
from script import picture, run_as_script

from bellpair.functions import Runtime, quantum_function

DEGREE = 3


@quantum_function(name="sweep", device="sv1", worker="qiskit")
def sweep(runtime: Runtime, gammas: int = 20, betas: int = 10, shots: int = 1000) -> dict[str, Any]:
    """Sample the mean cut over a grid of QAOA's two angles, all circuits at once.

    Inputs are the grid's numbers of angles and each circuit's shots. The result has the mean
    cuts row by row of gamma, the best point, the root-mean-square distance from theory, and the
    history of all points, whose energy is the negative mean cut.
    """
    circuit = qaoa_circuit(8, WAGNER, layers=1)
    grid = [
        (float(gamma), float(beta))
        for gamma in np.linspace(0, math.pi, gammas, endpoint=False)
        for beta in np.linspace(0, math.pi / 2, betas, endpoint=False)
    ]
    runtime.progress(0, f"{len(grid)} circuits")
    samples = runtime.gather(runtime.sampler.later(circuit, point, shots) for point in grid)
    cuts = np.array([mean_cut(sample.counts, WAGNER) for sample in samples])
    expected = np.array([theory(*point) for point in grid])
    best = int(cuts.argmax())
    runtime.progress(1, f"largest mean cut {cuts[best]:.2f}")
    return {
        "circuits": len(grid),
        "cuts": cuts.reshape(gammas, betas),
        "best": {"gamma": grid[best][0], "beta": grid[best][1], "cut": cuts[best]},
        "largest_in_theory": expected.max(),
        "distance_from_theory": math.sqrt(((cuts - expected) ** 2).mean()),
        "history": [
            {"parameters": list(point), "energy": -cut}
            for point, cut in zip(grid, cuts.tolist(), strict=True)
        ],
    }


def theory(gamma: float, beta: float) -> float:
    """The mean cut of one layer on the graph, without noise and sampling."""
    edge = 0.5 + 0.5 * math.sin(4 * beta) * math.sin(gamma) * math.cos(gamma) ** (DEGREE - 1)
    return len(WAGNER) * edge


def plot_result(result: dict[str, Any], path: Path) -> None:
    """Draw the landscape."""
    with picture(path) as axes:
        axes.grid(False)
        image = axes.imshow(
            np.array(result["cuts"]).T,
            origin="lower",
            aspect="auto",
            extent=(0, 1, 0, 0.5),
            cmap="viridis",
        )
        axes.plot(result["best"]["gamma"] / math.pi, result["best"]["beta"] / math.pi, "r*")
        axes.figure.colorbar(image, label="Mean cut (edges)")
        axes.set_xlabel("gamma / π")
        axes.set_ylabel("beta / π")
        axes.set_title(f"QAOA on the Wagner graph, {result['circuits']} circuits")


if __name__ == "__main__":
    run_as_script(sweep, plot_result)
