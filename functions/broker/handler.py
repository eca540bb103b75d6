"""Serves running functions: checks their requests, makes their quantum calls, keeps their journals.

A running function has no rights of its own; whatever it gets, it gets here, for its own job.
"""

import os
import time
from functools import partial
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.runs.broker import Broker
from bellpair_core.logic.runs.quantum_call import CallPlanner
from bellpair_core.logic.tasks.make_form import FormMaker
from bellpair_core.stage import LOGGER, begin
from bellpair_quantum.stage import JobCompiler

WORLD = World.from_environment(os.environ)
BROKER = Broker(
    ledger=WORLD.ledger,
    journal=WORLD.journal,
    blobs=WORLD.blobs,
    clock=WORLD.clock,
    settings=WORLD.settings,
    planner=CallPlanner(
        WORLD.blobs,
        WORLD.clock,
        WORLD.settings,
        WORLD.devices,
        WORLD.breakers,
        FormMaker(JobCompiler(), WORLD.forms, WORLD.blobs),
    ),
    desk=WORLD.call_desk,
    spending=WORLD.spending,
    pause=time.sleep,
    patience_s=WORLD.settings.call_patience_s,
    spent=partial(WORLD.meter.take, requests=0),
)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take a run's request; see `Broker.answer`."""
    begin(WORLD, context, job_id=event.get("job_id"), run=event.get("run"))
    answer = BROKER.answer(event)
    if refused := answer.get("refused"):
        LOGGER.info("refused", extra={"op": event.get("op"), "refusal": refused})
    return answer
