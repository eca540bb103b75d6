"""What a drill waits for after it broke or mended something: a takeover, an adoption, the jobs."""

from __future__ import annotations

import time
from dataclasses import replace

from bellpair.errors import BellpairError
from bellpair_local.drills.evidence import Takeover
from bellpair_local.drills.records import JobSeen, Operation
from bellpair_local.drills.rehearsal import LOOK_SECONDS, Rehearsal

TAKEOVER_SECONDS = 90.0
ADOPTED_SECONDS = 60.0
STALL_SECONDS = 300.0
"""So long no job may end before those that are left count as stuck. The sweeper needs some."""
HTTP_OK = 200


def await_takeover(
    drill: Rehearsal, since: float, epoch: int, *, planned: bool = False
) -> Takeover | None:
    """Wait until another region accepts at a higher epoch; ``None`` if none does.

    Parameters
    ----------
    since
        When the outage began.
    epoch
        The epoch then.
    """
    deadline = time.monotonic() + TAKEOVER_SECONDS
    while time.monotonic() < deadline:
        found = drill.health.first(since, lambda s: s.accepting and (s.epoch or 0) > epoch)
        if found is not None:
            drill.mark(f"{found.region} accepts at epoch {found.epoch}", at=found.received)
            takeover = Takeover(since, found.region, found.received, None, planned)
            drill.takeovers.append(takeover)
            return takeover
        time.sleep(LOOK_SECONDS)
    drill.mark("nobody took over")
    return None


def await_adopted(drill: Rehearsal) -> None:
    """Wait until the last takeover's operation says that it is done; not for ever."""
    if not drill.takeovers:
        return
    deadline = time.monotonic() + ADOPTED_SECONDS
    while time.monotonic() < deadline:
        operation = _operation_of(drill, drill.takeovers[-1])
        if operation is not None and operation.outcome != "running":
            return
        time.sleep(LOOK_SECONDS)


def explained(drill: Rehearsal) -> list[Takeover]:
    """The takeovers so far, each with the operation on the pair that made it."""
    return [replace(each, operation=_operation_of(drill, each)) for each in drill.takeovers]


def await_passive(drill: Rehearsal, region: str, since: float, epoch: int) -> None:
    """Wait until a region that was away says of itself that it is passive; note when.

    Parameters
    ----------
    since
        When it came back.
    epoch
        The last epoch in which it was active.
    """
    deadline = time.monotonic() + TAKEOVER_SECONDS
    drill.notes["knows_that_it_is_passive"] = 0
    while time.monotonic() < deadline:
        found = drill.health.first(
            since,
            lambda s: (
                s.region == region
                and s.status == HTTP_OK
                and not s.accepting
                and (s.epoch or 0) > epoch
            ),
        )
        if found is not None:
            drill.notes["knows_that_it_is_passive"] = 1
            drill.notes["knew_after_s"] = round(found.received - since, 3)
            drill.mark(f"{region} knows that it is passive", at=found.received)
            return
        time.sleep(LOOK_SECONDS)


def settle(drill: Rehearsal) -> int:
    """Wait until every promised job is over, or waits for what is away.

    Jobs that do neither for too long are left to the account.

    Returns
    -------
    How many are not over.
    """
    changed, before = time.monotonic(), -1
    while time.monotonic() - changed < STALL_SECONDS:
        unfinished = drill.jobs.unfinished
        if len(unfinished) != before:
            changed, before = time.monotonic(), len(unfinished)
        stuck = [job for job in unfinished.values() if not drill.waits(job)]
        if not stuck and _wait_indeed(drill, unfinished):
            return len(unfinished)
        drill.progress(f"{len(unfinished)} unfinished")
        time.sleep(0.5)
    drill.mark(f"{before} jobs do not move")
    return before


def _wait_indeed(drill: Rehearsal, unfinished: dict[str, JobSeen | None]) -> bool:
    """Whether jobs last seen waiting still do: a look may be some seconds old."""
    if not unfinished:
        return drill.load.over
    try:
        drill.jobs.look_at(unfinished)
    except BellpairError:
        return False
    return all(drill.waits(job) for job in drill.jobs.unfinished.values())


def _operation_of(drill: Rehearsal, takeover: Takeover) -> Operation | None:
    """The operation that promoted the region: the first to do so after the outage began."""
    for operation in list(drill.pair.operations.values()):
        promoted = operation.steps.get("promoted")
        if promoted is not None and takeover.since - 1.0 <= promoted <= takeover.accepting_at:
            return operation
    return None
