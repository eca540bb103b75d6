"""Folding: the same program with larger errors.

A gate G becomes G G† G, which is G, with about three times its error; G (G† G)^k has 2k + 1 times
its error. For scales between odd numbers some gates are folded once more than others, so that
their share of all errors, by the calibration, comes nearest to the scale.

After Giurgica-Tiron, Hindy, LaRose, Mari, Zeng, "Digital zero noise extrapolation for quantum
error mitigation", IEEE QCE 306 (2020), arXiv:2005.10921: sections II.B (global) and II.C (local).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, remainder
from random import Random
from typing import Literal

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.program import Operation
from bellpair_quantum.transforms.rates import gate_error

Folding = Literal["local", "global"]


def fold(
    operations: Sequence[Operation],
    target: DeviceTarget,
    *,
    scale: float,
    seed: int,
    method: Folding = "local",
) -> tuple[list[Operation], float]:
    """Multiply a program's errors, and leave its unitary.

    Parameters
    ----------
    scale
        By what, 1 or more.
    seed
        Of the choice of gates that are folded once more (``local``).
    method
        ``local`` folds gate by gate; ``global`` the whole program, for what is left over its last
        gates.

    Returns
    -------
    operations : list of Operation
    achieved : float
        The scale that came of it, weighing each gate by its error.
    """
    whole, rest = divmod((scale - 1) / 2, 1)
    errors = [gate_error(operation, target) for operation in operations]
    weights = errors if sum(errors) > 0 else [1.0] * len(operations)
    places = list(range(len(operations)))
    if method == "local":
        Random(seed).shuffle(places)
    else:
        places.reverse()
    once_more, share = _chosen(places, weights, rest)
    repeats = int(whole)
    if method == "local":
        folded = [
            each
            for place, operation in enumerate(operations)
            for each in _folded([operation], repeats + (place in once_more))
        ]
    else:
        last = [operations[place] for place in sorted(once_more)]
        folded = [*_folded(operations, repeats), *_inverse(last), *last]
    return folded, 1 + 2 * (repeats + share)


def inverse(operation: Operation) -> Operation:
    """The native operation that undoes another."""
    name, params, qubits = operation
    match name:
        case "cz" | "gpi":
            return operation
        case "zz":
            return Operation(name, (-params[0],), qubits)
        case "prx":
            return Operation(name, (params[0], _turned(params[1])), qubits)
        case "gpi2" | "ms":
            # Turning (one of) the axes round changes the angle's sign.
            return Operation(name, (_turned(params[0]), *params[1:]), qubits)
    raise ValueError(f"{name} is no native gate")


def _chosen(
    places: Sequence[int], weights: Sequence[float], share: float
) -> tuple[frozenset[int], float]:
    """The first places whose weights come nearest to a share of all, and their own share."""
    total, weight, count = sum(weights), 0.0, 0
    for place in places:
        if abs((weight + weights[place]) / total - share) > abs(weight / total - share):
            break
        weight += weights[place]
        count += 1
    return frozenset(places[:count]), weight / total if total else 0.0


def _folded(operations: Sequence[Operation], times: int) -> list[Operation]:
    return [*operations, *(times * [*_inverse(operations), *operations])]


def _inverse(operations: Sequence[Operation]) -> list[Operation]:
    return [inverse(operation) for operation in reversed(operations)]


def _turned(axis: float) -> float:
    return remainder(axis + pi, 2 * pi)
