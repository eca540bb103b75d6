"""On a schedule, when a device changes and when asked, brings state and calibration in."""

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.devices.ingest_calibration import Ingestion
from bellpair_core.model.errors import TransientFault
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)
INGEST = Ingestion(WORLD.tasks, WORLD.catalogue, WORLD.blobs, WORLD.clock, WORLD.settings.region)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take ``{"ingest": NAME}``, and give what came of it; take anything else for all devices."""
    begin(WORLD, context)
    asked = event.get("ingest")
    devices = [one for one in WORLD.settings.devices if asked in (None, one.name)]
    done = {name: one.model_dump() for name, one in INGEST(devices).items()}
    LOGGER.info("calibrations are in", extra={"calibrations": done})
    problems = [f"{name} ({one['problem']})" for name, one in done.items() if one["problem"]]
    if problems and asked is None:
        # The others are in; the alarm on this function's errors tells of these.
        raise TransientFault(f"not brought in: {'; '.join(problems)}")
    return done
