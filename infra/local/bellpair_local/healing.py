"""Brings a region of a running local cloud back from every outage that `outages` can make."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

from bellpair_local.cloud import LocalCloud
from bellpair_local.control import call
from bellpair_local.failures import LocalCloudError
from bellpair_local.outages import emulators, names_of, part_from, region_of, running, set_outage
from bellpair_local.topology import DEPLOYED_FILE, Member, Topology

RESULTS_SECONDS = 900.0
"""How long an emulator may take to write all results again; it writes some hundred a second."""

Progress = Callable[[str], None]


class Healed(BaseModel):
    """What bringing a region back has taken.

    Attributes
    ----------
    restarted
        Whether its process had been lost and came back empty.
    thawed
        How many processes were frozen.
    results
        What the region's Braket emulator wrote again: ``stored``, ``lost`` and ``left``; None
        where nothing was lost.
    blobs
        What the peer's sweeper copied: ``copied``, ``lost``, ``rounds``, and ``problem`` where it
        was given up; the sweeper's own beats go on then. None where there is no sweeper.
    """

    model_config = ConfigDict(frozen=True)

    restarted: bool = False
    thawed: int = 0
    results: dict[str, Any] | None = None
    blobs: dict[str, Any] | None = None


def heal(cloud: LocalCloud, region: str, progress: Progress = lambda step: None) -> Healed:
    """End every outage of a region: bring it back, let it go on, clear its faults.

    A region that was lost comes back empty, as after a disaster: its stacks are deployed, its
    catalogue is copied from its peer, its emulator writes the results again that its S3 has lost,
    and the peer's sweeper copies its blobs. Until all but the last of these is done, it stays
    away for everybody else, so that nobody takes its emptiness for a loss. May be repeated.

    Parameters
    ----------
    progress
        Is told each step, in words.

    Raises
    ------
    LocalCloudError
        If there is no such region, its peer is not well, or a step fails.
    """
    with cloud.exclusively():
        topology = running(cloud)
        member = region_of(cloud, topology, region)
        peers = topology.peers_of(region)
        state = cloud.health_of(member)
        _check_emulator(cloud, topology, region)
        thawed = cloud.thaw(member) if state == "frozen" else 0
        restarted = state in ("dead", "recovering")
        if restarted:
            _check_peers(cloud, region, peers)
        progress(f"Joining {region} with the others")
        for other in (*peers, topology.witness):
            if cloud.health_of(other) == "ok":
                part_from(other, (), no_more=names_of(topology, region))
        results = None
        if restarted:
            results = _restore(cloud, topology, member, progress)
        else:
            call(member, "DELETE", "/_faults")
        set_outage(topology, region, unreachable=False)
        # Imported late: boto3 takes a third of a second that other outages need not wait for.
        from bellpair_local import rollout

        if restarted:
            rollout.open_to_callers(topology, region)
        blobs = None
        healthy = [peer for peer in peers if cloud.health_of(peer) == "ok"]
        if healthy and (topology.state_dir / DEPLOYED_FILE).exists():
            progress(f"Copying blobs from {healthy[0].region}")
            blobs = rollout.repair_blobs(topology, healthy[0].region)
        return Healed(restarted=restarted, thawed=thawed, results=results, blobs=blobs)


def _restore(
    cloud: LocalCloud, topology: Topology, member: Member, progress: Progress
) -> dict[str, Any] | None:
    """Bring an empty region to where callers may meet it; return what its emulator wrote."""
    from bellpair_local import rollout

    progress(f"Starting {member.name}, which copies the catalogue from its peer")
    cloud.restart(member, closed=True)
    rollout.restore(topology, member.region, progress)
    results = None
    for emulator in emulators(topology, member.region):
        progress(f"Writing the results of {emulator.name} again")
        results = call(emulator, "POST", "/_emulator/results", {}, timeout=RESULTS_SECONDS)
        if results["left"]:
            raise LocalCloudError(
                f"{results['left']} results cannot be written again: {results['problem']}",
                f"Try again with `{cloud.command('heal', member.name)}`.",
            )
    return results


def _check_peers(cloud: LocalCloud, region: str, peers: Iterable[Member]) -> None:
    states = {peer.name: cloud.health_of(peer) for peer in peers}
    if not states or "ok" in states.values():
        return
    told = ", ".join(f"{name} is {state}" for name, state in states.items())
    name, state = next(iter(states.items()))
    remedy = (
        "What both regions have lost is gone: begin anew with "
        f"`{cloud.command('down')}` and `{cloud.command('up')}`."
        if state == "dead"
        else f"First use `{cloud.command('heal', name)}`."
    )
    raise LocalCloudError(f"{region} would copy its catalogue from its peer, and {told}.", remedy)


def _check_emulator(cloud: LocalCloud, topology: Topology, region: str) -> None:
    for emulator in emulators(topology, region):
        if cloud.health_of(emulator) == "dead":
            raise LocalCloudError(
                f"{emulator.name} does not run, and its books are lost.",
                f"Start it with `{cloud.command('restart', emulator.name)}` first.",
            )
