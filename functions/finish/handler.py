"""Ends a job: writes its terminal state, frees its place, wakes the dispatcher."""

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.jobs.finish_job import finish_job
from bellpair_core.stage import stage, total_usage

WORLD = World.from_environment(os.environ)
LEDGER, WAKEUPS, ENDS = WORLD.ledger, WORLD.wakeups, WORLD.ends


@stage(WORLD)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take the execution's whole state; ``error`` is there where a stage failed for good."""
    status = finish_job(
        event["job_id"],
        event["epoch"],
        event["attempt"],
        event.get("error"),
        total_usage(event) + WORLD.meter.take(),
        ledger=LEDGER,
        tasks=WORLD.tasks,
        wakeups=WAKEUPS,
        clock=WORLD.clock,
        settings=WORLD.settings,
        journal=WORLD.journal,
        ends=ENDS,
    )
    return {"status": status}
