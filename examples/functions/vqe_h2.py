"""The ground state of molecular hydrogen by a variational quantum eigensolver (VQE).

Two electrons in four spin orbitals (STO-3G basis, bond length 0.735 Å) are four qubits by the
Jordan-Wigner transformation: qubits 0 and 1 are the bonding and antibonding orbital with spin
up, 2 and 3 with spin down. The ansatz has one parameter, which mixes the two electrons' excited
state into the Hartree-Fock state; that is all that symmetry allows. scipy's COBYLA searches,
and the result is compared with the exact energy, from diagonalizing the same Hamiltonian.

    python examples/functions/vqe_h2.py --plot vqe.svg
    bellpair functions deploy examples/functions/vqe_h2.py
    bellpair functions invoke vqe-h2 --wait --json
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from script import BLUE, RED, picture, run_as_script

from bellpair.functions import Runtime, quantum_function

NUCLEAR_REPULSION = 0.7199689944489797
"""Hartree: 1 / (0.735 Å) in atomic units."""

# Hartree, qubit 0 at the right: the values that PySCF's integrals give by Qiskit Nature's
# JordanWignerMapper, which are all over the literature. The closed formulas for integrals over
# 1s Gaussians (Szabo and Ostlund, Modern Quantum Chemistry, appendix A) give them too, to 1e-8.
DIAGONAL = {
    "IIII": -0.8105479805373266,
    "IIIZ": 0.17218393261915552,
    "IZII": 0.17218393261915552,
    "IIZI": -0.22575349222402472,
    "ZIII": -0.22575349222402472,
    "IIZZ": 0.12091263261776641,
    "ZZII": 0.12091263261776641,
    "IZIZ": 0.16892753870087912,
    "IZZI": 0.16614543256382414,
    "ZIIZ": 0.16614543256382414,
    "ZIZI": 0.17464343068300447,
}
EXCHANGE = {
    "XXXX": 0.04523279994605781,
    "XXYY": 0.04523279994605781,
    "YYXX": 0.04523279994605781,
    "YYYY": 0.04523279994605781,
}

ANSATZ = """OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
qubit[4] q;
// Hartree-Fock where q[1] is 0; both electrons excited where it is 1.
ry(theta) q[1];
x q[0];
x q[2];
cx q[1], q[0];
cx q[1], q[2];
cx q[1], q[3];
"""

PRECISIONS = (0.01, 0.001)
"""Hartree, of the diagonal part and of the exchange part, in each step of the search."""
FINAL_PRECISIONS = (0.0055, 0.0006)
TURNS = np.arange(4)
"""Whole turns added to the final angle. The state stays the same but the programs differ, so
that a simulator which draws its samples by the program draws four times."""


@quantum_function(name="vqe-h2", device="sv1", worker="qiskit", timeout=6 * 3600)
def vqe_h2(runtime: Runtime, start: float = 0.0, max_steps: int = 24) -> dict[str, Any]:
    """Find the ground state's energy of H2, in hartree, by VQE with COBYLA.

    Inputs are the first angle and the number of steps. The result has the energy with its
    standard error, the exact energy, the difference in millihartree, the best parameters, and
    the history of all steps.
    """
    history: list[dict[str, Any]] = []

    def energy(parameters: np.ndarray) -> float:
        value, _ = measured(runtime, parameters[None, :], PRECISIONS)
        history.append({"parameters": parameters.tolist(), "energy": value})
        runtime.progress(len(history) / (max_steps + 1), f"step {len(history)}: {value:.5f} Ha")
        return value

    minimize(
        energy,
        np.array([start]),
        method="COBYLA",
        options={"rhobeg": 0.4, "tol": 0.02, "maxiter": max_steps},
    )
    best = lowest_point(history)
    value, error = measured(runtime, best + 2 * math.pi * TURNS[:, None], FINAL_PRECISIONS)
    exact = exact_energy()
    runtime.progress(1, f"{value:.5f} Ha, exactly {exact:.5f} Ha")
    return {
        "energy": value,
        "standard_error": error,
        "exact": exact,
        "error_mha": 1000 * (value - exact),
        "parameters": [best],
        "history": history,
    }


def measured(
    runtime: Runtime, angles: np.ndarray, precisions: tuple[float, float]
) -> tuple[float, float]:
    """The mean energy at some angles, and its standard error.

    Near the ground state the diagonal part hardly fluctuates, whatever its coefficients say. So
    each part gets a precision of its own, for which the estimator then chooses the shots.
    """
    parts = runtime.gather(
        runtime.estimator.later(ANSATZ, part, angles, precision)
        for part, precision in zip((DIAGONAL, EXCHANGE), precisions, strict=True)
    )
    value = sum(float(part.values.mean()) for part in parts)
    variance = sum(float((part.standard_errors**2).sum()) for part in parts) / len(angles) ** 2
    return value + NUCLEAR_REPULSION, math.sqrt(variance)


def lowest_point(history: list[dict[str, Any]]) -> float:
    """The angle at which the energy is lowest, by all steps together.

    The energy of one rotation is a + b cos(θ) + c sin(θ); fitting that evens out the noise of
    single steps.
    """
    angles = np.array([step["parameters"][0] for step in history])
    energies = np.array([step["energy"] for step in history])
    columns = np.stack([np.ones_like(angles), np.cos(angles), np.sin(angles)], axis=1)
    _, b, c = np.linalg.lstsq(columns, energies, rcond=None)[0]
    return float(np.arctan2(-c, -b))


def exact_energy() -> float:
    """The lowest eigenvalue of the Hamiltonian, in hartree."""
    letters = {
        "I": np.eye(2),
        "X": np.array([[0, 1], [1, 0]]),
        "Y": np.array([[0, -1j], [1j, 0]]),
        "Z": np.diag([1, -1]),
    }
    hamiltonian = np.zeros((16, 16), dtype=complex)
    for term, coefficient in (DIAGONAL | EXCHANGE).items():
        matrix = np.eye(1)
        for letter in term:
            matrix = np.kron(matrix, letters[letter])
        hamiltonian += coefficient * matrix
    return float(np.linalg.eigvalsh(hamiltonian)[0]) + NUCLEAR_REPULSION


def plot_result(result: dict[str, Any], path: Path) -> None:
    """Draw the energy by step, and the exact energy."""
    with picture(path) as axes:
        energies = [step["energy"] for step in result["history"]]
        axes.plot(range(1, len(energies) + 1), energies, "o-", label="COBYLA", color=BLUE)
        axes.axhline(result["exact"], color="black", linestyle="--", label="exact")
        axes.errorbar(
            [len(energies) + 1],
            [result["energy"]],
            [2 * result["standard_error"]],
            fmt="s",
            color=RED,
            capsize=3,
            label=f"result, off by {result['error_mha']:+.2f} mHa",
        )
        axes.set_xlabel("Step")
        axes.set_ylabel("Energy (hartree)")
        axes.set_title("H$_2$ at 0.735 Å, STO-3G, four qubits")
        axes.legend()


if __name__ == "__main__":
    run_as_script(vqe_h2, plot_result)
