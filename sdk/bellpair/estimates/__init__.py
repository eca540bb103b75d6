"""Estimates of a program's resources: what it asks for, here and of machines to come.

An estimator is a plug-in: an entry point of the group ``bellpair.estimators`` that leads to an
`Estimator`. Each gives one section of an estimate; what an estimator needs and lacks is said in
its section, and does not keep the others from theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Protocol

from bellpair.errors import BellpairError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from bellpair.client import Client

GROUP = "bellpair.estimators"


class NotEstimated(BellpairError):
    """An estimator cannot say anything, and why."""


@dataclass(frozen=True)
class Subject:
    """What is estimated.

    Attributes
    ----------
    source
        The OpenQASM program.
    shots
        How often it is to be run.
    device
        A device's name, ``"any"`` or ``"any-qpu"``.
    level
        The level of options that it is to be run with, 0 to 3; ``None`` for no options.
    client
        Makes a connection to the service; raises `ConfigurationError` where none is configured.
    error_budget
        The probability with which a fault-tolerant run may fail.
    """

    source: str
    shots: int = 1000
    device: str = "any"
    level: int | None = None
    client: Callable[[], Client] | None = field(default=None, compare=False)
    error_budget: float = 0.001

    @cached_property
    def circuit(self) -> QuantumCircuit:
        """The program as a Qiskit circuit.

        Raises
        ------
        NotEstimated
            If Qiskit is not installed, or does not read the program.
        """
        from bellpair.estimates.reading import circuit_of

        return circuit_of(self.source)


class Estimator(Protocol):
    """Gives one section of an estimate."""

    def __call__(self, subject: Subject) -> Mapping[str, Any]:
        """Figures by name, ready for JSON.

        Raises
        ------
        NotEstimated
            If there is nothing to say, with a remedy.
        """
        ...


def estimators() -> dict[str, Callable[[], Estimator]]:
    """What loads each estimator that is installed, by name."""
    return {point.name: point.load for point in entry_points(group=GROUP)}
