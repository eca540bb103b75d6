"""The end of a drill: wait for what is left, repeat submissions, compare all books."""

from __future__ import annotations

import time
from collections.abc import Mapping

from bellpair import Client
from bellpair.errors import BellpairError
from bellpair_local.drills.awaiting import await_adopted, explained, settle
from bellpair_local.drills.evidence import Evidence, Takeover
from bellpair_local.drills.load import submitted
from bellpair_local.drills.observer import all_job_ids, final_records
from bellpair_local.drills.records import JobSeen, Mark, Operation, Request
from bellpair_local.drills.rehearsal import Rehearsal

SAMPLES_MAX = 4_000
"""Above so many jobs, only a seeded part is compared with its first sight at the end."""
REPLAYS_MAX = 40
_STEPS_SHOWN = {
    "paused": "paused",
    "promoted": "promoted",
    "adopted": "jobs adopted",
}


def close(drill: Rehearsal) -> Evidence:
    """Wait for what is left, look at everything once more, and give what was seen.

    Raises
    ------
    BellpairError
        If the platform does not answer.
    """
    drill.until_submitted()
    left = settle(drill)
    drill.mark(f"all jobs over but {left}" if left else "all jobs over")
    await_adopted(drill)
    replayed = _replay(drill)
    drill.tell("comparing the ledger, the clients' promises and the devices' books")
    first_over, last = _compared(drill)
    takeovers = explained(drill)
    if drill.qpu_away is not None:
        redirected = _redirected(drill, last, *drill.qpu_away)
        drill.notes["redirected"] = len(redirected)
        drill.notes["not_compiled_anew"] = sum(not job.body["compiled_anew"] for job in redirected)
    return Evidence(
        began=drill.began,
        ended=time.time(),
        submissions=drill.load.submissions,
        held=drill.load.held,
        health=drill.health.samples,
        takeovers=takeovers,
        first_over=first_over,
        last=last,
        listed=frozenset(all_job_ids(drill.site) - drill.left_out),
        tasks=drill.site.tasks(),
        replayed=replayed,
        marks=[*drill.marks, *_steps(takeovers)],
        epoch_before=drill.epoch_before,
        epoch_after=drill.epoch(),
        operations=_operations(drill),
        away=drill.away,
        waiting_at_loss=drill.waiting_at_loss,
        notes=dict(drill.notes),
        lost_run=drill.lost_run,
    )


def _replay(drill: Rehearsal) -> list[tuple[str, str]]:
    """Submit some accepted jobs once more with the same keys; first and second id of each."""
    made = [each for each in drill.load.submissions if each.job_id is not None]
    chance = drill.plan.chance("replays")
    again = chance.sample(made, min(len(made), REPLAYS_MAX))
    drill.tell(f"repeating {len(again)} submissions with the keys that they had")
    with drill.site.client(chance, lambda error, pause: None) as client:
        return [(str(each.job_id), _again(client, each.request)) for each in again]


def _again(client: Client, request: Request) -> str:
    try:
        return submitted(client, request).id
    except BellpairError as error:
        return str(error)


def _compared(drill: Rehearsal) -> tuple[dict[str, JobSeen], dict[str, JobSeen]]:
    """The records as first seen to be over, and as they are now: of all jobs, or of a sample."""
    promised = sorted(set(drill.load.promised))
    first_over = drill.jobs.first_over
    if len(promised) <= SAMPLES_MAX:
        return first_over, final_records(drill.site, promised)
    over = sorted(first_over)
    sample = drill.plan.chance("samples").sample(over, min(len(over), SAMPLES_MAX))
    rest = [job_id for job_id in promised if job_id not in first_over]
    now = final_records(drill.site, [*sample, *rest])
    # A sampled record that is gone must not be covered by its first sight.
    unasked = {job_id: first_over[job_id] for job_id in set(over).difference(sample)}
    return {job_id: first_over[job_id] for job_id in sample}, {**unasked, **now}


def _redirected(
    drill: Rehearsal, last: Mapping[str, JobSeen], device: str, lost_at: float, back_at: float
) -> list[JobSeen]:
    """Jobs for any QPU, accepted while one was away, that ran on another one."""
    accepted = [
        made.job_id
        for made in drill.load.submissions
        if made.request.device == "any-qpu"
        and made.job_id in last
        and lost_at <= (made.acked_at or 0.0) <= back_at
    ]
    ended = [last[job_id] for job_id in accepted if job_id is not None]
    return [job for job in ended if job.status == "succeeded" and job.body["device_used"] != device]


def _operations(drill: Rehearsal) -> list[Operation]:
    """The operations of the drill's own time, whoever asked for them, in order."""
    seen = [each for each in list(drill.pair.operations.values()) if each.steps]
    ours = [each for each in seen if max(each.steps.values()) >= drill.began]
    return sorted(ours, key=lambda each: min(each.steps.values()))


def _steps(takeovers: list[Takeover]) -> list[Mark]:
    return [
        Mark(at, _STEPS_SHOWN[step])
        for takeover in takeovers
        if takeover.operation is not None
        for step, at in takeover.operation.steps.items()
        if step in _STEPS_SHOWN
    ]
