"""Drills in which a whole region goes: killed at once, or stopped and let run again."""

from __future__ import annotations

from bellpair_local import healing, outages
from bellpair_local.drills.awaiting import await_adopted, await_passive, await_takeover, settle
from bellpair_local.drills.rehearsal import Rehearsal


def region_loss(drill: Rehearsal) -> None:
    """Kill the active region in the middle of the load; bring it back when the rest is over."""
    drill.begin()
    drill.until_outage()
    region, _ = kill_active(drill)
    drill.until_submitted()
    drill.waiting_at_loss = settle(drill)
    drill.mark(f"only what waits for {region} is left: {drill.waiting_at_loss} jobs")
    bring_back(drill, region)


def kill_active(drill: Rehearsal) -> tuple[str, float]:
    """Kill the active region and wait until the other has taken over; which it was, and when."""
    region, epoch = drill.active(), drill.epoch()
    drill.lose(region)
    cloud = drill.site.cloud
    drill.breaks(f"heal {region}", lambda: healing.heal(cloud, region, drill.tell))
    since = drill.mark(f"{region} killed")
    outages.kill(cloud, region)
    await_takeover(drill, since, epoch)
    await_adopted(drill)
    return region, since


def bring_back(drill: Rehearsal, region: str) -> None:
    """Heal a killed region, if the drill is to."""
    if not drill.heal:
        drill.leaves(f"heal {region}")
        return
    drill.tell(f"healing {region}")
    drill.mends(f"heal {region}")
    drill.mark(f"{region} healed")
    drill.regain()


def region_freeze(drill: Rehearsal) -> None:
    """Stop the active region, and let it run again while the other works.

    What the zombie does then must not count, and it must find out that it is passive.
    """
    drill.begin()
    drill.until_outage()
    region, epoch = drill.active(), drill.epoch()
    cloud = drill.site.cloud
    drill.lose(region)
    drill.breaks(f"thaw {region}", lambda: outages.thaw(cloud, region))
    since = drill.mark(f"{region} frozen")
    outages.freeze(cloud, region)
    await_takeover(drill, since, epoch)
    await_adopted(drill)
    drill.until_answered(round(drill.plan.jobs * 0.8))
    drill.waiting_at_loss = drill.unfinished_waiting()
    drill.mends(f"thaw {region}")
    thawed = drill.mark(f"{region} thawed")
    drill.regain()
    await_passive(drill, region, thawed, epoch)
