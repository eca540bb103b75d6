"""Runs a job's compiled program on its device, once."""

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.tasks.launch_task import launch_task
from bellpair_core.logic.tasks.renewal import Renewal
from bellpair_core.stage import stage

WORLD = World.from_environment(os.environ)
LEDGER, BLOBS, TASKS, WORKFLOWS = WORLD.ledger, WORLD.blobs, WORLD.tasks, WORLD.workflows
DEVICES, BREAKERS = WORLD.devices, WORLD.breakers
RENEWAL = Renewal(WORLD.ingestions, WORLD.catalogue.devices, BLOBS, WORLD.clock, WORLD.settings)


@stage(WORLD)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take ``{"job_id", "epoch", "attempt", "task_token"}``; the execution waits for the answer."""
    launch_task(
        event["job_id"],
        event["epoch"],
        event["attempt"],
        event["task_token"],
        ledger=LEDGER,
        blobs=BLOBS,
        tasks=TASKS,
        workflows=WORKFLOWS,
        clock=WORLD.clock,
        settings=WORLD.settings,
        devices=DEVICES,
        breakers=BREAKERS,
        renewal=RENEWAL,
        spent=WORLD.meter.take,
    )
    return {}
