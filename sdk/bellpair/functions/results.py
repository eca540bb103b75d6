"""What quantum calls give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bellpair.functions.errors import InvalidCall

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


NOT_IN_JSON = {"json": False}
"""Metadata of a dataclass's field that `bellpair.functions.json_forms` leaves out."""


@dataclass(frozen=True)
class Sample:
    """Counts of one circuit, for each set of parameters.

    Attributes
    ----------
    array
        numpy array of dicts, of the shape of the parameters' sweep; a dict has how often each
        bit string was read. The rightmost character is bit 0 of the first classical register.
    shots
        How often each circuit was run.
    bits
        Length of the bit strings.
    device, calibration_id
        Where it was run, and by which calibration it was compiled.
    cost_usd
        US dollars of the whole call that this was part of.
    options
        The execution options, each with its name, its parameters and, as ``notes``, what it did
        for each set of parameters. With options that take errors out, counts may be fractions.
    metrics
        What the compiler tells of each set's circuit; ``None`` where it tells nothing. It is not
        in the JSON form.
    circuits, shots_used
        How many circuits were run, and their shots together: options may run several for one.
    overhead
        What the options take: ``estimated`` before, and ``circuits`` and ``shots`` that were run
        in place of as many circuits as were ``asked`` for; ``None`` without options.
    """

    array: NDArray[np.object_]
    shots: int
    bits: int
    device: str | None = None
    calibration_id: str | None = None
    cost_usd: float = 0.0
    options: tuple[Mapping[str, Any], ...] = ()
    metrics: tuple[Mapping[str, Any] | None, ...] = field(default=(), metadata=NOT_IN_JSON)
    circuits: int = 0
    shots_used: int = 0
    overhead: Mapping[str, Any] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the parameters' sweep; ``()`` for one set."""
        return self.array.shape

    @property
    def counts(self) -> dict[str, int]:
        """The counts by bit string, most frequent first, where there is one set of parameters.

        Raises
        ------
        InvalidCall
            When there are several sets; `array` has the counts of each.
        """
        if self.array.shape != ():
            raise InvalidCall(
                f"There are counts for each of {self.array.size} sets of parameters.",
                remedy="Take them from .array, such as result.array[0].",
            )
        counts: dict[str, int] = self.array.item()
        return counts

    @property
    def probabilities(self) -> dict[str, float]:
        """The counts' shares, where there is one set of parameters."""
        counts = self.counts
        total = sum(counts.values())
        return {bits: number / total for bits, number in counts.items()}

    def to_dict(self) -> dict[str, Any]:
        """Its members, ready for JSON."""
        members = dict(vars(self))
        counts = members.pop("array").tolist()
        del members["metrics"]
        return {"counts": counts, **members, "options": list(self.options)}


@dataclass(frozen=True)
class Estimate:
    """Expectation values of observables.

    Attributes
    ----------
    values
        numpy array of floats, of the shape to which the shapes of the parameters and of the
        observables broadcast.
    standard_errors
        Their standard errors, as the measured spread tells; the same shape.
    precision
        The standard error that was asked for.
    shots
        Shots of all circuits together.
    device, calibration_id
        Where it was run, and by which calibration it was compiled.
    cost_usd
        US dollars of the whole call that this was part of.
    options
        The execution options, each with its name, its parameters and, as ``notes``, what it did
        for each circuit and basis.
    metrics
        What the compiler tells of each circuit and basis; ``None`` where it tells nothing. It is
        not in the JSON form.
    circuits
        How many circuits were run: options may run several for one.
    overhead
        What the options take, as `Sample` has it.
    """

    values: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    precision: float
    shots: int
    device: str | None = None
    calibration_id: str | None = None
    cost_usd: float = 0.0
    options: tuple[Mapping[str, Any], ...] = ()
    metrics: tuple[Mapping[str, Any] | None, ...] = field(default=(), metadata=NOT_IN_JSON)
    circuits: int = 0
    overhead: Mapping[str, Any] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the values; ``()`` for one observable and one set of parameters."""
        return self.values.shape

    @property
    def value(self) -> float:
        """The one expectation value."""
        return self._only(self.values)

    @property
    def standard_error(self) -> float:
        """The one value's standard error."""
        return self._only(self.standard_errors)

    def to_dict(self) -> dict[str, Any]:
        """Its members, ready for JSON."""
        members = dict(vars(self))
        del members["metrics"]
        return {
            **members,
            "values": self.values.tolist(),
            "standard_errors": self.standard_errors.tolist(),
            "options": list(self.options),
        }

    def _only(self, array: NDArray[np.float64]) -> float:
        if array.size != 1:
            raise InvalidCall(f"There are {array.size} values.", remedy="Take them from .values.")
        return float(array.item())
