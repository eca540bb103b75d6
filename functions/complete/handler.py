"""Hears from the device service that a task changed, and wakes the execution that waits."""

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.tasks.task_changed import task_changed
from bellpair_core.ports import TaskStatus
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)
LEDGER, WORKFLOWS = WORLD.ledger, WORLD.workflows


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take a ``Braket Task State Change`` event."""
    begin(WORLD, context)
    detail = event["detail"]
    outcome = task_changed(
        LEDGER,
        WORKFLOWS,
        WORLD.journal,
        WORLD.settings.region,
        detail["quantumTaskArn"],
        TaskStatus(detail["status"]),
        detail.get("outputS3Bucket", ""),
        detail.get("outputS3Directory", ""),
        WORLD.settings.result_buckets.values(),
        WORLD.meter.take,
    )
    LOGGER.info("task changed", extra={"task": detail["quantumTaskArn"], "outcome": outcome})
    return {"outcome": outcome}
