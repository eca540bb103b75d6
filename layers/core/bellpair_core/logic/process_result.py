"""The stage that turns a finished task into a result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bellpair_core.model.errors import ErrorCode, JobCancelled, JobFailed
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Blobs, Clock, Ledger, TaskService, TaskState, TaskStatus

from .amend_job import amend_job, owned_job
from .counts import BIT_ORDER, counts_of


def process_result(
    ledger: Ledger,
    blobs: Blobs,
    tasks: TaskService,
    clock: Clock,
    job_id: str,
    epoch: int,
    task_arn: str,
) -> dict[str, Any]:
    """Read the task's outcome and keep the job's result.

    Parameters
    ----------
    task_arn
        The task, as the completion named it. Its state is asked of the service itself: an
        event may wake, but not decide.
    """
    job = owned_job(ledger, job_id, epoch)
    state = tasks.poll(task_arn)
    if state.status is TaskStatus.FAILED:
        reason = state.failure_reason or "no reason given"
        raise JobFailed(ErrorCode.TASK_FAILED, f"The device failed task {task_arn}: {reason}")
    if state.status is TaskStatus.CANCELLED:
        if job.cancel_requested:
            raise JobCancelled("cancelled at the device")
        raise JobFailed(ErrorCode.TASK_CANCELLED, f"Task {task_arn} was cancelled at the device.")
    if job.result is None:
        kept = blobs.put(json.dumps(_result(job, blobs, tasks.result(state), state)).encode())
        charged = Usage(device_usd=job.price.of(job.shots, _seconds(state)))

        def with_result(job: Job) -> Job:
            if job.result is not None:
                return job
            return job.moved(
                clock(),
                JobStatus.PROCESSING,
                message="counts are kept",
                result=kept,
                task=job.task and job.task.model_copy(update={"arn": task_arn}),
                usage=job.usage + charged,
            )

        amend_job(ledger, job, with_result)
    return {"task_arn": task_arn}


def _seconds(state: TaskState) -> float:
    """How long the task took, from its creation to its end."""
    if state.created_at is None or state.ended_at is None:
        return 0.0
    took = datetime.fromisoformat(state.ended_at) - datetime.fromisoformat(state.created_at)
    return max(0.0, took.total_seconds())


def _result(
    job: Job, blobs: Blobs, document: Mapping[str, Any], state: TaskState
) -> dict[str, Any]:
    compiled = job.compiled
    assert compiled is not None
    try:
        counts = counts_of(document, compiled.bits)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise JobFailed(
            ErrorCode.RESULT_MISSING,
            f"The result of task {state.arn} is not a gate-model result: {error!r}",
        ) from error
    return {
        "counts": counts,
        "bit_order": BIT_ORDER,
        "num_bits": len(compiled.bits),
        "shots": sum(counts.values()),
        "device": job.device_used,
        "compiled_program": blobs.get(compiled.program).decode(),
        "calibration_id": compiled.calibration_id,
        "metrics": compiled.metrics,
        "task_arn": state.arn,
        "task_times": {"created_at": state.created_at, "ended_at": state.ended_at},
    }
