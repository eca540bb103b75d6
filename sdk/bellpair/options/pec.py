"""``pec``: probabilistic error cancellation for small circuits.

The compiler puts random Paulis after gates, drawn from quasi-probabilities that undo the
depolarizing errors of the device's calibration, and tells the sign of each draw and by what (gamma)
all values grow. It refuses before anything is run where gamma is above its limit. What the
calibration does not tell, such as decay while qubits wait, is not undone. Temme, Bravyi, Gambetta,
Phys. Rev. Lett. 119, 180509 (2017), arXiv:1612.02058; Endo, Benjamin, Li, Phys. Rev. X 8, 031027
(2018), arXiv:1712.09271.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bellpair.functions.errors import InvalidCall
from bellpair.options.backend import (
    Circuit,
    ExecutionBackend,
    Overhead,
    estimated,
)
from bellpair.options.parameters import number, whole
from bellpair.options.request import Outcome, Request, Terms
from bellpair.options.several_forms import SeveralForms
from bellpair.options.sharing import equally


class ProbabilisticErrorCancellation(SeveralForms):
    """Average over random forms of the circuit, with signs.

    Most draws of a small circuit have no Pauli in them. As their share is known from the
    compiler, the circuit without Paulis is run once with much of the shots, and the others' part
    is averaged over forms that have some: this leaves out most of the draws' own randomness.

    Parameters
    ----------
    instances
        How many forms the shots are shared out over; fewer where there are fewer shots.
    gamma_max
        Up to which factor standard errors may grow.
    """

    name = "pec"
    excludes = frozenset({"zne"})
    outside_of = frozenset({"readout-mitigation", "dynamical-decoupling", "twirling"})

    def __init__(
        self,
        within: ExecutionBackend,
        *,
        seed: int = 0,
        instances: int = 100,
        gamma_max: float = 5.0,
    ) -> None:
        super().__init__(within, seed=seed)
        self.instances = whole(self.name, "instances", instances, 10, 500)
        self.gamma_max = number(self.name, "gamma_max", gamma_max, 1.0, 30.0)

    def overhead(self, circuit: Circuit) -> Overhead:
        """Shots grow with the square of gamma, which follows from the two-qubit gates."""
        gamma = gamma_of(circuit.two_qubit_error) ** circuit.two_qubit_gates
        return Overhead(programs=self.instances, shots_factor=gamma**2)

    def forms(self, place: int, request: Request) -> list[Request]:
        """The circuit without any Pauli, then those with some."""
        if request.observable is None:
            raise InvalidCall(
                "Option pec corrects expectation values, and counts are none.",
                remedy="Leave pec out, or estimate an observable.",
            )
        shots = request.program.shots
        clear = max(1, round(_CLEAR_SHARE * shots))
        struck = equally(shots - clear, self.instances - 1) if shots > clear else []

        def form(draw: str, number: int, shots: int) -> Request:
            transform = {
                "name": "pauli-insert",
                "draw": draw,
                "seed": self.seed_of(place, number),
                "gamma_max": self.gamma_max,
            }
            return request.transformed(transform, shots=shots)

        return [
            form("clear", 0, clear),
            *(form("struck", number, part) for number, part in enumerate(struck, 1)),
        ]

    def together(self, request: Request, outcomes: Sequence[Outcome]) -> Outcome:
        """The mean of what was read, with each form's sign and weight."""
        assert request.observable is not None
        terms = [outcome.terms for outcome in outcomes if outcome.terms is not None]
        metrics = [outcome.metrics or {} for outcome in outcomes]
        gamma, share = (float(metrics[0].get(name, 1.0)) for name in ("gamma", "clear"))
        signs = np.array([one.get("sign", 1) for one in metrics[1:]], dtype=float)
        clear = terms[0]
        values, covariance = share * clear.values, share**2 * clear.covariance
        if share < 1 and len(signs):
            weights = np.array([outcome.shots for outcome in outcomes[1:]], dtype=float)
            weights /= weights.sum()
            struck = signs[:, None] * np.array([one.values for one in terms[1:]])
            mean = weights @ struck
            values = values + (1 - share) * mean
            covariance = covariance + (1 - share) ** 2 * _of_mean(struck - mean, weights)
        notes = {
            "gamma": gamma,
            "shots_factor": gamma**2,
            "instances": len(outcomes),
            "clear": share,
            "negative": int((signs < 0).sum()),
        }
        outcome = replace(
            outcomes[0],
            counts={},
            shots=sum(outcome.shots for outcome in outcomes),
            notes=outcomes[0].notes | {self.name: notes},
            readout=None,
            flips=None,
        )
        result = Terms(clear.strings, gamma * values, gamma**2 * covariance)
        return estimated(outcome, request.observable, result)


_CLEAR_SHARE = 0.6
"""The part of the shots for the circuit without Paulis; draws are so for 1/√gamma of them, and
gamma is not known yet when shots are shared out."""


def _of_mean(spread: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance of a weighted mean; the draws' spread holds that of their shots."""
    freedom = 1 - float(weights @ weights)
    if freedom <= 0:  # a single draw tells nothing of its spread; values are within ±1
        return np.ones((spread.shape[1], spread.shape[1]))
    return np.asarray((spread.T * weights**2) @ spread / freedom)


def gamma_of(two_qubit_error: float) -> float:
    """By what undoing one two-qubit gate's average error makes values grow.

    The sum of the absolute quasi-probabilities: a gate keeps the share λ = 1 - 4 r/3 of a state,
    and to undo that takes (15/λ - 7)/8.
    """
    kept = 1 - 4 * two_qubit_error / 3
    return (15 / kept - 7) / 8 if kept > 0 else math.inf
