"""Start waiting jobs on devices that have room."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bellpair_core.logic.devices.device_breaker import Breakers
from bellpair_core.logic.pair.pair_gate import PairReading, pair_if_serving
from bellpair_core.model.device import Device, DeviceKind, DeviceStatus
from bellpair_core.model.job import ANY_QPU, FUNCTIONS_QUEUE, SHARED_QUEUES, Job, JobStatus
from bellpair_core.model.limits import DISPATCH_BATCH, DISPATCH_DEEPEST, DISPATCH_TIME
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Clock, Journal, Ledger, Workflows

from .choose_device import DeviceLoad
from .claim_job import claim_job
from .device_loads import load_of
from .dispatch_functions import dispatch_functions
from .dispatch_policy import Start, choose, has_room
from .let_go import call_is_over, job_of_holder
from .waiting_needs import WaitingNeeds


def dispatch_jobs(
    *,
    ledger: Ledger,
    journal: Journal,
    workflows: Workflows,
    clock: Clock,
    region: str,
    pair: PairReading,
    devices: Callable[[], Sequence[Device]],
    breakers: Breakers,
    spent: Callable[[], Usage],
    queues: Iterable[str] | None = None,
    needs: WaitingNeeds | None = None,
) -> list[str]:
    """One pass of the dispatcher.

    Safe to run many times at once: each start is claimed by a conditional write, and a
    limited device's places are counted in the ledger. A job of an epoch before, which a region
    accepted that was active then, is adopted by the very write that claims it.

    Parameters
    ----------
    region
        This region; a passive one starts nothing, and nobody does during a pause.
    pair, devices, breakers
        The pair record, the devices and what is held against them, a little old at most.
    journal
        Tells whether a function's call that holds a place is still waited for.
    spent
        What this pass consumed since it was last asked; put on the account of the job that is
        started next.
    queues
        The queues to look at, by device name, one of `SHARED_QUEUES` or `FUNCTIONS_QUEUE`.
        ``None`` means all of them, and looks for places that were taken and not used or given
        back, too.
    needs
        What a warm process knows of waiting jobs.

    Returns
    -------
    list of str
        Ids of the jobs started.
    """
    if pair_if_serving(pair, region) is None:
        return []
    known = devices()
    names = {device.name for device in known} | SHARED_QUEUES
    asked = names if queues is None else names & set(queues)
    started: list[str] = []
    if queues is None or FUNCTIONS_QUEUE in queues:
        started += dispatch_functions(
            ledger=ledger,
            workflows=workflows,
            clock=clock,
            region=region,
            pair=pair,
            spent=spent,
            thorough=queues is None,
        )
    began = clock()
    batch = DISPATCH_BATCH
    needs = needs or WaitingNeeds(ledger)
    while (record := pair_if_serving(pair, region)) is not None:
        loads = [
            _load(ledger, journal, breakers, device, thorough=queues is None)
            for device in known
            if asked & _queues_served(device)
        ]
        # A queue whose devices are full need not be read: a job that ends wakes this again.
        free = {load.device.name for load in loads if queues is None or load.room >= 1}
        worth = free | SHARED_QUEUES if free else free
        found = {queue: ledger.waiting(queue, batch) for queue in sorted(asked & worth)}
        waiting = [job for jobs in found.values() for job in jobs]
        claimed = 0
        needs.forget()
        for start in choose(waiting, loads, {}, clock(), needs):
            if clock() - began >= DISPATCH_TIME:
                # Better to leave some to the next call than to be stopped with one in hand.
                return started
            seen = needs.taken(start.job.job_id)
            if _start(ledger, breakers, workflows, clock, spent, record, start, seen):
                started.append(start.job.job_id)
                claimed += 1
        # Only behind a full batch may more be waiting that this pass has not seen.
        full = {queue for queue, jobs in found.items() if len(jobs) >= batch}
        if not full:
            break
        if not claimed:
            if batch >= DISPATCH_DEEPEST or not full & _mixed_queues(loads):
                break
            batch *= 4
    return started


def queues_of(messages: Sequence[dict[str, str]]) -> set[str] | None:
    """The queues that wake-up messages name; ``None``, meaning all, where one names none."""
    named = {message.get("queue") for message in messages}
    return None if None in named else {queue for queue in named if queue}


def _was_chosen(job: Job) -> bool:
    """Whether there was anything to choose, or to hold a device to."""
    return job.device in SHARED_QUEUES or job.constraints is not None


def _mixed_queues(loads: Iterable[DeviceLoad]) -> frozenset[str]:
    """The queues in which jobs that wait for something else may stand before one that could start
    now: for another device, or for a calibration with which this one has room for them."""
    free = [load.device for load in loads if load.sound and load.room >= 1]
    online = {device.name for device in free if device.status is DeviceStatus.ONLINE}
    return frozenset().union(*map(_queues_served, free)) & (SHARED_QUEUES | online)


def _queues_served(device: Device) -> frozenset[str]:
    """The queues whose jobs the device may take."""
    shared = SHARED_QUEUES if device.kind is DeviceKind.QPU else SHARED_QUEUES - {ANY_QPU}
    return shared | {device.name}


def _load(
    ledger: Ledger, journal: Journal, breakers: Breakers, device: Device, *, thorough: bool
) -> DeviceLoad:
    load = load_of(device, ledger, breakers)
    if not thorough:
        return load
    return replace(load, holders=_freed(ledger, journal, device, load.holders))


def _freed(
    ledger: Ledger, journal: Journal, device: Device, holders: frozenset[str]
) -> frozenset[str]:
    idle: set[str] = set()
    for holder in sorted(holders):
        # Freed right after the look: a job sent back meanwhile may take the place anew.
        job = ledger.job(job_of_holder(holder))
        if _place_is_idle(job, device) or call_is_over(holder, journal):
            ledger.release_slot(device.name, holder)
            idle.add(holder)
    return holders - idle


def _place_is_idle(job: Job | None, device: Device) -> bool:
    """Whether a job that holds a place on the device neither uses it nor is about to."""
    if job is None or job.status.terminal or job.device_used not in (None, device.name):
        return True
    # Sent back by a stage that died before it could free the place.
    left = device.name in job.avoid or not has_room(job, device)
    return job.device_used is None and left


def _start(
    ledger: Ledger,
    breakers: Breakers,
    workflows: Workflows,
    clock: Clock,
    spent: Callable[[], Usage],
    pair: PairRecord,
    start: Start,
    seen: Job | None,
) -> bool:
    """Claim the job for the device and start its execution; False if it went elsewhere."""
    device, limit = start.device, start.device.max_in_flight
    if start.probes and not breakers.probed(device.name, start.job.job_id, start.probes):
        return False
    if limit is not None and not ledger.acquire_slot(device.name, start.job.job_id, limit):
        return False

    def compiling(job: Job, now: datetime) -> Job:
        return job.moved(
            now,
            JobStatus.COMPILING,
            message=f"given to device {device.name}",
            device_used=device.name,
            choice=start.choice if _was_chosen(job) else None,
            price=device.price,
            waiting_for=None,
            attempt=job.attempt + 1,
            usage=job.usage + spent(),
        )

    claimed = claim_job(
        start.job.job_id, ledger=ledger, clock=clock, pair=pair, begun=compiling, seen=seen
    )
    if claimed is not None:
        workflows.start(claimed)
        return True
    if limit is not None and _place_is_idle(ledger.job(start.job.job_id), device):
        ledger.release_slot(device.name, start.job.job_id)
    return False
