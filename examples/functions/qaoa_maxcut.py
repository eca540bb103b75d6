"""Max-Cut of a 3-regular graph with 8 nodes by QAOA, compared with brute force.

The quantum approximate optimization algorithm has two angles for each layer; scipy's COBYLA
searches those at which the sampled cuts are largest on average. The ratio is that average over
the largest cut there is.

    python examples/functions/qaoa_maxcut.py --plot qaoa.svg
    bellpair functions deploy examples/functions/qaoa_maxcut.py
    bellpair functions invoke qaoa-maxcut --input layers=3 --wait --json
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from maxcut import WAGNER, cut_size, largest_cut, mean_cut, qaoa_circuit
from scipy.optimize import minimize
from script import BLUE, RED, picture, run_as_script

from bellpair.functions import Runtime, quantum_function


@quantum_function(name="qaoa-maxcut", device="sv1", worker="qiskit", timeout=6 * 3600)
def qaoa_maxcut(
    runtime: Runtime,
    edges: list[tuple[int, int]] = WAGNER,
    layers: int = 2,
    shots: int = 4000,
    max_steps: int = 40,
) -> dict[str, Any]:
    """Cut a graph in two by QAOA.

    Inputs are the graph's edges, pairs of node numbers from 0; the layers, the shots of each
    step, and the number of steps. The result has the ratio of the mean cut to the largest one,
    the best cut seen, and the history of all steps, whose energy is the negative mean cut.
    """
    nodes = 1 + max(node for edge in edges for node in edge)
    circuit = qaoa_circuit(nodes, edges, layers)
    history: list[dict[str, Any]] = []
    best = "0" * nodes

    def energy(parameters: np.ndarray) -> float:
        nonlocal best
        counts = runtime.sampler(circuit, parameters, shots).counts
        # By cut, then by bits: of equally good cuts it is always the same one.
        best = max(best, *counts, key=lambda bits: (cut_size(bits, edges), bits))
        mean = mean_cut(counts, edges)
        history.append({"parameters": parameters.tolist(), "energy": -mean})
        runtime.progress(len(history) / max_steps, f"step {len(history)}: mean cut {mean:.2f}")
        return -mean

    # From mostly mixing to mostly cutting, as annealing would go.
    ramp = (np.arange(layers) + 0.5) / layers
    start = np.stack([0.8 * ramp, 0.8 * (1 - ramp)], axis=1).reshape(-1)
    minimize(
        energy, start, method="COBYLA", options={"rhobeg": 0.2, "tol": 0.01, "maxiter": max_steps}
    )

    lowest = min(history, key=lambda step: step["energy"])
    largest = largest_cut(nodes, edges)
    runtime.progress(1, f"best cut {cut_size(best, edges)} of {largest}")
    return {
        "ratio": -lowest["energy"] / largest,
        "mean_cut": -lowest["energy"],
        "best_cut": cut_size(best, edges),
        "largest_cut": largest,
        "partition": best,
        "parameters": lowest["parameters"],
        "history": history,
    }


def plot_result(result: dict[str, Any], path: Path) -> None:
    """Draw the mean cut by step, and the largest cut."""
    with picture(path) as axes:
        cuts = [-step["energy"] for step in result["history"]]
        axes.plot(range(1, len(cuts) + 1), cuts, "o-", color=BLUE, label="mean cut")
        axes.axhline(result["largest_cut"], color="black", linestyle="--", label="brute force")
        axes.axhline(result["mean_cut"], color=RED, label=f"ratio {result['ratio']:.3f}")
        axes.set_xlabel("Step")
        axes.set_ylabel("Edges cut")
        axes.set_title(f"QAOA with {len(result['parameters']) // 2} layers")
        axes.legend()


if __name__ == "__main__":
    run_as_script(qaoa_maxcut, plot_result)
