"""Extrapolating values at several scales of errors to none.

The fits follow Giurgica-Tiron, Hindy, LaRose, Mari, Zeng, "Digital zero noise extrapolation for
quantum error mitigation", IEEE QCE 306 (2020), arXiv:2005.10921, section III. Each result comes
with its derivatives by the values, by which their errors, and how they hang together, carry over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NONE = "not extrapolated"
SIGNIFICANT = 3.0
"""Standard errors that a value is from 0 to count in an exponential's fit."""


_DIGITS = 9  # of a scale that tell it from another


@dataclass(frozen=True)
class Extrapolated:
    """A value without errors.

    Attributes
    ----------
    value
        At scale 0.
    derivatives
        By the values at each scale.
    model
        The one that was fitted: for an exponential that cannot be, ``linear``. `NONE`, where all
        values are at one scale: their mean.
    """

    value: float
    derivatives: Array
    model: str


def polynomial_weights(scales: Sequence[float] | Array, degree: int) -> Array:
    """By what values count in a polynomial's value at 0, fitted with least squares."""
    powers = np.vander(np.asarray(scales, dtype=float), degree + 1, increasing=True)
    weights: Array = np.linalg.pinv(powers)[0]
    return weights


def extrapolated(
    scales: Sequence[float], values: Array, variances: Array, model: str, degree: int = 2
) -> Extrapolated:
    """Fit a model to values and take it at 0.

    Parameters
    ----------
    scales
        Of the errors. Values at equal ones count as one, their mean weighed by their variances;
        a polynomial has at most as many degrees as there are others.
    values, variances
        At these scales.
    model
        ``linear``, ``polynomial`` of ``degree``, ``richardson`` (the polynomial through all
        values) or ``exponential``: a power that goes to 0, fitted to the logarithms of those
        values that are not 0 within their errors, of one sign. Where there are not two of them
        it is linear.
    """
    different, places = np.unique(np.round(scales, _DIGITS), return_inverse=True)
    shares = _shares(places, len(different), variances)
    fit = _fitted(different, shares @ values, shares**2 @ variances, model, degree)
    return Extrapolated(fit.value, fit.derivatives @ shares, fit.model)


def _shares(places: NDArray[np.intp], count: int, variances: Array) -> Array:
    """What each value counts for in the mean at its scale, shape (scales, values)."""
    precise = np.all(variances > 0)
    shares = np.zeros((count, len(places)))
    shares[places, np.arange(len(places))] = 1 / variances if precise else 1.0
    weighed: Array = shares / shares.sum(axis=1, keepdims=True)
    return weighed


def _fitted(
    scales: Array, values: Array, variances: Array, model: str, degree: int
) -> Extrapolated:
    """The fit at scales that rise."""
    most = len(scales) - 1
    if most == 0:
        return Extrapolated(float(values[0]), np.ones(1), NONE)
    degrees = {"linear": 1, "polynomial": min(degree, most), "richardson": most}
    if model in degrees:
        weights = polynomial_weights(scales, degrees[model])
        return Extrapolated(float(weights @ values), weights, model)
    fitted = _exponential(scales, values, variances)
    return fitted or _fitted(scales, values, variances, "linear", 1)


def _exponential(scales: Array, values: Array, variances: Array) -> Extrapolated | None:
    clear = np.abs(values) > SIGNIFICANT * np.sqrt(variances)
    # Once a value is lost in its error, what follows is no help, however clear it seems.
    kept = np.logical_and.accumulate(clear & (np.sign(values) == np.sign(values[0])))
    usable = np.flatnonzero(kept)
    if len(usable) < 2:
        return None
    chosen, own = values[usable], variances[usable]
    # The error of a logarithm is the relative error.
    weights = chosen**2 / own if np.all(own > 0) else np.ones(len(usable))
    powers = np.vander(scales[usable], 2, increasing=True)
    root = np.sqrt(weights / weights.max())
    intercept = (np.linalg.pinv(powers * root[:, None]) * root)[0]
    value = np.sign(chosen[0]) * np.exp(intercept @ np.log(np.abs(chosen)))
    derivatives = np.zeros(len(scales))
    derivatives[usable] = value * intercept / chosen
    return Extrapolated(float(value), derivatives, "exponential")
