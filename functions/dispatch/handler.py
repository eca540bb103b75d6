"""Woken by submissions, finished tasks and a schedule: starts jobs on devices with room."""

import json
import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.jobs.dispatch_jobs import dispatch_jobs, queues_of
from bellpair_core.logic.jobs.waiting_needs import WaitingNeeds
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)
LEDGER, JOURNAL, WORKFLOWS = WORLD.ledger, WORLD.journal, WORLD.workflows
PAIR, DEVICES, BREAKERS = WORLD.pair, WORLD.devices, WORLD.breakers
NEEDS = WaitingNeeds(LEDGER)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take wake-up messages of the queue, or a scheduled call, which names none and means all."""
    begin(WORLD, context)
    messages = [json.loads(record["body"]) for record in event.get("Records", [{"body": "{}"}])]
    started = dispatch_jobs(
        ledger=LEDGER,
        journal=JOURNAL,
        workflows=WORKFLOWS,
        clock=WORLD.clock,
        region=WORLD.settings.region,
        pair=PAIR,
        devices=DEVICES,
        breakers=BREAKERS,
        spent=lambda: WORLD.meter.take(requests=0),
        queues=queues_of(messages),
        needs=NEEDS,
    )
    LOGGER.info("dispatched", extra={"started": started})
    return {"started": len(started)}
