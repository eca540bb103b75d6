"""Values as the API shows them: plain JSON objects.

Written out by hand, because a job is shown at every poll; `bellpair_core.http.schemas` says the
same as a schema, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from bellpair_core.logic.jobs.estimate_program import Estimate
from bellpair_core.logic.jobs.explain_job import Explanation
from bellpair_core.logic.jobs.get_job import Place
from bellpair_core.logic.jobs.list_jobs import Listing
from bellpair_core.logic.pair.health import Health
from bellpair_core.logic.pair.operate_pair import SeenPair, Started
from bellpair_core.logic.tasks.counts import BIT_ORDER
from bellpair_core.logic.tenants.create_tenant import IssuedKey
from bellpair_core.logic.tenants.disable_key import DisabledKey
from bellpair_core.model.breaker import Breaker, BreakerState
from bellpair_core.model.choice import Constraints
from bellpair_core.model.device import Device, RefusedCalibration
from bellpair_core.model.function import Invocation
from bellpair_core.model.job import Job, JobEvent, JobStatus
from bellpair_core.model.journal import Line
from bellpair_core.model.limits import PROGRAM_SHOWN_CHARACTERS_MAX
from bellpair_core.model.pair import Operation
from bellpair_core.ports import JobSummary

from .times import shown_time, shown_time_or_none

_STATES = frozenset(status.value for status in JobStatus)


def job_view(
    job: Job,
    place: Place | None = None,
    waiting_for: str | None = None,
    *,
    cost: bool = False,
    last: Line | None = None,
) -> dict[str, Any]:
    """A job.

    Parameters
    ----------
    place
        Its place in its queue; ``None`` when it does not wait or its place is unknown.
    waiting_for
        What its queue waits for, beside what its record says.
    cost
        Whether to show what it consumed and what that costs.
    last
        The journal's last line of a job that runs a function, where it was read.
    """
    shown: dict[str, Any] = {
        "id": job.id,
        "name": job.name,
        "tags": dict(job.tags),
        "status": job.status.value,
        "cancel_requested": job.cancel_requested,
        "device": job.device,
        "device_used": job.device_used,
        "constraints": _constraints_view(job.constraints),
        "shots": job.shots,
        "num_qubits": job.num_qubits,
        "num_bits": job.num_bits,
        "options": list(job.options),
        "region": job.region,
        "epoch": job.epoch,
        "accepted_at": shown_time(job.accepted_at),
        "finished_at": shown_time(job.finished_at) if job.finished_at else None,
        "queue": {"position": place.position, "position_is_bound": place.is_bound}
        if place is not None
        else None,
        "waiting_for": waiting_for or (None if job.status.terminal else job.waiting_for),
        "events": [event_view(event) for event in job.events],
        "error": None,
        "trace_id": job.trace_id,
        "links": _links(job.id, job.status),
    }
    if job.error is not None:
        shown["error"] = {
            "code": job.error.code.value,
            "message": job.error.message,
            "remedy": job.error.remedy,
        }
    if cost:
        shown["usage"] = job.usage.bill()
    if job.function is not None and job.asks_for_function:
        shown |= _function_part(job.function, last)
    return shown


def _function_part(invocation: Invocation, last: Line | None) -> dict[str, Any]:
    """What a job shows that runs a function."""
    progress = last.progress if last is not None else None
    return {
        "function": {
            "name": invocation.name,
            "version": invocation.version,
            "alias": invocation.alias,
            "trigger": invocation.trigger,
        },
        "seed": invocation.seed,
        "max_cost_usd": invocation.max_cost_usd,
        "timeout_s": invocation.timeout_s,
        "calls": last.calls if last is not None else 0,
        "spent_usd": last.spent_usd if last is not None else 0.0,
        "progress": {"fraction": progress.fraction, "message": progress.message}
        if progress is not None
        else None,
    }


def why_view(explanation: Explanation) -> dict[str, Any]:
    """Why a job is where it is."""
    job, choice, reasons = explanation
    return {
        "job_id": job.id,
        "status": job.status.value,
        "device": job.device,
        "device_used": job.device_used,
        "constraints": _constraints_view(job.constraints),
        "shape": job.shape.model_dump() if job.shape is not None else None,
        "recompiles": job.recompiles,
        "avoided": list(job.avoid),
        "choice": {
            "at": shown_time(choice.at),
            "chosen": choice.chosen,
            "considered": [one.model_dump(mode="json") for one in choice.considered],
        }
        if choice is not None
        else None,
        "reasons": [
            {"at": shown_time_or_none(reason.at), "about": reason.about, "text": reason.text}
            for reason in reasons
        ],
    }


def estimate_view(estimate: Estimate) -> dict[str, Any]:
    """A program's shape, and how the devices compare for it."""
    facts, shape, choice, durations = estimate
    return {
        "num_qubits": facts.num_qubits,
        "num_bits": facts.num_bits,
        "num_gates": facts.num_gates,
        "shape": shape.model_dump(),
        "chosen": choice.chosen,
        "devices": [
            {**one.model_dump(mode="json"), "duration_us": durations.get(one.device)}
            for one in choice.considered
        ],
    }


def _constraints_view(constraints: Constraints | None) -> dict[str, Any] | None:
    return None if constraints is None else constraints.model_dump(mode="json")


def listing_view(listing: Listing) -> dict[str, Any]:
    """One page of jobs."""
    return {
        "jobs": [_summary_view(summary) for summary in listing.jobs],
        "next_page_token": listing.next_page_token,
    }


def result_view(job: Job, document: Mapping[str, Any]) -> dict[str, Any]:
    """A circuit's result, with the time that its job spent in each state.

    Parameters
    ----------
    document
        What the job came to: of a circuit with options, what `sampling` returned.
    """
    if job.options:
        return _sampled_view(job, document)
    metrics = document.get("metrics") or {}
    program = document.get("compiled_program") or ""
    shown = program if 0 < len(program) <= PROGRAM_SHOWN_CHARACTERS_MAX else None
    return {
        "job_id": job.id,
        "status": job.status.value,
        "counts": document["counts"],
        # Documents of before say it in a sentence.
        "bit_order": BIT_ORDER,
        "num_bits": document["num_bits"],
        "shots": document["shots"],
        "device": document["device"],
        "compiled_program": shown,
        "calibration_id": document.get("calibration_id"),
        "task_arn": document.get("task_arn"),
        "metrics": metrics,
        "estimated_success": metrics.get("estimated_success"),
        "candidates": metrics.get("candidates"),
        "fallback": metrics.get("fallback"),
        "options": [],
        "overhead": None,
        "timings": timings(job, document.get("task_times") or {}),
    }


def _sampled_view(job: Job, returned: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a circuit with options."""
    (sampled,) = returned["results"]
    metrics = sampled.get("metrics") or {}
    return {
        "job_id": job.id,
        "status": job.status.value,
        "counts": sampled["counts"],
        "bit_order": BIT_ORDER,
        "num_bits": sampled["bits"],
        "shots": sampled["shots"],
        "device": sampled["device"],
        "compiled_program": None,
        "calibration_id": sampled["calibration_id"],
        "task_arn": None,
        "metrics": metrics,
        "estimated_success": metrics.get("estimated_success"),
        "candidates": metrics.get("candidates"),
        "fallback": metrics.get("fallback"),
        "options": sampled["options"],
        "overhead": {**(sampled["overhead"] or {}), "cost_usd": returned["cost_usd"]},
        "timings": timings(job, {}),
    }


def timings(job: Job, task_times: Mapping[str, str | None]) -> dict[str, float]:
    """Seconds that a finished job spent in each state, all its attempts together.

    Parameters
    ----------
    task_times
        When the device service made and ended the task: ``created_at`` and ``ended_at``. Its
        clock is not ours, so ``task_s`` is comparable to the others only roughly.
    """
    passed = (status for status in JobStatus if not status.terminal)
    spent = {f"{status.value}_s": 0.0 for status in passed if status is not JobStatus.PAUSED}
    steps = [event for event in job.events if event.type in _STATES]
    for step, following in pairwise(steps):
        if (name := f"{step.type}_s") in spent:
            spent[name] += _seconds(following.at - step.at)
    spent["total_s"] = _seconds((job.finished_at or job.accepted_at) - job.accepted_at)
    created, ended = task_times.get("created_at"), task_times.get("ended_at")
    if created and ended:
        took = datetime.fromisoformat(ended) - datetime.fromisoformat(created)
        spent["task_s"] = max(0.0, _seconds(took))
    return {name: round(seconds, 6) for name, seconds in spent.items()}


def devices_view(devices: Sequence[Device], breaker_of: Callable[[str], Breaker]) -> dict[str, Any]:
    """The devices, each with what keeps jobs off it, if anything does."""
    return {
        "devices": [
            {
                "name": device.name,
                "arn": device.arn,
                "region": device.region,
                "kind": device.kind.value,
                "provider": device.provider,
                "status": device.status.value,
                "num_qubits": device.num_qubits,
                "shots_min": device.shots_min,
                "shots_max": device.shots_max,
                "programs_per_task": _programs_per_task(device),
                "max_in_flight": device.max_in_flight,
                "queue_depth": device.queue_depth,
                "calibration_id": device.calibration_id,
                "calibrated_at": shown_time_or_none(device.calibrated_at),
                "median_one_qubit_error": device.median_one_qubit_error,
                "median_two_qubit_error": device.median_two_qubit_error,
                "median_readout_error": device.median_readout_error,
                "quality": device.quality,
                "refused": refusal_view(device.refused),
                "price": {
                    "per_task_usd": device.price.per_task_usd,
                    "per_shot_usd": device.price.per_shot_usd,
                    "per_minute_usd": device.price.per_minute_usd,
                },
                "seen_at": shown_time(device.seen_at),
                "breaker": _breaker_view(breaker_of(device.name)),
            }
            for device in devices
        ]
    }


def _programs_per_task(device: Device) -> int:
    return device.program_sets.programs_max if device.program_sets else 1


def refusal_view(refused: RefusedCalibration | None) -> dict[str, Any] | None:
    """A device's properties that were not taken over."""
    if refused is None:
        return None
    return {
        "calibration_id": refused.calibration_id,
        "reason": refused.reason,
        "at": shown_time(refused.at),
    }


def _breaker_view(breaker: Breaker) -> dict[str, Any] | None:
    if breaker.state is BreakerState.CLOSED:
        return None
    return {
        "state": breaker.state.value,
        "since": shown_time_or_none(breaker.since),
        "reason": breaker.reason,
        "retry_at": shown_time_or_none(breaker.retry_at),
    }


def health_view(health: Health) -> dict[str, Any]:
    """The region's health."""
    return {
        "status": "ok",
        "region": health.region,
        "role": "active" if health.active else "passive",
        "active_region": health.pair.active,
        "passive_region": health.pair.passive,
        "epoch": health.pair.epoch,
        "mode": health.pair.mode.value,
        "accepting": health.accepting,
    }


def pair_view(seen: SeenPair) -> dict[str, Any]:
    """The pair of regions."""
    record = seen.record
    return {
        "active_region": record.active,
        "passive_region": record.passive,
        "epoch": record.epoch,
        "version": record.version,
        "mode": record.mode.value,
        "since": shown_time_or_none(record.since),
        "reason": record.reason,
        "promoted_at": shown_time_or_none(record.promoted_at),
        "hold": {
            "by": record.hold.by,
            "at": shown_time(record.hold.at),
            "reason": record.hold.reason,
        }
        if record.hold is not None
        else None,
        "operation": _operation_view(record.operation) if record.operation is not None else None,
        "audit": [
            {
                "at": shown_time(entry.at),
                "by": entry.by,
                "action": entry.action,
                "reason": entry.reason,
                "epoch": entry.epoch,
            }
            for entry in record.audit
        ],
        "beats": {
            region: {"counter": beat.counter, "healthy": beat.healthy, "at": shown_time(beat.at)}
            for region, beat in seen.beats.items()
        },
        "devices": [
            {
                "device": breaker.device,
                "state": breaker.state.value,
                "failures": breaker.failures,
                "since": shown_time_or_none(breaker.since),
                "reason": breaker.reason,
                "retry_at": shown_time_or_none(breaker.retry_at),
            }
            for breaker in seen.breakers
        ],
    }


def started_operation_view(started: Started) -> dict[str, Any]:
    """An operation on the pair that was started."""
    order = started.order
    return {
        "operation": {
            "id": order.id,
            "kind": order.kind.value,
            "region": started.region,
            "epoch": order.epoch,
        },
    }


def _operation_view(operation: Operation) -> dict[str, Any]:
    return {
        "id": operation.id,
        "kind": operation.kind.value,
        "by": operation.by,
        "reason": operation.reason,
        "started_at": shown_time(operation.started_at),
        "outcome": operation.outcome.value,
        "detail": operation.detail,
        "steps": {step: shown_time(at) for step, at in operation.steps.items()},
        "adopted": operation.adopted,
    }


def issued_key_view(issued: IssuedKey) -> dict[str, Any]:
    """A new key; the only answer that ever holds one."""
    return {
        "tenant": issued.principal.tenant,
        "role": issued.principal.role.value,
        "key_id": issued.principal.key_id,
        "api_key": issued.api_key,
    }


def disabled_key_view(key: DisabledKey) -> dict[str, Any]:
    """A disabled key."""
    return {"tenant": key.tenant, "key_id": key.key_id, "disabled": True}


def _summary_view(summary: JobSummary) -> dict[str, Any]:
    return {
        "id": summary.job_id,
        "name": summary.name,
        "tags": dict(summary.tags),
        "status": summary.status.value,
        "device": summary.device,
        "shots": summary.shots,
        "accepted_at": shown_time(summary.accepted_at),
        "finished_at": shown_time(summary.finished_at) if summary.finished_at else None,
        "error_code": summary.error_code,
        "links": _links(summary.job_id, summary.status),
    }


def event_view(event: JobEvent) -> dict[str, Any]:
    """One line of a job's event log."""
    return {
        "at": shown_time(event.at),
        "type": event.type,
        "message": event.message,
        "region": event.region,
        "epoch": event.epoch,
    }


def _links(job_id: str, status: JobStatus) -> dict[str, str]:
    links = {"self": f"/v1/jobs/{job_id}"}
    if status is JobStatus.SUCCEEDED:
        links["result"] = f"/v1/jobs/{job_id}/result"
    return links


def _seconds(span: timedelta) -> float:
    return span.total_seconds()
