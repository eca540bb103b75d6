"""Observables as sums of Pauli strings, and how to measure many of them with few circuits."""

from __future__ import annotations

import functools
import math
import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bellpair.functions.errors import InvalidCall
from bellpair.functions.limits import COEFFICIENT_MAX

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_IMAGINARY_MAX = 1e-10
_ACCEPTED = (
    'Give a Pauli string such as "ZZII", a dict {"ZZII": 0.5}, a list of pairs, '
    "or a qiskit SparsePauliOp; the rightmost letter is for qubit 0."
)


@dataclass(frozen=True)
class Observable:
    """A real sum of Pauli strings.

    Attributes
    ----------
    constant
        Coefficient of the identity.
    terms
        The other coefficients by Pauli string, qubit 0 last; none is zero.
    """

    constant: float
    terms: Mapping[str, float]


def observables_array(observables: Any, qubits: int) -> NDArray[np.object_]:
    """The observables as a numpy array of `Observable`.

    Parameters
    ----------
    observables
        One observable gives shape ``()``; a nested list or numpy array of them, its own shape.
        One observable is a Pauli string, a mapping from Pauli strings to real coefficients, a
        list of pairs ``(string, coefficient)``, or qiskit's ``Pauli`` or ``SparsePauliOp``.
    qubits
        How many the circuit has.

    Raises
    ------
    InvalidCall
        If something is no observable of so many qubits.
    """
    import numpy as np

    if _is_array(observables):
        items = list(_items(observables))
        arrays = [observables_array(item, qubits) for item in items]
        shapes = {array.shape for array in arrays}
        if len(shapes) > 1:
            raise InvalidCall(
                f"The observables' lists have different lengths: {sorted(shapes)}.",
                remedy="Nest them evenly, as the rows of an array are.",
            )
        shape = (len(items), *next(iter(shapes), ()))
        array = np.empty(shape, dtype=object)
        for index, one in enumerate(arrays):
            array[index] = one[()] if one.shape == () else one
        return array
    single = np.empty((), dtype=object)
    single[()] = _observable(observables, qubits)
    return single


def grouped(terms: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Pauli strings by bases in which they are measured together.

    Strings are together where they commute qubit by qubit: wherever two of them act on one
    qubit, they have the same letter there. First fit, in the order given.

    Returns
    -------
    tuple
        Pairs of a basis, such as ``"IZX"``, and the strings measured in it.
    """
    return _grouped(tuple(terms))


@functools.lru_cache(maxsize=256)
def _grouped(terms: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    groups: list[tuple[dict[int, str], list[str]]] = []
    for term in terms:
        letters = {place: letter for place, letter in enumerate(term) if letter != "I"}
        for basis, members in groups:
            if all(basis.get(place, letter) == letter for place, letter in letters.items()):
                basis.update(letters)
                members.append(term)
                break
        else:
            groups.append((letters, [term]))
    return tuple(
        ("".join(basis.get(place, "I") for place in range(len(members[0]))), tuple(members))
        for basis, members in groups
    )


def _is_array(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return not _is_pairs(value)
    return hasattr(value, "ndim") and hasattr(value, "tolist") and value.ndim > 0


def _is_pairs(value: Sequence[Any]) -> bool:
    return bool(value) and all(
        isinstance(item, list | tuple)
        and len(item) == 2
        and not isinstance(item[0], list | tuple)
        and isinstance(item[1], numbers.Number)
        for item in value
    )


def _items(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else value.tolist()


def _observable(value: Any, qubits: int) -> Observable:
    constant, terms = 0.0, dict[str, float]()
    for written, coefficient in _pairs(value):
        label = _label(written, qubits)
        number = _real(coefficient, label)
        if set(label) <= {"I"}:
            constant += number
        else:
            terms[label] = terms.get(label, 0.0) + number
    return Observable(constant, {label: number for label, number in terms.items() if number})


def _pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, str):
        return [(value, 1.0)]
    if isinstance(value, Mapping):
        return value.items()
    if isinstance(value, list | tuple):
        return list(value)
    if hasattr(value, "to_list"):  # SparsePauliOp
        pairs: list[tuple[Any, Any]] = value.to_list()
        return pairs
    if hasattr(value, "to_label"):  # Pauli
        return [_signed(value.to_label())]
    if hasattr(value, "tolist"):  # an array of shape ()
        return _pairs(value.tolist())
    raise InvalidCall(f"A {type(value).__name__} is no observable.", remedy=_ACCEPTED)


def _signed(label: str) -> tuple[str, complex]:
    bare = label.lstrip("-i")
    sign = label[: len(label) - len(bare)]
    return bare, (-1 if "-" in sign else 1) * (1j if "i" in sign else 1)


def _label(label: Any, qubits: int) -> str:
    text = label.to_label() if hasattr(label, "to_label") else label
    if not isinstance(text, str) or not text or not set(text) <= set("IXYZ"):
        raise InvalidCall(f"{label!r} is no Pauli string.", remedy=_ACCEPTED)
    if len(text) != qubits:
        raise InvalidCall(
            f"The Pauli string {text!r} is for {len(text)} qubits, the circuit has {qubits}.",
            remedy="Write one letter for each qubit, I where nothing is measured; the rightmost "
            "is for qubit 0.",
        )
    return text


def _real(coefficient: Any, label: str) -> float:
    too_large = InvalidCall(
        f"The coefficient of {label} is beyond {COEFFICIENT_MAX:g} in magnitude.",
        remedy="Estimate in another unit, and scale the values.",
    )
    try:
        number = complex(coefficient)
    except OverflowError:
        raise too_large from None
    except (TypeError, ValueError):
        raise InvalidCall(
            f"The coefficient of {label} is {coefficient!r}, no number.", remedy=_ACCEPTED
        ) from None
    if abs(number.imag) > _IMAGINARY_MAX or not math.isfinite(number.real):
        raise InvalidCall(
            f"The coefficient of {label} is {coefficient!r}; observables have real, finite ones.",
            remedy="Estimate the real and the imaginary part as two observables.",
        )
    if abs(number.real) > COEFFICIENT_MAX:
        raise too_large
    return number.real
