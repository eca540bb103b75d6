"""One schedule: what a seed makes happen, and the verdict on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .functions import HANDLERS, Handler
from .plan import draw
from .world import World

QUIET_SECONDS = 1200.0
"""Simulated time within which everything is over once no more faults happen."""

LOOK_SECONDS = 5.0
TAIL_SECONDS = 65.0
"""One more beat of the dispatcher, which frees what was left taken."""


@dataclass
class Verdict:
    """What became of one schedule.

    Attributes
    ----------
    violation
        The first broken invariant, or ``None``.
    promoted_at_stage
        Jobs by their stage at a promotion.
    facts
        Counts of what was met.
    seconds
        Simulated time.
    quiet_seconds
        How much of it passed between the last fault and the end of the last job.
    """

    seed: int
    violation: str | None
    plan: str
    promoted_at_stage: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    quiet_seconds: float = 0.0
    steps: int = 0
    history: list[str] = field(default_factory=list)


def simulate(
    seed: int,
    *,
    verbose: bool = False,
    handlers: Mapping[str, Handler] = HANDLERS,
    broken: Callable[[World], None] | None = None,
) -> Verdict:
    """Play the schedule of a seed.

    Parameters
    ----------
    verbose
        Keep the history in words.
    handlers, broken
        What a deliberate break changes.
    """
    world = World(seed, verbose=verbose, handlers=handlers)
    plan = draw(world)
    if broken is not None:
        broken(world)
    scheduler, referee = world.scheduler, world.referee
    scheduler.run(until=plan.faults_end)
    if referee.violation is None:
        world.still()
        deadline = scheduler.now + QUIET_SECONDS
        _until_settled(world, deadline)
    quiet_seconds = scheduler.now - plan.faults_end
    if referee.violation is None:
        scheduler.run(until=scheduler.now + TAIL_SECONDS)
        # A sentinel's last canary may have come meanwhile.
        _until_settled(world, deadline)
    if referee.violation is None:
        referee.judge_end()
        buckets = {name: region.bucket.blobs for name, region in world.regions.items()}
        referee.judge_blobs(buckets)
        referee.judge_functions(buckets)
    verdict = Verdict(
        seed,
        referee.violation,
        plan.name,
        referee.promoted_at_stage,
        referee.facts,
        scheduler.now,
        quiet_seconds,
        scheduler.steps,
        world.history.lines,
    )
    world.end()
    return verdict


def _until_settled(world: World, deadline: float) -> None:
    while world.scheduler.now < deadline and world.referee.violation is None:
        if world.settled:
            return
        world.scheduler.run(until=world.scheduler.now + LOOK_SECONDS)
