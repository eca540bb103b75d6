"""Compiles a job's program for its device."""

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.tasks.compile_job import compile_job
from bellpair_core.logic.tasks.make_form import FormMaker
from bellpair_core.stage import stage
from bellpair_quantum.stage import JobCompiler

WORLD = World.from_environment(os.environ)
LEDGER, BLOBS = WORLD.ledger, WORLD.blobs
DEVICES, BREAKERS = WORLD.devices, WORLD.breakers
FORMS = FormMaker(JobCompiler(), WORLD.forms, BLOBS)


@stage(WORLD)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take ``{"job_id", "epoch", "attempt"}``; give the calibration that was compiled against."""
    return compile_job(
        event["job_id"],
        event["epoch"],
        event["attempt"],
        ledger=LEDGER,
        devices=DEVICES,
        newest=WORLD.catalogue.devices,
        breakers=BREAKERS,
        blobs=BLOBS,
        clock=WORLD.clock,
        forms=FORMS,
        spent=WORLD.meter.take,
    )
