"""On a schedule, asks each worker what it is and has."""

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.functions.describe_workers import describe_workers
from bellpair_core.model.errors import TransientFault
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)
LEDGER, WORKERS, FUNCTIONS = WORLD.ledger, WORLD.workers, WORLD.functions


def handler(event: dict[str, Any], context: Any) -> dict[str, bool]:
    """Take anything; give whether each worker answered. A passive region asks none."""
    begin(WORLD, context)
    if LEDGER.pair().active != WORLD.settings.region:
        return {}
    answered = describe_workers(
        WORLD.settings.workers, workers=WORKERS, functions=FUNCTIONS, clock=WORLD.clock
    )
    LOGGER.info("workers described", extra={"answered": answered})
    if silent := [name for name, told in answered.items() if not told]:
        # The others are known; the alarm on this function's errors tells of these.
        raise TransientFault(f"no word of: {', '.join(silent)}")
    return answered
