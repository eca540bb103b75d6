"""Try the active region with tiny jobs of the platform's own.

A region whose API answers may still run no job. So the passive region's sentinel leaves a job in
the ledger now and then and looks whether it moves. Slowness alone is no death: while the active
region moves any other job, the canary is given more time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from bellpair_core.model.blob import BlobRef
from bellpair_core.model.job import Job, JobEvent, JobStatus
from bellpair_core.model.limits import (
    CANARY_DEADLINE,
    CANARY_SHOTS,
    CHECK_AFTER,
    OPEN_PAGE,
    OPEN_SHARDS,
)
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.tenant import CANARY_TENANT
from bellpair_core.ports import Clock, JobExists, Ledger, Wakeups
from bellpair_core.settings import DeviceSetting, Settings

_LOOKS = 4
"""How often, within a canary's time, other jobs are looked at and a lost wake-up is made good."""

_BELL = b"""OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""
_SIMULATORS = ":device/quantum-simulator/"
_ACCEPTING_SINCE = "accepting-since"

OpenStates = frozenset[tuple[str, JobStatus]]


@dataclass
class CanaryWatch:
    """What one process knows of the canaries; all times are monotonic seconds.

    Attributes
    ----------
    sent
        Epoch and time bucket of the last one sent, so that none is sent twice.
    job
        The one that is out, as it was when it last moved.
    patient_from
        Since when it is waited for without a sign that the region works.
    others
        Other unfinished jobs when they were last looked at.
    looked_at
        When that was.
    """

    sent: tuple[int, int] | None = None
    job: Job | None = None
    patient_from: float = 0.0
    others: OpenStates = field(default_factory=frozenset)
    looked_at: float = 0.0


class CanaryNews(NamedTuple):
    """What was seen of the canary that is out.

    Attributes
    ----------
    overdue
        Whether it tells that its region is stuck.
    out_s
        For how many seconds it was out, where it was just found ended or is overdue.
    """

    overdue: bool = False
    out_s: float | None = None


def tend_canary(
    watch: CanaryWatch,
    pair: PairRecord,
    *,
    ledger: Ledger,
    wakeups: Wakeups,
    clock: Clock,
    monotonic: Callable[[], float],
    settings: Settings,
) -> CanaryNews:
    """Send a canary when it is time, or look after the one that is out.

    In the passive region only. One canary is out at a time, for any simulator that the stage
    offers; with none there are no canaries.

    Parameters
    ----------
    pair
        The pair record as it is now.
    wakeups
        The active region's dispatcher.
    """
    tending = _Tending(watch, pair, ledger, wakeups, clock, monotonic, settings)
    out = watch.job
    if out is not None and out.epoch >= pair.epoch:
        return tending.look_after(out)
    watch.job = None
    device = next((d for d in settings.devices if _SIMULATORS in d.arn), None)
    if device is not None and pair.accepting:
        tending.send(device)
    return CanaryNews()


class _Tending:
    def __init__(
        self,
        watch: CanaryWatch,
        pair: PairRecord,
        ledger: Ledger,
        wakeups: Wakeups,
        clock: Clock,
        monotonic: Callable[[], float],
        settings: Settings,
    ) -> None:
        self._watch = watch
        self._pair = pair
        self._ledger = ledger
        self._wakeups = wakeups
        self._clock = clock
        self._monotonic = monotonic
        self._limit_s = settings.sentinel.canary_limit_s
        self._every_s = settings.sentinel.canary_s

    def send(self, device: DeviceSetting) -> None:
        """Leave a canary, unless this time's has been left; go on with one left by another."""
        bucket = int(self._clock().timestamp() // self._every_s)
        if self._watch.sent == (self._pair.epoch, bucket):
            return
        job = _canary(self._pair, bucket, device, self._clock)
        try:
            self._ledger.insert(job)
        except JobExists as found:
            job = found.existing
        self._watch.sent = (self._pair.epoch, bucket)
        if job.status.terminal:
            return
        self._wakeups.wake(job.device)
        self._be_patient(job)

    def look_after(self, out: Job) -> CanaryNews:
        """See whether the canary has moved."""
        job = self._ledger.job(out.id)
        if job is None or job.status.terminal:
            # However it ended: a region that ends jobs works.
            self._watch.job = None
            return CanaryNews(out_s=self._out_s(job) if job is not None else None)
        if job.status is not out.status:
            self._be_patient(job)
            return CanaryNews()
        now = self._monotonic()
        overdue = now - self._watch.patient_from >= self._limit_s
        if overdue or now - self._watch.looked_at >= self._limit_s / _LOOKS:
            if self._others_moved(job):
                self._be_patient(job)
                return CanaryNews()
            if job.status is JobStatus.QUEUED:
                # A wake-up may be lost, and the dispatcher's own schedule is slow.
                self._wakeups.wake(job.device)
        if not overdue:
            return CanaryNews()
        if not self._proves_something(job):
            return CanaryNews()
        return CanaryNews(overdue=True, out_s=self._out_s(job))

    def _out_s(self, job: Job) -> float:
        # Both times are of this region's clock.
        return (self._clock() - job.accepted_at).total_seconds()

    def _proves_something(self, job: Job) -> bool:
        """Whether a canary that does not move tells of its region and of nothing else."""
        if job.tags.get(_ACCEPTING_SINCE) != _accepting_since(self._pair):
            # There was a pause since: a change of regions, which delays jobs by itself.
            self._watch.job = None
            return False
        if job.waiting_for or not self._ledger.breaker(job.device).clean:
            self._be_patient(job)
            return False
        return True

    def _be_patient(self, job: Job) -> None:
        self._watch.job = job
        self._watch.patient_from = self._monotonic()
        self._others_moved(job)

    def _others_moved(self, job: Job) -> bool:
        """Whether any other job was moved since the last look; new ones tell nothing."""
        # One shard has enough jobs to see by whether jobs are moved at all.
        shard = int(job.request_digest[:8], 16) % OPEN_SHARDS
        page = self._ledger.open_jobs(shard, OPEN_PAGE)
        now = frozenset((o.job_id, o.status) for o in page.jobs if o.job_id != job.id)
        before, self._watch.others = self._watch.others, now
        self._watch.looked_at = self._monotonic()
        return bool(before - now)


def _canary(pair: PairRecord, bucket: int, device: DeviceSetting, clock: Clock) -> Job:
    now = clock()
    name = f"canary-{pair.epoch}-{bucket}"
    return Job(
        id=f"job-{name}",
        tenant=CANARY_TENANT,
        key_id="sentinel",
        name=name,
        tags={_ACCEPTING_SINCE: _accepting_since(pair)},
        request_digest=hashlib.sha256(name.encode()).hexdigest(),
        program=BlobRef.within(_BELL),
        language_version="3.0",
        num_qubits=2,
        num_bits=2,
        shots=CANARY_SHOTS,
        device=device.name,
        epoch=pair.epoch,
        region=pair.active,
        accepted_at=now,
        deadline=now + CANARY_DEADLINE,
        check_at=now + CHECK_AFTER,
        events=(
            JobEvent(
                at=now,
                type="queued",
                region=pair.passive,
                epoch=pair.epoch,
                message=f"left by the sentinel for device {device.name}",
            ),
        ),
    )


def _accepting_since(pair: PairRecord) -> str:
    if not pair.accepting:
        return "not"
    return pair.since.isoformat() if pair.since else "the beginning"
