"""Stacks of options: put together, and what they take."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from bellpair.functions.errors import InvalidCall
from bellpair.options.backend import (
    Circuit,
    DeviceBackend,
    EnrichedExecutionBackend,
    ExecutionBackend,
)

GROUP = "bellpair.options"
"""Entry points by which packages bring options: the option's name, and its class."""

OWN = {
    "dynamical-decoupling": "bellpair.options.dynamical_decoupling:DynamicalDecoupling",
    "pec": "bellpair.options.pec:ProbabilisticErrorCancellation",
    "readout-mitigation": "bellpair.options.readout_mitigation:ReadoutMitigation",
    "twirling": "bellpair.options.twirling:Twirling",
    "zne": "bellpair.options.zne:ZeroNoiseExtrapolation",
}
"""This package's own entry points, for where it lies without its metadata, as in a Lambda layer."""

Given = str | Mapping[str, Any]


@cache
def installed_options() -> Mapping[str, type[EnrichedExecutionBackend]]:
    """The options that are installed, by name; nobody replaces this package's own."""
    own = [EntryPoint(name, value, GROUP) for name, value in OWN.items()]
    return {point.name: point.load() for point in (*entry_points(group=GROUP), *own)}


def compose(
    stack: Sequence[Given],
    backend: ExecutionBackend | None = None,
    *,
    seed: int = 0,
    known: Mapping[str, type[EnrichedExecutionBackend]] | None = None,
) -> ExecutionBackend:
    """Put options around a backend, the first nearest to the device.

    Parameters
    ----------
    stack
        Names, or objects with a ``name`` and that option's parameters; those left out have their
        defaults.
    backend
        What the first option turns to: the device, if not given.
    seed
        Everything random comes from it: a function takes it from ``runtime.random()``, so that
        repeated from its journal it makes the same calls.
    known
        Options by name: those that are installed, if not given.

    Raises
    ------
    InvalidCall
        If an option is not installed, given twice, in the wrong place or incompatible with
        another, or a parameter cannot be.
    """
    composed: ExecutionBackend = DeviceBackend() if backend is None else backend
    for option in _options(stack, composed, seed, known or installed_options()):
        composed = option
    return composed


def overhead(
    stack: Sequence[Given],
    *,
    two_qubit_gates: int = 0,
    two_qubit_error: float = 0.0,
    bits: int = 0,
    readout_error: float = 0.0,
    shots: int = 0,
    per_task_usd: float = 0.0,
    per_shot_usd: float = 0.0,
    programs_per_task: int = 1,
) -> dict[str, float]:
    """What options take, before anything is run.

    Options share out the shots that they are given and add none of their own, but for
    calibration: so they cost precision, and ``shots_factor`` is by what the shots must grow to
    keep it.

    Parameters
    ----------
    two_qubit_gates, two_qubit_error, bits, readout_error
        What is known of the circuit and of the device: see `Circuit`. Less is estimated where
        less is known.
    shots
        Of one circuit, before options.
    per_task_usd, per_shot_usd
        What the device charges, US dollars.
    programs_per_task
        How many circuits the device takes as one task.

    Returns
    -------
    dict
        ``programs``: circuits for each one; ``shots_factor``; ``extra_programs`` and
        ``extra_shots``: calibration circuits for each different circuit, and shots of them all;
        ``cost_usd``: of one circuit with these shots and its calibration, where there are prices.

    Raises
    ------
    InvalidCall
        As `compose` does.
    """
    circuit = Circuit(two_qubit_gates, two_qubit_error, bits, readout_error)
    each = [
        option.overhead(circuit)
        for option in _options(stack, DeviceBackend(), 0, installed_options())
    ]
    total: dict[str, float] = {
        "programs": 1,
        "shots_factor": 1.0,
        "extra_programs": 0,
        "extra_shots": 0,
    }
    for one in each:
        total["programs"] *= one.programs
        total["shots_factor"] *= one.shots_factor
        total["extra_programs"] += one.extra_programs
        total["extra_shots"] += one.extra_shots
    if per_task_usd or per_shot_usd:
        # There are never more forms of a circuit than shots.
        programs = min(total["programs"], max(shots, 1)) + total["extra_programs"]
        tasks = math.ceil(programs / programs_per_task)
        total["cost_usd"] = tasks * per_task_usd + (shots + total["extra_shots"]) * per_shot_usd
    return total


def _options(
    stack: Sequence[Given],
    within: ExecutionBackend,
    seed: int,
    known: Mapping[str, type[EnrichedExecutionBackend]],
) -> list[EnrichedExecutionBackend]:
    """The options, each around the one before it."""
    made: list[EnrichedExecutionBackend] = []
    for place, given in enumerate(stack):
        name, parameters = _parted(given)
        kind = known.get(name)
        if kind is None:
            listed = ", ".join(sorted(known)) or "none is installed"
            raise InvalidCall(f"There is no option {name!r}.", remedy=f"Choose from: {listed}.")
        for earlier in made:
            _require_compatible(earlier, kind)
        own = [each for each in inspect.signature(kind).parameters if each not in _NOT_GIVEN]
        for parameter in parameters:
            if parameter not in own:
                raise InvalidCall(
                    f"Option {name} has no parameter {parameter!r}.",
                    remedy=f"Its parameters: {', '.join(own) or 'none'}.",
                )
        option = kind(within, seed=seed + place, **parameters)
        within = option
        made.append(option)
    return made


_NOT_GIVEN = ("within", "seed")


def _parted(given: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(given, str):
        return given, {}
    if isinstance(given, Mapping) and isinstance(given.get("name"), str):
        return given["name"], {key: value for key, value in given.items() if key != "name"}
    raise InvalidCall(
        f"{given!r} is no option.",
        remedy='Give a name such as "readout-mitigation", or an object with a name and parameters.',
    )


def _require_compatible(
    earlier: EnrichedExecutionBackend, later: type[EnrichedExecutionBackend]
) -> None:
    if later.name == earlier.name:
        raise InvalidCall(f"Option {later.name} is given twice.", remedy="Give each option once.")
    if later.name in earlier.excludes or earlier.name in later.excludes:
        raise InvalidCall(
            f"Options {earlier.name} and {later.name} cannot be used together.",
            remedy=f"Leave {earlier.name} or {later.name} out.",
        )
    if later.name in earlier.outside_of:
        raise InvalidCall(
            f"Option {later.name} stands after {earlier.name}, which works on its results.",
            remedy=f"Give {later.name} before {earlier.name}: options go from the device outwards.",
        )
