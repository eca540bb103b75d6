"""Beats for its region, and has it promoted when the peer is lost."""

import os
import time
from functools import partial
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from bellpair_core.adapters.threads import at_once
from bellpair_core.composition import World
from bellpair_core.logic.pair.keep_watch import keep_watch
from bellpair_core.logic.pair.watch_peer import Round, Verdict, Watch, probe
from bellpair_core.metrics import region_metrics
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)
WATCH = Watch(WORLD.settings.sentinel)
METRICS = region_metrics(WORLD.settings)
PROBE = partial(
    probe,
    WATCH,
    ledger=WORLD.hasty_ledger,
    peers=WORLD.peers,
    operations=WORLD.operations,
    wakeups=WORLD.peer_wakeups,
    clock=WORLD.clock,
    monotonic=time.monotonic,
    at_once=at_once,
    settings=WORLD.settings,
)


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Take anything; watch until the next call is near, and give the number of rounds."""
    begin(WORLD, context)
    try:
        rounds = keep_watch(
            WATCH,
            PROBE,
            WORLD.settings.sentinel,
            remaining_s=context.get_remaining_time_in_millis() / 1000,
            monotonic=time.monotonic,
            sleep=time.sleep,
            heard=count,
        )
    finally:
        METRICS.flush_metrics()
    LOGGER.info("watched", extra={"rounds": rounds})
    return {"rounds": rounds}


def count(seen: Round) -> None:
    """Put a round into the metrics; a blind one is missed by who watches for silence."""
    if seen.pair is None:
        return
    METRICS.add_metric("Probes", MetricUnit.Count, 1)
    METRICS.add_metric("PeerHealthy", MetricUnit.Count, int(seen.verdict is Verdict.ALIVE))
    METRICS.add_metric("Epoch", MetricUnit.Count, seen.pair.epoch)
    METRICS.add_metric("PausedSeconds", MetricUnit.Seconds, seen.paused_s(WORLD.clock()))
    if seen.canary_s is not None:
        METRICS.add_metric("CanarySeconds", MetricUnit.Seconds, seen.canary_s)
