"""Serves running functions: checks their requests, makes their quantum calls, keeps their journals.

A running function has no rights of its own; whatever it gets, it gets here, for its own job.
"""

import os
import time
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.devices.device_breaker import Breakers
from bellpair_core.logic.recent import Recent
from bellpair_core.logic.runs.broker import Broker
from bellpair_core.logic.runs.call_desk import CallDesk
from bellpair_core.logic.runs.quantum_call import CallPlanner
from bellpair_core.logic.runs.spending import Spending
from bellpair_core.logic.tenants.recent_tenants import RecentTenants
from bellpair_core.stage import LOGGER, begin
from bellpair_quantum.stage import compile_for_job

WORLD = World.from_environment(os.environ)
DEVICES = Recent(WORLD.catalogue.devices, WORLD.clock)
BREAKERS = Breakers(WORLD.ledger, WORLD.clock)
BROKER = Broker(
    ledger=WORLD.ledger,
    journal=WORLD.journal,
    blobs=WORLD.blobs,
    clock=WORLD.clock,
    settings=WORLD.settings,
    planner=CallPlanner(
        WORLD.blobs, WORLD.clock, WORLD.settings, DEVICES, BREAKERS, compile_for_job
    ),
    desk=CallDesk(
        WORLD.ledger,
        WORLD.blobs,
        WORLD.tasks,
        WORLD.wakeups,
        WORLD.clock,
        WORLD.settings,
        DEVICES,
        BREAKERS,
    ),
    spending=Spending(
        WORLD.journal, WORLD.clock, RecentTenants(WORLD.catalogue.tenant, WORLD.clock)
    ),
    pause=time.sleep,
    patience_s=WORLD.settings.call_patience_s,
)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take a run's request; see `Broker.answer`."""
    begin(WORLD, context, job_id=event.get("job_id"), run=event.get("run"))
    answer = BROKER.answer(event)
    if refused := answer.get("refused"):
        LOGGER.info("refused", extra={"op": event.get("op"), "refusal": refused})
    return answer
