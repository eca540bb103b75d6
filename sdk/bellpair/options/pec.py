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
from typing import Any

import numpy as np

from bellpair.functions.errors import InvalidCall
from bellpair.options.backend import (
    Circuit,
    EnrichedExecutionBackend,
    ExecutionBackend,
    Overhead,
    estimated,
)
from bellpair.options.parameters import number, whole
from bellpair.options.request import Outcome, Plan, Request, Terms
from bellpair.options.sharing import equally


class ProbabilisticErrorCancellation(EnrichedExecutionBackend):
    """Average over random forms of the circuit, with signs.

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

    def plan(self, requests: Sequence[Request]) -> Plan:
        """So many programs for each."""
        if any(request.observable is None for request in requests):
            raise InvalidCall(
                "Option pec corrects expectation values, and counts are none.",
                remedy="Leave pec out, or estimate an observable.",
            )
        forms = [
            [
                request.transformed(
                    {
                        "name": "pauli-insert",
                        "seed": self.seed_of(place, form),
                        "gamma_max": self.gamma_max,
                    },
                    shots=shots,
                )
                for form, shots in enumerate(equally(request.program.shots, self.instances))
            ]
            for place, request in enumerate(requests)
        ]
        inner = self.within.plan([form for own in forms for form in own])

        def read(measured: Sequence[Any]) -> list[Outcome]:
            outcomes = iter(inner.read(measured))
            return [
                self._together(request, [next(outcomes) for _ in own])
                for request, own in zip(requests, forms, strict=True)
            ]

        return Plan(inner.programs, read)

    def _together(self, request: Request, outcomes: list[Outcome]) -> Outcome:
        terms = [outcome.terms for outcome in outcomes if outcome.terms is not None]
        assert request.observable is not None
        metrics = [outcome.metrics or {} for outcome in outcomes]
        gamma = float(metrics[0].get("gamma", 1.0))
        signs = np.array([one.get("sign", 1) for one in metrics], dtype=float)
        weights = np.array([outcome.shots for outcome in outcomes], dtype=float)
        weights /= weights.sum()
        values = gamma * signs[:, None] * np.array([one.values for one in terms])
        mean = weights @ values
        if len(values) > 1:
            # The draws' spread holds that of their shots.
            spread = values - mean
            freedom = 1 - float(weights @ weights)
            covariance = (spread.T * weights**2) @ spread / freedom
        else:
            covariance = gamma**2 * terms[0].covariance
        notes = {
            "gamma": gamma,
            "shots_factor": gamma**2,
            "instances": len(outcomes),
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
        return estimated(outcome, request.observable, Terms(terms[0].strings, mean, covariance))


def gamma_of(two_qubit_error: float) -> float:
    """By what undoing one two-qubit gate's average error makes values grow.

    The sum of the absolute quasi-probabilities: a gate keeps the share λ = 1 - 4 r/3 of a state,
    and to undo that takes (15/λ - 7)/8.
    """
    kept = 1 - 4 * two_qubit_error / 3
    return (15 / kept - 7) / 8 if kept > 0 else math.inf
