"""Adopts a page of one shard's unfinished jobs after this region was promoted."""

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.jobs.adopt_jobs import adopt_jobs
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)
LEDGER, WORKFLOWS, WAKEUPS = WORLD.ledger, WORLD.workflows, WORLD.wakeups


def handler(event: dict[str, Any], context: Any) -> dict[str, int | bool]:
    """Take ``{"shard", "epoch", "operation_id"}``; say how many, and whether there are more."""
    begin(WORLD, context, operation=event["operation_id"], shard=event["shard"])
    done = adopt_jobs(
        event["shard"],
        event["epoch"],
        ledger=LEDGER,
        workflows=WORKFLOWS,
        wakeups=WAKEUPS,
        clock=WORLD.clock,
        region=WORLD.settings.region,
    )
    LOGGER.info("adopted", extra=done)
    return done
