"""What options take and give: requests, plans and outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bellpair.functions.plan import Measured, Program

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Request:
    """One circuit to be run, and what is wanted of it.

    Attributes
    ----------
    program
        Measures its qubits itself; for an observable, after the change of basis.
    observable
        Coefficients by Pauli string over the measured bits, the rightmost letter for bit 0. The
        basis is changed already, so that a letter other than ``I`` stands for the bit's parity
        (``Z``). ``None`` where counts are wanted.
    """

    program: Program
    observable: Mapping[str, float] | None = None

    def transformed(self, *transforms: Mapping[str, Any], shots: int | None = None) -> Request:
        """The same with more transforms behind those it has, and maybe other shots."""
        program = replace(
            self.program,
            transforms=(*self.program.transforms, *transforms),
            shots=self.program.shots if shots is None else shots,
        )
        return replace(self, program=program)


@dataclass(frozen=True)
class Terms:
    """Expectation values of an observable's Pauli strings, with coefficients left out.

    Attributes
    ----------
    strings
        The T Pauli strings.
    values
        Shape (T,), without unit; beyond ±1 where errors were taken out.
    covariance
        Of the values' estimates, shape (T, T): strings measured in the same shots hang together.
    """

    strings: tuple[str, ...]
    values: NDArray[np.float64]
    covariance: NDArray[np.float64]

    def total(self, coefficients: Mapping[str, float]) -> tuple[float, float]:
        """Value and standard error of the sum of these strings with coefficients."""
        import numpy as np

        weights = np.array([coefficients.get(string, 0.0) for string in self.strings])
        variance = float(weights @ self.covariance @ weights)
        return float(weights @ self.values), max(variance, 0.0) ** 0.5


@dataclass(frozen=True)
class Outcome:
    """What a request came to.

    Attributes
    ----------
    counts
        By bit string, bit 0 rightmost: how often it was read, flips taken back. After readout
        mitigation of a request without observable they may be fractional (or negative, where that
        was asked for). Empty where an option cannot tell any.
    shots
        Spent on this request.
    expectation, standard_error
        Of the request's observable; ``None`` without one.
    notes
        By option's name what it did and what that took, ready for JSON.
    terms
        Of the request's observable, for options further out and for who needs single strings.
    readout
        For each bit, bit 0 first: the chances to read 1 for 0 and 0 for 1 that `counts` are
        subject to; ``None`` where they are not known.
    flips
        Bits that were read flipped (`counts` are right already); ``None`` for none.
    qubits
        For each bit, bit 0 first, the device's qubit that it was read from, where it is known.
    metrics
        The compiler's, of the one program or of the first.
    """

    counts: Mapping[str, float]
    shots: int
    expectation: float | None = None
    standard_error: float | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    terms: Terms | None = None
    readout: tuple[tuple[float, float] | None, ...] | None = None
    flips: tuple[bool, ...] | None = None
    qubits: tuple[int | None, ...] | None = None
    metrics: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Plan:
    """Programs to be run together, and how outcomes are read from what they gave.

    Attributes
    ----------
    programs
        In the order in which `read` wants what was measured.
    read
        Gives one outcome for each request of the plan, in their order.
    """

    programs: tuple[Program, ...]
    read: Callable[[Sequence[Measured]], list[Outcome]]
