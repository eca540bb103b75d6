"""On a schedule, looks after jobs that nothing has moved for a while, and after their blobs."""

import os
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from bellpair_core.composition import World
from bellpair_core.logic.devices.device_breaker import breakers
from bellpair_core.logic.jobs.repair_blobs import repair_all, repair_marked
from bellpair_core.logic.jobs.sweep_jobs import sweep_jobs
from bellpair_core.metrics import region_metrics
from bellpair_core.model.breaker import BreakerState
from bellpair_core.model.errors import TransientFault
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)
LEDGER, TASKS, WORKFLOWS, WAKEUPS = WORLD.ledger, WORLD.tasks, WORLD.workflows, WORLD.wakeups
METRICS = region_metrics(WORLD.settings)
REGION, PEER = WORLD.settings.region, WORLD.settings.peer_region


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take anything; give how many jobs needed what, and what became of single-copy blobs.

    ``{"repair": "all", "after": digest?}`` compares all blobs of both regions instead; see
    `repair_all`.
    """
    begin(WORLD, context)
    if event.get("repair") == "all":
        repaired = repair_all(WORLD.blobs, REGION, PEER, event.get("after", "")).account()
        LOGGER.info("repaired", extra={"blobs": repaired})
        return repaired
    done = sweep_jobs(
        ledger=LEDGER,
        tasks=TASKS,
        workflows=WORKFLOWS,
        wakeups=WAKEUPS,
        clock=WORLD.clock,
        settings=WORLD.settings,
        journal=WORLD.journal,
        ends=WORLD.ends,
    )
    blobs = repair_marked(WORLD.blobs, REGION, PEER)
    METRICS.add_metric("SingleCopyBlobs", MetricUnit.Count, blobs.left)
    METRICS.add_metric("BreakersOpen", MetricUnit.Count, open_breakers())
    METRICS.flush_metrics()
    LOGGER.info("swept", extra={**done, "blobs": blobs.account()})
    if done["failed"]:
        # The others were looked after; the alarm on this function's errors tells of these.
        raise TransientFault(f"{done['failed']} jobs could not be looked after")
    return {**done, "blobs": blobs.account()}


def open_breakers() -> int:
    """How many devices are kept from jobs; the active region alone counts them."""
    if LEDGER.pair().active != REGION:
        return 0
    names = [device.name for device in WORLD.settings.devices]
    found = breakers(LEDGER, names).values()
    return sum(breaker.state is not BreakerState.CLOSED for breaker in found)
