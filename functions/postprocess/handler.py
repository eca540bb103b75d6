"""Turns a finished task into the job's result."""

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.process_result import process_result
from bellpair_core.stage import stage

WORLD = World.from_environment(os.environ)
LEDGER, BLOBS, TASKS = WORLD.ledger, WORLD.blobs, WORLD.tasks


@stage(WORLD)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take ``{"job_id", "epoch", "task_arn"}``."""
    return process_result(
        LEDGER, BLOBS, TASKS, WORLD.clock, event["job_id"], event["epoch"], event["task_arn"]
    )
