"""Drills in which an operator changes the active region: there, and back to the primary one."""

from __future__ import annotations

from bellpair_local.drills.awaiting import await_adopted, await_takeover
from bellpair_local.drills.rehearsal import Rehearsal


def switchover(drill: Rehearsal) -> None:
    """Have an operator switch the active region under load."""
    drill.begin()
    drill.until_outage()
    _change(drill, "switchover")


def failback(drill: Rehearsal) -> None:
    """Have an operator switch back to the primary region under load."""
    drill.observe()
    if drill.active() == drill.site.regions[0]:
        drill.tell("the primary region is active: switching to the other one first")
        epoch = drill.epoch()
        await_takeover(drill, drill.command("switchover"), epoch, planned=True)
        await_adopted(drill)
    drill.begin()
    drill.until_outage()
    _change(drill, "failback")


def _change(drill: Rehearsal, what: str) -> None:
    epoch = drill.epoch()
    since = drill.command(what)
    await_takeover(drill, since, epoch, planned=True)
    await_adopted(drill)
