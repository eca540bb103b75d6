"""Stacks of execution options around quantum calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bellpair.functions.errors import InvalidCall
from bellpair.functions.plan import Measured
from bellpair.options.levels import options_of_level
from bellpair.options.request import Outcome, Plan, Request

OptionAsked = str | Mapping[str, Any]
"""An option as people write it: its name, or its name and parameters."""


def no_seed() -> int:
    """The seed of who has no randomness."""
    return 0


class Stacks:
    """Makes the stacks of one primitive's calls.

    Parameters
    ----------
    primitive
        ``"sampling"`` or ``"estimation"``.
    seed
        Gives a seed for each stack, the same ones whenever the function is repeated.
    default
        The options of calls that say nothing of options or of a level.
    """

    def __init__(
        self, primitive: str, seed: Callable[[], int], default: Sequence[OptionAsked] = ()
    ) -> None:
        self._primitive = primitive
        self._seed = seed
        self._default = tuple(default)

    def given(self, options: Sequence[OptionAsked] | None, level: int | None) -> Stack:
        """The stack of a call that asks for these options, or for a level.

        Raises
        ------
        InvalidCall
            If both are given, or there is no such level or option.
        """
        if level is not None:
            if options:
                raise InvalidCall(
                    "Both options and a level are given, and a level is a stack of options itself.",
                    remedy="Give one of them.",
                )
            options = options_of_level(level, self._primitive)
        elif options is None:
            options = self._default
        asked = tuple(_written(option) for option in options or ())
        return Stack(asked, self._seed() if asked else 0)


@dataclass(frozen=True)
class Stack:
    """Options around the device, the first the nearest; none is the device itself.

    Attributes
    ----------
    options
        Each with its ``name`` and parameters.
    seed
        What is random in its plans follows from it.
    """

    options: tuple[Mapping[str, Any], ...] = ()
    seed: int = 0

    def plan(self, requests: Sequence[Request]) -> Plan:
        """What is to be run for requests, and how outcomes are read from it.

        Raises
        ------
        InvalidCall
            If an option is not known, or cannot be as it is asked for.
        """
        if not self.options:
            return Plan(tuple(request.program for request in requests), _as_read)
        from bellpair.options import compose

        return compose(self.options, seed=self.seed).plan(requests)

    def report(self, outcomes: Sequence[Outcome]) -> tuple[dict[str, Any], ...]:
        """Each option as it was asked for, with what it did: ``notes``, one for each outcome."""
        return tuple(
            {
                **option,
                "notes": [
                    outcome.notes[option["name"]]
                    for outcome in outcomes
                    if option["name"] in outcome.notes
                ],
            }
            for option in self.options
        )

    def overhead(self, asked: int, plan: Plan) -> dict[str, Any] | None:
        """What the options take: as estimated before, and what it came to.

        Parameters
        ----------
        asked
            How many circuits would be run without them.

        Returns
        -------
        dict or None
            ``estimated``, as `bellpair.options.overhead` gives it for a circuit of which nothing
            is known, and the number of ``circuits`` and of ``shots`` that were run in place of
            ``asked`` circuits; ``None`` without options.
        """
        if not self.options:
            return None
        from bellpair.options import overhead

        return {
            "estimated": overhead(self.options),
            "asked": asked,
            "circuits": len(plan.programs),
            "shots": sum(program.shots for program in plan.programs),
        }

    def metrics(self, outcomes: Sequence[Outcome]) -> tuple[Mapping[str, Any] | None, ...]:
        """What the compiler tells of each outcome's circuit."""
        return tuple(outcome.metrics for outcome in outcomes)


def _as_read(measured: Sequence[Measured]) -> list[Outcome]:
    return [Outcome(one.counts, one.shots, metrics=one.metrics) for one in measured]


def _written(option: OptionAsked) -> dict[str, Any]:
    if isinstance(option, str):
        return {"name": option}
    if isinstance(option, Mapping) and isinstance(option.get("name"), str):
        return dict(option)
    raise InvalidCall(
        f"{option!r} is no option.",
        remedy='Give a name such as "readout-mitigation", or a dict with a name and parameters.',
    )
