"""The steps of the failover machine: the only function that writes the pair record."""

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.pair.failover_steps import FailoverSteps
from bellpair_core.model.pair import Order
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)
STEPS = FailoverSteps(
    ledger=WORLD.ledger,
    wakeups=WORLD.wakeups,
    clock=WORLD.clock,
    settings=WORLD.settings,
    peers=lambda: WORLD.peers,
    tasks=lambda: WORLD.tasks,
    announcements=lambda: WORLD.announcements,
)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take ``{"step", "operation", "result"}``; ``result`` is what the step before gave."""
    order = Order.model_validate(event["operation"])
    begin(WORLD, context, operation=order.id, step=event["step"])
    done = STEPS.take(event["step"], order, event.get("result") or {})
    LOGGER.info("step done", extra={"outcome": done})
    return done
