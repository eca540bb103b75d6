"""The drill in which a zone goes: a third of the active region's workers, at once."""

from __future__ import annotations

from bellpair_local import outages
from bellpair_local.drills.rehearsal import Rehearsal

LOSSES = 3


def zone_loss(drill: Rehearsal) -> None:
    """Kill a third of the active region's workers, three times under load."""
    drill.begin()
    for number in range(LOSSES):
        drill.until_answered(round(drill.plan.jobs * (number + 1) / (LOSSES + 1)))
        lose_zone(drill, number)


def lose_zone(drill: Rehearsal, number: int) -> None:
    """Kill one third of the workers that run now."""
    region = drill.active()
    killed = outages.lose_zone(drill.site.cloud, region, number, drill.plan.seed)
    drill.mark(f"zone lost in {region}: {killed} workers")
    drill.notes["workers_killed"] = drill.notes.get("workers_killed", 0) + killed
