"""Whether the pair is in a state from which a drill can begin."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bellpair.errors import BellpairError
from bellpair_local.drills.observer import HealthWatch, PairWatch
from bellpair_local.drills.records import HealthSample, moment
from bellpair_local.drills.site import NotReady, Site

READY_SECONDS = 180.0
COOL_DOWN_SECONDS = 12.0
"""The local stage's sentinels promote not sooner than 10 s after the last promotion."""
FRESH_SECONDS = 1.5


class Readiness:
    """Looks at the pair again and again; a sentinel is at work when its counter moves meanwhile.

    Parameters
    ----------
    regions
        The pair's regions.
    """

    def __init__(self, regions: Sequence[str]) -> None:
        self._regions = regions
        self._counters: dict[str, Any] = {}
        self._beating: set[str] = set()

    def obstacle(
        self, pair: Mapping[str, Any], health: Sequence[HealthSample], now: float
    ) -> str | None:
        """Why no drill can begin yet, or ``None``.

        Parameters
        ----------
        pair
            What ``GET /v1/pair`` told.
        health
            The regions' answers so far.
        now
            Seconds since 1970.
        """
        self._count(pair.get("beats") or {})
        fresh = [s for s in health if s.received > now - FRESH_SECONDS and s.status == 200]
        well = {s.region for s in fresh if s.epoch == pair.get("epoch")}
        operation = pair.get("operation") or {}
        promoted = pair.get("promoted_at")
        obstacles = {
            "an operator's hold is in force; `bellpair pair release` ends it": pair.get("hold"),
            "an operation on the pair is under way": operation.get("outcome") == "running",
            "the pair is paused": pair.get("mode") != "accepting",
            f"no good answer from {self._missing(well)}": self._missing(well),
            f"no beat of the sentinel of {self._missing(self._beating)}": self._missing(
                self._beating
            ),
            "the last promotion was a moment ago": promoted
            and now - moment(promoted) < COOL_DOWN_SECONDS,
        }
        return next((text for text, there in obstacles.items() if there), None)

    def _count(self, beats: Mapping[str, Mapping[str, Any]]) -> None:
        for region in self._regions:
            counter = (beats.get(region) or {}).get("counter")
            if counter is not None and counter != self._counters.setdefault(region, counter):
                self._beating.add(region)

    def _missing(self, found: set[str]) -> str:
        return ", ".join(region for region in self._regions if region not in found)


def await_ready(
    site: Site, pair: PairWatch, health: HealthWatch, tell: Callable[[str], None]
) -> None:
    """Wait until both regions are well, no operation runs and a promotion may follow.

    Raises
    ------
    NotReady
        If that takes too long.
    """
    tell("waiting until both regions are well and watched over")
    deadline = time.monotonic() + READY_SECONDS
    readiness = Readiness(site.regions)
    why: str | None = "no region has answered"
    while time.monotonic() < deadline:
        try:
            pair.look()
            why = readiness.obstacle(pair.pair, health.samples, time.time())
        except BellpairError as error:
            why = str(error)
        if why is None:
            return
        time.sleep(0.5)
    raise NotReady(
        f"The pair did not get ready for a drill within {READY_SECONDS:.0f} s: {why}.",
        "Look at `bellpair pair status`, `bellpair health` and `bellpair local status`.",
    )
