"""The exhibition: as many jobs as the platform carries, and everything lost once on the way."""

from __future__ import annotations

from bellpair_local.drills.device_drills import QPUS, lose_qpu, regain_qpu
from bellpair_local.drills.plan import Plan
from bellpair_local.drills.region_drills import bring_back, kill_active
from bellpair_local.drills.rehearsal import Rehearsal
from bellpair_local.drills.zone_drills import lose_zone

EXHIBITION_SECONDS = 7 * 24 * 3600.0
COMPRESSED_RATE = 12.0
"""Submissions a second that are offered at most; the platform's own pace holds them back."""
UNFINISHED_MAX = 80
SECONDS_PER_JOB = 0.45
"""What a job may take of the whole time: 2,000 are through in a quarter of an hour."""
LOSSES_SECONDS = 300.0
"""What the losses and their repair may take beside a load that is offered slowly, or is small."""


def seconds_allowed(plan: Plan) -> float:
    """How long the whole of it may take, in seconds, from the first submission to the last look."""
    return max(SECONDS_PER_JOB * plan.jobs, plan.jobs / plan.rate + LOSSES_SECONDS)


def expo(drill: Rehearsal) -> None:
    """Two zone losses, one region loss and one QPU loss while all the jobs are submitted."""
    jobs = drill.plan.jobs
    drill.begin()
    drill.until_answered(round(jobs * 0.15))
    lose_zone(drill, 0)
    drill.until_answered(round(jobs * 0.3))
    region, _ = kill_active(drill)
    drill.hold_clients_back()
    drill.until_answered(round(jobs * 0.4))
    drill.waiting_at_loss = drill.unfinished_waiting()
    bring_back(drill, region)
    drill.until_answered(round(jobs * 0.6))
    device = drill.plan.chance("qpu").choice(QPUS)
    lose_qpu(drill, device)
    drill.hold_clients_back()
    drill.until_answered(round(jobs * 0.7))
    # The breaker may take its time to close; the second zone is to be lost under load all the same.
    drill.hold_load_at(round(jobs * 0.8))
    regain_qpu(drill, device)
    drill.release_load()
    drill.until_answered(round(jobs * 0.9))
    lose_zone(drill, 1)
