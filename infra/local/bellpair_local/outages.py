"""Outages of a running local cloud: regions, zones, links and devices; `healing` ends a loss.

The functions act on real processes and connections, as `bellpair local kill` and its like do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bellpair_local.cloud import LocalCloud
from bellpair_local.control import call
from bellpair_local.failures import LocalCloudError
from bellpair_local.topology import Member, Role, Topology

ZONES = 3


def kill(cloud: LocalCloud, region: str) -> int:
    """Lose a region: all its processes end at once, and its device service answers nobody.

    The device service stands for one that lives in the region, so its callers are cut off; its
    books survive, as what ran was paid for.

    Returns
    -------
    int
        How many processes have ended; 0 if the region was lost already.

    Raises
    ------
    LocalCloudError
        If there is no such region, or the cloud is down.
    """
    with cloud.exclusively():
        topology = running(cloud)
        ended = cloud.kill(region_of(cloud, topology, region))
        set_outage(topology, region, unreachable=True)
    return ended


def freeze(cloud: LocalCloud, region: str) -> int:
    """Stop every process of a region, which takes connections then and answers none of them.

    Its device service goes on.

    Returns
    -------
    int
        How many processes were stopped; 0 if the region was frozen already.

    Raises
    ------
    LocalCloudError
        If there is no such region, or it does not run.
    """
    with cloud.exclusively():
        member = _alive(cloud, running(cloud), region)
        return cloud.freeze(member)


def thaw(cloud: LocalCloud, region: str) -> int:
    """Let a frozen region go on where it stood.

    Returns
    -------
    int
        How many processes go on; 0 if none was stopped.

    Raises
    ------
    LocalCloudError
        If there is no such region, or it does not run.
    """
    with cloud.exclusively():
        member = _alive(cloud, running(cloud), region)
        return cloud.thaw(member)


def lose_zone(cloud: LocalCloud, region: str, third: int = 0, seed: int = 0) -> int:
    """Lose a zone: a third of a region's Lambda workers is killed at once, busy or not.

    Parameters
    ----------
    third
        Which of the region's three zones, from 0 to 2.
    seed
        Chooses the workers that are in it.

    Returns
    -------
    int
        How many workers were killed: a third, rounded up.

    Raises
    ------
    LocalCloudError
        If there is no such region, or it does not answer.
    ValueError
        If there is no such zone.
    """
    if third not in range(ZONES):
        raise ValueError(f"a region has zones 0 to {ZONES - 1}, not {third}")
    member = region_of(cloud, running(cloud), region)
    loss = {"fraction": 1 / ZONES, "seed": ZONES * seed + third}
    return len(call(member, "DELETE", "/_local/workers", loss)["workers"])


def part(cloud: LocalCloud, a: str, b: str) -> None:
    """Cut the link between two processes, each named as `status` does: a region, ``witness``.

    Between two regions the other's device service is cut off too. Other faults stay as they are.

    Raises
    ------
    LocalCloudError
        If there is no such process, or one does not answer.
    """
    topology = running(cloud)
    for one, other in _both_ways(cloud, topology, a, b):
        part_from(one, names_of(topology, other.name))


def join(cloud: LocalCloud, a: str, b: str) -> None:
    """Mend the link between two processes that :func:`part` has cut.

    Raises
    ------
    LocalCloudError
        If there is no such process, or one does not answer.
    """
    topology = running(cloud)
    for one, other in _both_ways(cloud, topology, a, b):
        part_from(one, (), no_more=names_of(topology, other.name))


def device(
    cloud: LocalCloud, name: str, *, region: str | None = None, **settings: Any
) -> dict[str, dict[str, Any]]:
    """Set a device's switches: ``status``, ``queue_delay_s``, ``fail_next``, ``drop_events`` …

    Parameters
    ----------
    name
        As ``ion-11``; a device that several regions have is set in each of them.
    region
        Only there.

    Returns
    -------
    dict
        All of the device's settings, by region.

    Raises
    ------
    LocalCloudError
        If there is no such device, or a setting cannot be.
    """
    services = [m for m in running(cloud).braket if region is None or m.region == region]
    devices = {m: call(m, "GET", "/_emulator/health")["devices"] for m in services}
    having = [member for member, names in devices.items() if name in names]
    if not having:
        known = sorted({known for names in devices.values() for known in names})
        raise LocalCloudError(
            f"The local cloud {cloud.name!r} has no device {name!r}.",
            f"Choose one of {', '.join(known)}." if known else "Choose a region that it has.",
        )
    return {m.region: call(m, "PUT", f"/_emulator/devices/{name}", settings) for m in having}


def running(cloud: LocalCloud) -> Topology:
    """The topology of a cloud that runs.

    Raises
    ------
    LocalCloudError
        If it is down.
    """
    topology = cloud.topology()
    if topology is None or not cloud.alive():
        raise LocalCloudError(
            f"The local cloud {cloud.name!r} is down.", f"Start it with `{cloud.command('up')}`."
        )
    return topology


def region_of(cloud: LocalCloud, topology: Topology, region: str) -> Member:
    """The process of a region.

    Raises
    ------
    LocalCloudError
        If it is no region: the witness and the device services have no outages of their own.
    """
    for member in topology.regions:
        if member.name == region:
            return member
    known = ", ".join(m.name for m in topology.regions)
    raise LocalCloudError(
        f"The local cloud {cloud.name!r} has no region {region!r}.", f"Choose one of {known}."
    )


def emulators(topology: Topology, region: str) -> list[Member]:
    """The device services of a region."""
    return [member for member in topology.braket if member.region == region]


def set_outage(topology: Topology, region: str, *, unreachable: bool) -> None:
    """Let a region's device services answer nobody, or everybody again."""
    for emulator in emulators(topology, region):
        call(emulator, "PUT", "/_emulator/outage", {"unreachable": unreachable})


def names_of(topology: Topology, name: str) -> frozenset[str]:
    """The process `name`, and if it is a region, its device service."""
    return frozenset({name, *(m.name for m in emulators(topology, name))})


def part_from(member: Member, names: Iterable[str], no_more: Iterable[str] = frozenset()) -> None:
    """Cut a process off from the named ones, and from those in `no_more` no more.

    Raises
    ------
    LocalCloudError
        If it does not answer.
    """
    faults = call(member, "GET", "/_faults")
    before = set(faults["partitions"])
    after = (before | set(names)) - set(no_more)
    if after != before:
        call(member, "PUT", "/_faults", {**faults, "partitions": sorted(after)})


def _alive(cloud: LocalCloud, topology: Topology, region: str) -> Member:
    member = region_of(cloud, topology, region)
    if cloud.health_of(member) == "dead":
        raise LocalCloudError(
            f"{region} does not run.", f"Bring it back with `{cloud.command('heal', region)}`."
        )
    return member


def _both_ways(
    cloud: LocalCloud, topology: Topology, a: str, b: str
) -> list[tuple[Member, Member]]:
    """The ends that have switches, each with the other end."""
    found = []
    for name in (a, b):
        try:
            found.append(topology.member(name))
        except KeyError:
            known = ", ".join(m.name for m in topology.members)
            raise LocalCloudError(
                f"The local cloud {cloud.name!r} has no process {name!r}.",
                f"Choose one of {known}.",
            ) from None
    one, other = found
    if one == other:
        raise LocalCloudError(f"{a} cannot be parted from itself.", "Name two processes.")
    ends = [(one, other), (other, one)]
    return [(here, there) for here, there in ends if here.role is not Role.BRAKET]
