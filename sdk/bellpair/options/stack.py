"""Stacks of options: put together, and what they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bellpair.options.backend import ExecutionBackend

GROUP = "bellpair.options"
"""Entry points by which packages bring options: the option's name, and its class."""


def compose(
    stack: Sequence[Mapping[str, Any]],
    backend: ExecutionBackend | None = None,
    *,
    seed: int = 0,
) -> ExecutionBackend:
    """Put options around a backend, the first nearest to the device.

    Parameters
    ----------
    stack
        Objects with a ``name`` and that option's parameters; those left out have their defaults.
    backend
        What the first option turns to: the device, if not given.
    seed
        Everything random comes from it: a function takes it from ``runtime.random()``, so that
        repeated from its journal it makes the same calls.

    Raises
    ------
    InvalidCall
        If an option is not installed, or a parameter cannot be.
    """
    raise NotImplementedError


def overhead(stack: Sequence[Mapping[str, Any]], **circuit: float) -> dict[str, float]:
    """What options take, before anything is run.

    Returns
    -------
    dict
        ``programs``: circuits for each one; ``shots_factor``: by what the shots must grow for the
        standard error to stay the same (options share out the shots they are given, and add none
        of their own but for calibration); ``extra_programs`` and ``extra_shots``: calibration
        circuits for each different circuit, and their shots.
    """
    raise NotImplementedError
