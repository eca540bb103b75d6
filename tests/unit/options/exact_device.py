"""A device that gives exactly the distribution it should, up to whole shots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from bellpair.functions.plan import Measured, Program

Chances = Sequence[tuple[float, float] | None]


def misread(ideal: Mapping[str, float], chances: Chances) -> dict[str, float]:
    """The distribution that is read; chances are those of bit 0 first."""
    found: dict[str, float] = {}
    for text, probability in ideal.items():
        options = []
        for bit, pair in zip(text, reversed(chances), strict=True):
            wrong = 0.0 if pair is None else pair[int(bit)]
            options.append([(bit, 1 - wrong), ("10"[int(bit)], wrong)])
        for picked in product(*options):
            read = "".join(bit for bit, _ in picked)
            weight = probability
            for _, chance in picked:
                weight *= chance
            found[read] = found.get(read, 0.0) + weight
    return {text: weight for text, weight in found.items() if weight > 0}


class ExactDevice:
    """Gives an ideal distribution, which transforms may change, read with errors.

    Parameters
    ----------
    ideal
        The distribution of a program, from its transforms by name.
    chances
        For each bit, bit 0 first, the true chances to read 1 for 0 and 0 for 1.
    told
        The chances that the snapshot tells; the true ones, if not given.
    facts
        More metrics of a program, from its transforms by name.
    """

    def __init__(
        self,
        ideal: Callable[[Mapping[str, Any]], Mapping[str, float]],
        chances: Chances,
        told: Chances | None = None,
        facts: Callable[[Mapping[str, Any]], dict[str, Any]] = lambda transforms: {},
    ) -> None:
        self.ideal, self.chances, self.facts = ideal, chances, facts
        self.told = chances if told is None else told
        self.programs: list[Program] = []

    def run(self, programs: Sequence[Program]) -> list[Measured]:
        return [self._run(program) for program in programs]

    def _run(self, program: Program) -> Measured:
        self.programs.append(program)
        by_name = {one["name"]: one for one in program.transforms}
        bits = len(self.chances)
        metrics = self.facts(by_name)
        ideal = self.ideal(by_name)
        if "prepare" in by_name:
            metrics["prepared"] = by_name["prepare"]["state"]
            ideal = {("1" if metrics["prepared"] == "ones" else "0") * bits: 1.0}
        if "measure-twirl" in by_name:
            seed = by_name["measure-twirl"]["seed"]
            flips = [bool(seed >> bit & 1) for bit in range(bits)]
            metrics["flips"] = flips
            ideal = {_flipped(text, flips): number for text, number in ideal.items()}
        counts = {
            text: round(weight * program.shots)
            for text, weight in misread(ideal, self.chances).items()
        }
        return Measured(
            {text: number for text, number in counts.items() if number},
            program.shots,
            bits,
            tuple(self.told),
            tuple(range(10, 10 + bits)),
            metrics,
        )


def _flipped(text: str, flips: Sequence[bool]) -> str:
    return "".join(
        "10"[int(bit)] if flip else bit for bit, flip in zip(text, reversed(flips), strict=True)
    )
