"""Says what comes next for a function: another run, more waiting, or its end."""

import os
from functools import partial
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.runs.resume_function import Resumption
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)
RESUMPTION = Resumption(
    ledger=WORLD.ledger,
    journal=WORLD.journal,
    workflows=WORLD.workflows,
    clock=WORLD.clock,
    settings=WORLD.settings,
    desk=WORLD.call_desk,
    spending=WORLD.spending,
    spent=partial(WORLD.meter.take, requests=0),
)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take ``{"job_id", "epoch", "attempt", "runs", "crash"}``; see `Resumption.resume`."""
    keys = {key: event.get(key) for key in ("job_id", "epoch", "attempt", "trace_id")}
    begin(WORLD, context, **keys)
    answer = RESUMPTION.resume(
        event["job_id"],
        event["epoch"],
        event["attempt"],
        turn=int(event.get("runs") or 0),
        crash=event.get("crash"),
    )
    # The ticket is the run's alone.
    told = {key: value for key, value in answer.items() if key != "ticket"}
    LOGGER.info("stage done", extra={"outcome": told})
    return {**answer, "usage": WORLD.meter.take().model_dump(exclude_defaults=True)}
