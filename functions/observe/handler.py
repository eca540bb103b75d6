"""On a schedule, leaves circuits with a known answer for the QPUs, where an operator pays."""

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.jobs.send_mirrors import send_mirrors
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take anything; give the jobs that were made."""
    begin(WORLD, context)
    made = send_mirrors(
        WORLD.settings.quality,
        ledger=WORLD.ledger,
        wakeups=WORLD.wakeups,
        clock=WORLD.clock,
        region=WORLD.settings.region,
        pair=WORLD.pair,
        devices=WORLD.devices,
        breakers=WORLD.breakers,
    )
    LOGGER.info("QPUs are tried", extra={"jobs": made})
    return {"jobs": made}
