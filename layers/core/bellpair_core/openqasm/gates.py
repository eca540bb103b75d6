"""Gates, and what a program defines them to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bellpair_core.openqasm.arithmetic import Number
from bellpair_core.openqasm.formulas import Formula, Step

Argument = Number | Formula


class Gate:
    """A gate's shape and its cost.

    Parameters
    ----------
    params, qubits
        How many parameters and qubits it takes.
    weight
        Gates it comes to when the program's own definitions are written out.
    depth
        How many definitions lie within each other; 0 for a gate that is given.
    body
        What the program defines it to be; None for a gate that is given.
    """

    __slots__ = ("body", "depth", "params", "qubits", "weight")

    def __init__(
        self,
        params: int,
        qubits: int,
        weight: int = 1,
        depth: int = 0,
        body: Body | None = None,
    ) -> None:
        self.params = params
        self.qubits = qubits
        self.weight = weight
        self.depth = depth
        self.body = body


class Modifiers(NamedTuple):
    """What stands before a gate, in an order that means the same.

    Attributes
    ----------
    controls
        For each added control, the first qubit's first, whether it acts on 1 (or on 0).
    powers
        Exponents, the innermost first; -1 for ``inv``.
    """

    controls: tuple[bool, ...] = ()
    powers: tuple[Argument, ...] = ()


PLAIN = Modifiers()


class Application(NamedTuple):
    """One statement in the body of a definition; without a gate it is a barrier."""

    gate: Gate | None
    name: str
    modifiers: Modifiers
    arguments: tuple[Argument, ...]
    qubits: tuple[int, ...]
    at: int


class Body(NamedTuple):
    """What a gate is defined to be."""

    steps: Sequence[Step]
    applications: Sequence[Application]
