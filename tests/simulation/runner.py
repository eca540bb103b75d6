"""Many schedules, on all the processors there are."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from .schedule import Verdict, simulate

CHUNK = 50
"""Schedules that a worker plays before it reports."""

KEPT = 20
"""Violations that are kept; more of them say no more."""


@dataclass
class Summary:
    """What many schedules met.

    Attributes
    ----------
    violations
        The verdicts that tell of one, lowest seed first, `KEPT` at most.
    plans
        How many schedules were about what.
    promoted_at_stage
        Schedules in which a region was promoted while a job was at the stage.
    """

    schedules: int = 0
    violations: list[Verdict] = field(default_factory=list)
    plans: Counter[str] = field(default_factory=Counter)
    promoted_at_stage: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    steps: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count one schedule."""
        self.schedules += 1
        self.seconds += verdict.seconds
        self.steps += verdict.steps
        self.plans[verdict.plan] += 1
        self.facts.update(verdict.facts)
        self.promoted_at_stage.update(set(verdict.promoted_at_stage))
        if verdict.violation is not None and len(self.violations) < KEPT:
            self.violations.append(verdict)

    def __add__(self, other: Summary) -> Summary:
        found = sorted((*self.violations, *other.violations), key=lambda verdict: verdict.seed)
        return Summary(
            self.schedules + other.schedules,
            found[:KEPT],
            self.plans + other.plans,
            self.promoted_at_stage + other.promoted_at_stage,
            self.facts + other.facts,
            self.seconds + other.seconds,
            self.steps + other.steps,
        )


def play(seeds: range) -> Summary:
    """Play the seeds here, one after the other."""
    # What goes wrong is told by the verdicts; the logic's own log would only cost time.
    logging.disable(logging.CRITICAL)
    # A schedule's garbage is small, and looking for it all the time is not.
    gc.disable()
    try:
        summary = Summary()
        for seed in seeds:
            summary.add(simulate(seed))
        return summary
    finally:
        gc.enable()
        gc.collect()
        logging.disable(logging.NOTSET)


def play_all(
    seeds: range,
    *,
    processes: int | None = None,
    progress: Callable[[Summary], None] = lambda summary: None,
) -> Summary:
    """Play the seeds in several processes at once.

    Parameters
    ----------
    processes
        How many; as many as there are processors when not given.
    progress
        Told of each part that is done, with the sum so far.
    """
    total = Summary()
    with multiprocessing.get_context("spawn").Pool(processes or os.cpu_count()) as pool:
        for part in pool.imap_unordered(play, _chunks(seeds)):
            total += part
            progress(total)
    return total


def _chunks(seeds: range) -> Iterator[range]:
    for start in range(0, len(seeds), CHUNK):
        yield seeds[start : start + CHUNK]


def told(violations: Iterable[Verdict]) -> str:
    """The violations in words, each with the command that plays it again."""
    lines = []
    for verdict in violations:
        lines.append(f"seed {verdict.seed} ({verdict.plan}): {verdict.violation}")
        lines.append(f"    replay: make simulate SEED={verdict.seed}")
    return "\n".join(lines)
