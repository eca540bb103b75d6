"""On a beat, looks after jobs that nothing has moved for a while."""

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.sweep_jobs import sweep_jobs
from bellpair_core.model.errors import TransientFault
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)
LEDGER, TASKS, WORKFLOWS, WAKEUPS = WORLD.ledger, WORLD.tasks, WORLD.workflows, WORLD.wakeups


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Take a beat; give how many jobs needed what."""
    begin(WORLD, context)
    done = sweep_jobs(
        ledger=LEDGER,
        tasks=TASKS,
        workflows=WORKFLOWS,
        wakeups=WAKEUPS,
        clock=WORLD.clock,
        settings=WORLD.settings,
    )
    LOGGER.info("swept", extra=done)
    if done["failed"]:
        # The others were looked after; the alarm on this function's errors tells of these.
        raise TransientFault(f"{done['failed']} jobs could not be looked after")
    return done
