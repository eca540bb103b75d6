"""Try each QPU with a small job of the platform's own now and then.

The operator pays for these, and says how often they go out and what they may cost in a day. They
go the way of every job, so that what is observed is what tenants get.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bellpair_core.logic.devices.device_breaker import Breakers
from bellpair_core.logic.devices.device_figures import expected_cost
from bellpair_core.logic.devices.mirror_circuit import mirror_circuit
from bellpair_core.logic.devices.observe_quality import EXPECTED_TAG
from bellpair_core.logic.pair.pair_gate import PairReading, pair_if_serving
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.breaker import BreakerState
from bellpair_core.model.device import Device, DeviceKind, DeviceStatus
from bellpair_core.model.job import Job, JobEvent
from bellpair_core.model.limits import CHECK_AFTER
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.tenant import QUALITY_TENANT
from bellpair_core.ports import Clock, JobExists, Ledger, Wakeups
from bellpair_core.settings import QualitySetting

MIRROR_PREFIX = "job-mirror-"
"""How the ids of these jobs begin; who sends them may write no others."""

_WIDTH, _LAYERS = 5, 4
_DAY = timedelta(days=1)


def send_mirrors(
    setting: QualitySetting,
    *,
    ledger: Ledger,
    wakeups: Wakeups,
    clock: Clock,
    region: str,
    pair: PairReading,
    devices: Callable[[], Sequence[Device]],
    breakers: Breakers,
) -> list[str]:
    """Leave a mirror circuit for each QPU whose time has come; the ids of those that were made.

    A job's id follows from its device and from the period that it is for, so that each has one
    whoever sends it, and however often. Periods are as long as the cost cap asks for.

    Parameters
    ----------
    region
        This region; a passive one sends nothing.
    """
    record = pair_if_serving(pair, region)
    if record is None or not setting.on:
        return []
    now, made = clock(), []
    for device in devices():
        period = period_of(setting, device)
        if period is None or not _takes_jobs(device, breakers):
            continue
        job = _mirror_job(device, setting, record, period, now)
        try:
            ledger.insert(job)
        except JobExists:
            continue
        wakeups.wake(job.queue)
        made.append(job.id)
    return made


def period_of(setting: QualitySetting, device: Device) -> timedelta | None:
    """How often the device is tried; ``None`` where it is not, or one job would pass the cap.

    As often as the setting says, and no oftener than the day's cap pays for.
    """
    if device.kind is not DeviceKind.QPU or device.num_qubits < 2:
        return None
    shots = min(max(setting.shots, device.shots_min), device.shots_max)
    cost = expected_cost(device, shots)
    if cost > setting.max_usd_per_day:
        return None
    usual = timedelta(minutes=setting.minutes)
    if cost <= 0:
        return usual
    return max(usual, _DAY / int(setting.max_usd_per_day / cost))


def _takes_jobs(device: Device, breakers: Breakers) -> bool:
    return (
        device.status is DeviceStatus.ONLINE and breakers(device.name).state is BreakerState.CLOSED
    )


def _mirror_job(
    device: Device, setting: QualitySetting, pair: PairRecord, period: timedelta, now: datetime
) -> Job:
    seconds = max(1, int(period.total_seconds()))
    name = f"mirror-{device.name}-{seconds}-{int(now.timestamp()) // seconds}"
    width = min(_WIDTH, device.num_qubits)
    mirror = mirror_circuit(width, _LAYERS, name)
    return Job(
        id=f"{MIRROR_PREFIX}{name.removeprefix('mirror-')}",
        tenant=QUALITY_TENANT,
        key_id="observe",
        name=name,
        tags={EXPECTED_TAG: mirror.answer},
        request_digest=hashlib.sha256(name.encode()).hexdigest(),
        program=BlobRef.within(mirror.source.encode()),
        language_version="3.0",
        num_qubits=width,
        num_bits=width,
        shots=min(max(setting.shots, device.shots_min), device.shots_max),
        device=device.name,
        epoch=pair.epoch,
        region=pair.active,
        accepted_at=now,
        # What waits longer than this tells nothing of today.
        deadline=now + max(period, timedelta(hours=1)),
        check_at=now + CHECK_AFTER,
        events=(
            JobEvent(
                at=now,
                type="queued",
                region=pair.active,
                epoch=pair.epoch,
                message=f"left to try device {device.name}",
            ),
        ),
    )
