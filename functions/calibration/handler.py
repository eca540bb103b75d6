"""On a schedule, when a device changes and when asked, brings state and calibration in."""

import os
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from bellpair_core.composition import World
from bellpair_core.logic.devices.ingest_calibration import Ingestion
from bellpair_core.logic.devices.observed_quality import ObservedQuality
from bellpair_core.metrics import region_metrics
from bellpair_core.model.errors import TransientFault
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)
METRICS = region_metrics(WORLD.settings)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take ``{"ingest": NAME}``, and give what came of it; take anything else for all devices."""
    begin(WORLD, context)
    asked = event.get("ingest")
    devices = [one for one in WORLD.settings.devices if asked in (None, one.name)]
    observed = ObservedQuality(WORLD.ledger)
    ingest = Ingestion(
        WORLD.tasks, WORLD.catalogue, WORLD.blobs, WORLD.clock, WORLD.settings.region, observed
    )
    done = {name: one.model_dump() for name, one in ingest(devices).items()}
    if asked is None:
        METRICS.add_metric("FidelityRegressions", MetricUnit.Count, len(observed.regressed))
        METRICS.flush_metrics()
    LOGGER.info("calibrations are in", extra={"calibrations": done})
    problems = [f"{name} ({one['problem']})" for name, one in done.items() if one["problem"]]
    if problems and asked is None:
        # The others are in; the alarm on this function's errors tells of these.
        raise TransientFault(f"not brought in: {'; '.join(problems)}")
    return done
