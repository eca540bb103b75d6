"""The drill in which links go: the active region cut from the ledger, then from its peer."""

from __future__ import annotations

import time

from bellpair_local import outages
from bellpair_local.drills.awaiting import await_adopted, await_passive, await_takeover
from bellpair_local.drills.readiness import COOL_DOWN_SECONDS
from bellpair_local.drills.rehearsal import Rehearsal

WITNESS = "witness"
PARTED_SECONDS = 15.0
"""How long the regions are cut from each other: several times what a sentinel takes to decide."""


def partition(drill: Rehearsal) -> None:
    """Cut the active region from the ledger: the other takes over. Cut it from its peer: nothing.

    Between the two the clients pause until another promotion would be allowed, so that its absence
    says something.
    """
    first_part = round(drill.plan.jobs * 0.6)
    drill.hold_load_at(first_part)
    drill.begin()
    drill.until_answered(round(drill.plan.jobs * 0.25))
    old = _cut_from_ledger(drill)
    drill.until_answered(first_part)
    drill.mends(f"join {old} and the ledger")
    joined = drill.mark(f"{old} reaches the ledger again")
    await_passive(drill, old, joined, drill.epoch() - 1)
    # A promotion right after the first one would be refused in any case.
    drill.await_well()
    _cut_from_peer(drill)


def _cut_from_ledger(drill: Rehearsal) -> str:
    region, epoch = drill.active(), drill.epoch()
    cloud = drill.site.cloud
    drill.breaks(f"join {region} and the ledger", lambda: outages.join(cloud, region, WITNESS))
    since = drill.mark(f"{region} cut from the ledger")
    outages.part(cloud, region, WITNESS)
    await_takeover(drill, since, epoch)
    await_adopted(drill)
    return region


def _cut_from_peer(drill: Rehearsal) -> None:
    active, epoch, accepted = drill.active(), drill.epoch(), drill.load.accepted
    peer, cloud = drill.site.other(active), drill.site.cloud
    drill.breaks(f"join {active} and {peer}", lambda: outages.join(cloud, active, peer))
    since = drill.mark(f"{active} cut from {peer}")
    outages.part(cloud, active, peer)
    drill.release_load()
    drill.until_submitted()
    time.sleep(max(0.0, since + max(PARTED_SECONDS, COOL_DOWN_SECONDS) - time.time()))
    drill.notes["accepted_while_parted"] = drill.load.accepted - accepted
    drill.notes["promotions_while_parted"] = drill.epoch() - epoch
    drill.mends(f"join {active} and {peer}")
    drill.mark(f"{active} and {peer} reach each other again")
