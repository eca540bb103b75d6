"""Leaves a function waiting, outside of any process, for the tasks of its call."""

import os
from functools import partial
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.journal.kept_journals import KeptJournals
from bellpair_core.logic.runs.park_function import park_function
from bellpair_core.stage import stage

WORLD = World.from_environment(os.environ)
LEDGER, JOURNAL, WORKFLOWS = WORLD.ledger, WORLD.journal, WORLD.workflows
DESK, JOURNALS = WORLD.call_desk, KeptJournals(JOURNAL)


@stage(WORLD)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take ``{"job_id", "epoch", "attempt", "task_token"}``; the execution waits for an answer."""
    waits_for = park_function(
        event["job_id"],
        event["epoch"],
        event["attempt"],
        event["task_token"],
        ledger=LEDGER,
        journal=JOURNAL,
        workflows=WORKFLOWS,
        clock=WORLD.clock,
        desk=DESK,
        spent=partial(WORLD.meter.take, requests=0),
        journals=JOURNALS,
    )
    return {"waits_for": waits_for}
