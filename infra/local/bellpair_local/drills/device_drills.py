"""Drills in which devices fail: a QPU goes offline, or the events of tasks do not arrive."""

from __future__ import annotations

import time

from bellpair_local import outages
from bellpair_local.control import call
from bellpair_local.drills.awaiting import settle
from bellpair_local.drills.event_storm import EventStorm
from bellpair_local.drills.rehearsal import Rehearsal

QPUS = ("ion-11", "square-20")
QPU_QUEUE_S = 1.5
QUEUE_S = 0.5
"""How long each task waits at a QPU, and at another device."""
BUSY = "let the devices work at once"
OFFLINE_SECONDS = 20.0
BREAKER_SECONDS = 90.0
CLOSED = "closed"


def keep_busy(drill: Rehearsal) -> None:
    """Have every task wait at its device for a while, so that a loss meets some under way."""
    cloud = drill.site.cloud
    before = {name: outages.device(cloud, name) for name in drill.device_names()}

    def as_before() -> None:
        for name, homes in before.items():
            for region, settings in homes.items():
                delay = settings["queue_delay_s"]
                outages.device(cloud, name, region=region, queue_delay_s=delay)

    drill.breaks(BUSY, as_before)
    for name in before:
        outages.device(cloud, name, queue_delay_s=QPU_QUEUE_S if name in QPUS else QUEUE_S)


def qpu_loss(drill: Rehearsal) -> None:
    """Take a QPU offline with tasks in its queue, and bring it back when the rest is over."""
    device = drill.plan.chance("qpu").choice(QPUS)
    drill.begin()
    drill.until_outage()
    lose_qpu(drill, device)
    drill.until_submitted()
    drill.waiting_at_loss = settle(drill)
    drill.mark(f"only what waits for {device} is left: {drill.waiting_at_loss} jobs")
    drill.notes["waiting_jobs_that_say_so"] = sum(
        job is not None and job.waiting_for is not None for job in drill.jobs.unfinished.values()
    )
    regain_qpu(drill, device)


def lose_qpu(drill: Rehearsal, device: str) -> None:
    """Take a QPU offline."""
    cloud = drill.site.cloud
    drill.breaks(
        f"bring {device} back",
        lambda: outages.device(cloud, device, status="ONLINE", drop_events=False),
    )
    drill.lose_device(device)
    lost_at = drill.mark(f"{device} goes offline")
    drill.qpu_away = (device, lost_at, float("inf"))
    drill.notes["qpu"] = device
    # Nor does it tell that it went: who relies on being told would never know.
    outages.device(cloud, device, drop_events=True)
    outages.device(cloud, device, status="OFFLINE")


def regain_qpu(drill: Rehearsal, device: str) -> None:
    """Bring it back, and wait until its breaker has closed again if it ever opened."""
    assert drill.qpu_away is not None
    _, lost_at, _ = drill.qpu_away
    time.sleep(max(0.0, lost_at + OFFLINE_SECONDS - time.time()))
    drill.mends(f"bring {device} back")
    drill.qpu_away = (device, lost_at, drill.mark(f"{device} is online again"))
    drill.regain()
    deadline = time.monotonic() + BREAKER_SECONDS
    while time.monotonic() < deadline:
        states = [state for at, state in drill.pair.breakers.get(device, []) if at >= lost_at]
        if not states or states[-1] == CLOSED:
            break
        time.sleep(0.2)
    states = [state for at, state in drill.pair.breakers.get(device, []) if at >= lost_at]
    drill.notes["breaker_states"] = states


def event_loss(drill: Rehearsal) -> None:
    """Drop every event of the devices, then repeat them all in any order."""
    devices = sorted(drill.device_names())
    drill.begin()
    drill.until_answered(round(drill.plan.jobs * 0.15))
    drill.breaks(
        "let the devices tell events",
        lambda: _drop_events(drill, devices, drop=False),
    )
    _drop_events(drill, devices, drop=True)
    drill.mark("events are dropped")
    drill.until_answered(round(drill.plan.jobs * 0.55))
    drill.mends("let the devices tell events")
    drill.breaks("deliver events in order", lambda: _disorder(drill, {}))
    disorder = {"event_duplicate_rate": 0.5, "event_reorder_ms": 3000, "seed": drill.plan.seed}
    _disorder(drill, disorder)
    drill.mark("events come repeated and in any order")
    with EventStorm(drill.site, drill.plan.chance("events")) as storm:
        drill.until_submitted()
        settle(drill)
    drill.mends("deliver events in order")
    drill.notes["events_repeated"] = storm.sent


def _drop_events(drill: Rehearsal, devices: list[str], *, drop: bool) -> None:
    for name in devices:
        outages.device(drill.site.cloud, name, drop_events=drop)


def _disorder(drill: Rehearsal, faults: dict[str, float]) -> None:
    for region in drill.site.topology.regions:
        call(region, "PUT" if faults else "DELETE", "/_faults", faults or None)
