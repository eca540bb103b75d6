"""Observables as they come in JSON: sums of Pauli strings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from bellpair_core.model.limits import COEFFICIENT_MAX

from .shapes import Shape, shape_of

_LETTERS = frozenset("IXYZ")
_SHOWN_CHARACTERS = 40


class ObservableError(Exception):
    """Something is no observable of the circuit; the message says why."""


def observables_shape(value: Any) -> Shape:
    """The shape of an array of observables; ``()`` of a single one.

    Raises
    ------
    ShapeError
        If its rows have different shapes.
    """
    return shape_of(value, _is_observable)


def heaviest_weight(value: Any, num_qubits: int) -> tuple[float, float]:
    """The most that the observables of an array ask for.

    Parameters
    ----------
    value
        An observable, or a nested array of them: a Pauli string, an object from Pauli strings to
        coefficients, or a list of pairs of these. The last letter is for qubit 0.
    num_qubits
        Of the circuit.

    Returns
    -------
    tuple
        The largest sum of coefficients' magnitudes of an observable, the identity left out, and
        the largest magnitude among that observable's coefficients.

    Raises
    ------
    ObservableError
        If one is no observable of so many qubits.
    """
    heaviest = (0.0, 0.0)
    for observable in _each(value):
        weights: dict[str, float] = {}
        for label, coefficient in _terms(observable):
            number = _real(coefficient, _checked(label, num_qubits))
            if set(label) != {"I"}:
                weights[label] = weights.get(label, 0.0) + number
        sizes = [abs(weight) for weight in weights.values()]
        heaviest = max(heaviest, (math.fsum(sizes), max(sizes, default=0.0)))
    return heaviest


def _is_observable(value: Any) -> bool:
    if not isinstance(value, list):
        return True
    return bool(value) and all(
        isinstance(item, list)
        and len(item) == 2
        and isinstance(item[0], str)
        and not isinstance(item[1], str | list)
        for item in value
    )


def _each(value: Any) -> Iterator[Any]:
    if _is_observable(value):
        yield value
        return
    for item in value:
        yield from _each(item)


def _terms(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, str):
        return [(value, 1.0)]
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, list):
        return [(label, coefficient) for label, coefficient in value]
    raise ObservableError(
        "an observable is a Pauli string, an object from Pauli strings to real numbers, or an"
        " array of observables"
    )


def _checked(label: str, num_qubits: int) -> str:
    shown = label if len(label) <= _SHOWN_CHARACTERS else f"{label[:_SHOWN_CHARACTERS]}…"
    if not label or not set(label) <= _LETTERS:
        raise ObservableError(f"{shown!r} is no Pauli string: its letters are I, X, Y and Z")
    if len(label) > num_qubits:
        raise ObservableError(
            f"{shown!r} is for {len(label)} qubits, and the circuit has only {num_qubits}"
        )
    if len(label) < num_qubits:
        raise ObservableError(
            f"{shown!r} is for {len(label)} qubits, and the circuit has {num_qubits}: write I where"
            " nothing is measured"
        )
    return label


def _real(coefficient: Any, label: str) -> float:
    shown = label[:_SHOWN_CHARACTERS]
    if isinstance(coefficient, Mapping) and set(coefficient) == {"re", "im"}:
        real, imaginary = coefficient["re"], coefficient["im"]
        if _is_number(real) and _is_number(imaginary):
            if imaginary != 0:
                raise ObservableError(
                    f"the coefficient of {shown} is complex, so the observable is not Hermitian;"
                    " estimate its real and its imaginary part as two observables"
                )
            coefficient = real
    if not _is_number(coefficient):
        raise ObservableError(f"the coefficient of {shown} is no finite real number")
    if abs(coefficient) > COEFFICIENT_MAX:
        raise ObservableError(
            f"the coefficient of {shown} is beyond {COEFFICIENT_MAX:g} in magnitude; estimate in"
            " another unit, and scale the values"
        )
    return float(coefficient)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # A whole number may have too many digits to be asked.
    return isinstance(value, int) or math.isfinite(value)
