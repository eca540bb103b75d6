"""What a compilation is asked for, besides the program and its device."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Stopwatch = Callable[[], float]
"""Seconds since any fixed moment; never goes back."""


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """How to look for a good compiled form.

    Attributes
    ----------
    optimization_levels
        Qiskit's levels to try, 0 to 3, the most promising first. Simulators are not
        optimized for.
    seeds
        Seeds to try, the first of them with every level before the second with any.
    budget_s
        No further candidate is begun once this many seconds have passed. One candidate at
        least is always made, however small the budget is, and the first second of it is free: a
        process that has just begun loads what it needs in it.
    transforms
        What is done to the native gates of the chosen candidate, in this order: JSON objects
        with a ``name``, as `bellpair_quantum.transforms.apply` takes them.
    now
        The time, with a zone: a calibration older than its limit is then not trusted. None
        leaves the judgement to ``trust_calibration``.
    trust_calibration
        Whether error rates by qubit may decide anything. Where they may not, candidates are
        made and chosen as if all qubits were alike, and the result says so.
    distrust
        Why the calibration is not to be trusted, for the result to say.
    stopwatch
        What the budget is measured by; not part of what a compilation is asked for.
    """

    optimization_levels: tuple[int, ...] = (3, 1)
    seeds: tuple[int, ...] = tuple(range(12))
    budget_s: float = 0.4
    transforms: tuple[Mapping[str, Any], ...] = ()
    now: datetime | None = None
    trust_calibration: bool = True
    distrust: str | None = None
    stopwatch: Stopwatch = field(default=time.perf_counter, compare=False)


DEFAULT_OPTIONS = CompileOptions()
