"""Inserting Paulis that undo depolarizing errors on average.

After a gate on n qubits with average error r (d = 2^n) one of the d² - 1 Paulis strikes with
probability p = r (d + 1)/d in all: the state keeps a share λ = 1 - p d²/(d² - 1) of itself. The
inverse of this channel is a sum over Paulis with weights

    η_P = (1 - 1/λ)/d² < 0 for each Pauli but the identity, η_I = 1 - (d² - 1) η_P,

whose absolute values have the sum gamma = 1 + 2 (d² - 1) |η_P|. So a Pauli is drawn by |η|/gamma
after every gate, and the value that the program gives counts with the product of the signs and of
all gammas. Its standard error grows by that product. Most draws of a small program insert nothing
at all; so that chance tells nothing that is known already, a draw is either of that one form, whose
share of all draws is told, or of the others.

After Temme, Bravyi, Gambetta, "Error mitigation for short-depth quantum circuits", Phys. Rev.
Lett. 119, 180509 (2017), arXiv:1612.02058; the average error's relation to p is Nielsen's, "A
simple formula for the average gate fidelity", Phys. Lett. A 303, 249 (2002),
arXiv:quant-ph/0205035.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from random import Random

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.errors import CompileError
from bellpair_quantum.native import Rotations
from bellpair_quantum.program import Operation
from bellpair_quantum.transforms.frame import Frame
from bellpair_quantum.transforms.rates import gate_error
from bellpair_quantum.transforms.rotations import PAULIS


@dataclass(frozen=True)
class QuasiProbability:
    """How a gate's depolarizing error is undone.

    Attributes
    ----------
    identity
        The weight of no Pauli.
    each
        The weight of each of the other ``others`` Paulis.
    others
        3 for one qubit, 15 for two.
    """

    identity: float
    each: float
    others: int

    @property
    def gamma(self) -> float:
        """Sum of the absolute weights, 1 or more."""
        return abs(self.identity) + self.others * abs(self.each)


def quasi_probability(error: float, qubits: int) -> QuasiProbability:
    """The inverse of depolarizing noise with an average gate error.

    Raises
    ------
    ValueError
        If so much noise has no inverse.
    """
    dimension = 2**qubits
    others = dimension**2 - 1
    kept = 1 - error * (dimension + 1) / dimension * dimension**2 / others
    if kept <= 0:
        raise ValueError(f"an average error of {error:g} leaves nothing of {qubits} qubits")
    each = (1 - 1 / kept) / dimension**2
    return QuasiProbability(1 - others * each, each, others)


@dataclass(frozen=True)
class Draw:
    """A program drawn from the quasi-probabilities.

    Attributes
    ----------
    gamma
        By what values and their standard errors grow; the same for every draw.
    clear
        The share of draws without any Pauli among all; the same for every draw.
    sign
        1 or -1: how the values of this one count.
    """

    operations: list[Operation]
    gamma: float
    clear: float
    sign: int


def insert_paulis(
    operations: Sequence[Operation],
    rotations: Rotations,
    target: DeviceTarget,
    *,
    seed: int,
    clear: bool,
    gamma_max: float,
) -> Draw:
    """Draw a program.

    Parameters
    ----------
    clear
        Whether it is the one without any Pauli, or one of the others.
    gamma_max
        Above this gamma there is none.

    Raises
    ------
    CompileError
        ``program-unsupported`` where gamma is above its limit, before anything is run.
    """
    weights = [_weights(operation, target) for operation in operations]
    gamma = prod(weight.gamma for weight in weights)
    if gamma > gamma_max:
        raise CompileError(
            "program-unsupported",
            f"Option pec would make standard errors {gamma:.3g} times as large on this program "
            f"({gamma**2:.3g} times the shots for the same precision); its gamma_max is "
            f"{gamma_max:g}.",
            "Use zne, a smaller program, a better device, or a larger gamma_max.",
        )
    kept = [weight.identity / weight.gamma for weight in weights]
    share = prod(kept)
    if clear or share == 1:
        return Draw(list(operations), gamma, share, 1)
    dice = Random(seed)
    first = _first(kept, dice)
    frame = Frame(rotations)
    sign = 1
    for place, (operation, weight) in enumerate(zip(operations, weights, strict=True)):
        frame.operation(operation)
        if place < first or (place > first and dice.random() < kept[place]):
            continue
        sign = -sign
        number = 1 + dice.randrange(weight.others)
        for qubit in operation.qubits:
            frame.rotate(qubit, PAULIS[number % 4])
            number //= 4
    return Draw(frame.operations(), gamma, share, sign)


def _first(kept: Sequence[float], dice: Random) -> int:
    """Where the first Pauli is, given that there is one; `kept` are the chances of none."""
    left, reached = dice.random() * (1 - prod(kept)), 1.0
    last = 0
    for place, chance in enumerate(kept):
        own = reached * (1 - chance)
        if own > 0:
            last = place
        if left < own:
            return place
        left -= own
        reached *= chance
    return last


def _weights(operation: Operation, target: DeviceTarget) -> QuasiProbability:
    error = gate_error(operation, target)
    try:
        return quasi_probability(error, len(operation.qubits))
    except ValueError:
        where = "-".join(map(str, operation.qubits))
        raise CompileError(
            "program-unsupported",
            f"Option pec cannot undo {operation.name} on {target.device}'s {where}: its error is "
            f"{error:g}.",
            "Choose another device, or use zne.",
        ) from None
