"""``zne``: zero-noise extrapolation.

The circuit is run with its errors multiplied by several scales (folding), and the value of each
Pauli string is extrapolated to none by itself, because each dies away in its own way. Temme,
Bravyi, Gambetta, Phys. Rev. Lett. 119, 180509 (2017), arXiv:1612.02058; Giurgica-Tiron et al.,
IEEE QCE 306 (2020), arXiv:2005.10921.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bellpair.functions.errors import InvalidCall
from bellpair.options.backend import (
    Circuit,
    ExecutionBackend,
    Overhead,
    estimated,
)
from bellpair.options.extrapolation import extrapolated, polynomial_weights
from bellpair.options.parameters import numbers, whole, word
from bellpair.options.request import Outcome, Request, Terms
from bellpair.options.several_forms import SeveralForms
from bellpair.options.sharing import shared


class ZeroNoiseExtrapolation(SeveralForms):
    """Run with larger errors, extrapolate to none.

    The shots of a request are shared out over the scales, by what each counts for in a straight
    line's value at 0.

    Parameters
    ----------
    scales
        By what errors are multiplied.
    extrapolation
        ``linear``, ``polynomial``, ``exponential`` or ``richardson``: see
        `bellpair.options.extrapolation.extrapolated`.
    degree
        Of the polynomial.
    folding
        ``local``, gate by gate, or ``global``.
    """

    name = "zne"
    excludes = frozenset({"pec"})
    outside_of = frozenset({"readout-mitigation", "dynamical-decoupling", "twirling"})

    def __init__(
        self,
        within: ExecutionBackend,
        *,
        seed: int = 0,
        scales: Sequence[float] = (1.0, 3.0, 5.0),
        extrapolation: str = "exponential",
        degree: int = 2,
        folding: str = "local",
    ) -> None:
        super().__init__(within, seed=seed)
        self.scales = numbers(self.name, "scales", scales, 1.0, 9.0, 2, 8)
        models = ("linear", "polynomial", "exponential", "richardson")
        self.extrapolation = word(self.name, "extrapolation", extrapolation, models)
        self.degree = whole(self.name, "degree", degree, 1, 4)
        self.folding = word(self.name, "folding", folding, ("local", "global"))
        if self.extrapolation == "polynomial" and len(self.scales) <= self.degree:
            raise InvalidCall(
                f"Option zne: a polynomial of degree {self.degree} needs {self.degree + 1} scales "
                f"or more, and there are {len(self.scales)}.",
                remedy="Give more scales, or a smaller degree.",
            )

    @property
    def _weights(self) -> list[float]:
        degree = {"polynomial": self.degree, "richardson": len(self.scales) - 1}
        weights = np.abs(polynomial_weights(self.scales, degree.get(self.extrapolation, 1)))
        # A scale that counts for nothing is measured all the same, to see what model is right.
        floor: list[float] = np.maximum(weights, weights.max() / 10).tolist()
        return floor

    def overhead(self, circuit: Circuit) -> Overhead:
        """A program for each scale; the variance of a fit, at the best sharing of the shots."""
        return Overhead(programs=len(self.scales), shots_factor=sum(self._weights) ** 2)

    def forms(self, place: int, request: Request) -> list[Request]:
        """The circuit folded to each scale."""
        if request.observable is None:
            raise InvalidCall(
                "Option zne extrapolates expectation values, and counts are none.",
                remedy="Leave zne out, or estimate an observable.",
            )
        return [
            request.transformed(
                {
                    "name": "fold",
                    "scale": scale,
                    "seed": self.seed_of(place, scale),
                    "method": self.folding,
                },
                shots=shots,
            )
            for scale, shots in zip(
                self.scales, shared(request.program.shots, self._weights), strict=True
            )
        ]

    def together(self, request: Request, outcomes: Sequence[Outcome]) -> Outcome:
        """What their values go to without errors."""
        terms = [outcome.terms for outcome in outcomes if outcome.terms is not None]
        assert request.observable is not None
        scales = [
            (outcome.metrics or {}).get("scale", scale)
            for outcome, scale in zip(outcomes, self.scales, strict=True)
        ]
        values = np.array([one.values for one in terms])
        variances = np.array([np.diag(one.covariance) for one in terms])
        fits = [
            extrapolated(scales, values[:, t], variances[:, t], self.extrapolation, self.degree)
            for t in range(values.shape[1])
        ]
        derivatives = np.array([fit.derivatives for fit in fits]).T
        covariance = sum(
            by[:, None] * one.covariance * by[None, :]
            for by, one in zip(derivatives, terms, strict=True)
        )
        result = Terms(
            terms[0].strings, np.array([fit.value for fit in fits]), np.asarray(covariance)
        )
        models = [fit.model for fit in fits]
        notes = {
            "scales": scales,
            "values": [one.total(request.observable)[0] for one in terms],
            "models": {model: models.count(model) for model in sorted(set(models))},
        }
        outcome = replace(
            outcomes[0],
            counts={},
            shots=sum(outcome.shots for outcome in outcomes),
            notes=outcomes[0].notes | {self.name: notes},
            readout=None,
            flips=None,
        )
        return estimated(outcome, request.observable, result)
