"""A snapshot in five numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bellpair_core.model.calibration import Medians
from bellpair_core.model.device import DeviceTarget


def medians_of(target: DeviceTarget) -> Medians:
    """Medians over the target's qubits and edges."""
    return Medians(
        one_qubit_error=_median(target.one_qubit_error),
        two_qubit_error=_median(target.two_qubit_error),
        readout_error=_median(target.readout_error),
        t1_us=_median(target.t1_us),
        t2_us=_median(target.t2_us),
    )


def median(values: Iterable[float]) -> float:
    """The middle value, or the mean of the two in the middle; of one value at least.

    The standard library's would have each process that shows a calibration load much besides.
    """
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _median(figures: Mapping[Any, float]) -> float | None:
    return median(figures.values()) if figures else None
