"""On a schedule, and when a device changes, brings devices' state and calibration in."""

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.devices.ingest_calibration import ingest_calibration
from bellpair_core.model.errors import TransientFault
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)
TASKS, CATALOGUE, BLOBS = WORLD.tasks, WORLD.catalogue, WORLD.blobs


def handler(event: dict[str, Any], context: Any) -> dict[str, str | None]:
    """Take anything; give the calibration id by device."""
    begin(WORLD, context)
    ids = ingest_calibration(
        TASKS,
        CATALOGUE,
        BLOBS,
        WORLD.clock,
        WORLD.settings.devices,
        WORLD.settings.region,
    )
    LOGGER.info("calibrations are in", extra={"calibrations": ids})
    if missing := [name for name, calibration in ids.items() if calibration is None]:
        # The others are in; the alarm on this function's errors tells of these.
        raise TransientFault(f"not brought in: {', '.join(missing)}")
    return ids
