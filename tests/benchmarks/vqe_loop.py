"""The loop that is measured: a VQE of H2 with a fixed number of steps and one circuit a step.

It is deployed as a quantum function, and imported by who holds it against other ways to run it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from bellpair.functions import Runtime, quantum_function

SHOTS = 1000
GATES = ("ry({angle}) q[1]", "x q[0]", "x q[2]", "cx q[1], q[0]", "cx q[1], q[2]", "cx q[1], q[3]")
OFFSET, AMPLITUDE = -0.55, 0.25

Sample = Callable[[str], Mapping[str, int]]


def program(angle: float) -> str:
    """The ansatz, measured: OpenQASM as clients write it."""
    gates = ";\n".join(GATES).format(angle=repr(angle))
    return (
        'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[4] q;\nbit[4] c;\n'
        f"{gates};\nc = measure q;\n"
    )


def energy(counts: Mapping[str, int]) -> float:
    """A diagonal energy that depends on qubit 1 alone, hartree."""
    total = sum(counts.values())
    ones = sum(count for bits, count in counts.items() if bits[-2] == "1")
    return OFFSET - AMPLITUDE * (1 - 2 * ones / total)


def loop(sample: Sample, steps: int) -> tuple[list[float], list[float]]:
    """Search by steps that shrink.

    Returns
    -------
    The energies, and the seconds of each step.
    """
    angle, width, best = 1.0, 0.6, math.inf
    energies, seconds = [], []
    for step in range(steps):
        began = time.perf_counter()
        trial = angle + width * (-1) ** step
        found = energy(sample(program(trial)))
        if found < best:
            angle, best = trial, found
        else:
            width *= 0.9
        energies.append(found)
        seconds.append(time.perf_counter() - began)
    return energies, seconds


@quantum_function(name="bench-vqe", device="sv1", worker="qiskit", timeout=1800)
def bench_vqe(runtime: Runtime, steps: int = 50) -> dict[str, Any]:
    """Run the loop on the platform; the result has the energies and the seconds of each step."""
    energies, seconds = loop(lambda source: runtime.sampler(source, shots=SHOTS).counts, steps)
    return {"energies": energies, "seconds": seconds}
