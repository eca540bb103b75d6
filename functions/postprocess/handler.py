"""Turns a finished task into the job's result."""

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.devices.observe_quality import QualityWatch
from bellpair_core.logic.tasks.process_result import process_result
from bellpair_core.logic.tasks.renewal import Renewal
from bellpair_core.stage import stage

WORLD = World.from_environment(os.environ)
LEDGER, BLOBS, TASKS = WORLD.ledger, WORLD.blobs, WORLD.tasks
DEVICES, BREAKERS = WORLD.devices, WORLD.breakers
RENEWAL = Renewal(WORLD.ingestions, WORLD.catalogue.devices, BLOBS, WORLD.clock, WORLD.settings)
OBSERVE = QualityWatch(LEDGER, WORLD.clock, lambda: WORLD.announcements)


@stage(WORLD)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take ``{"job_id", "epoch", "attempt", "task_arn"}``."""
    return process_result(
        event["job_id"],
        event["epoch"],
        event["attempt"],
        event["task_arn"],
        ledger=LEDGER,
        blobs=BLOBS,
        tasks=TASKS,
        clock=WORLD.clock,
        devices=DEVICES,
        breakers=BREAKERS,
        renewal=RENEWAL,
        observe=OBSERVE,
    )
