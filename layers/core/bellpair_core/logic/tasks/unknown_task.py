"""Wait for a task that its own service does not know."""

from __future__ import annotations

from typing import NoReturn

from bellpair_core.logic.jobs.amend_job import amend_job
from bellpair_core.model.errors import ErrorCode, JobFailed, TransientFault
from bellpair_core.model.job import Job
from bellpair_core.model.limits import CHECK_WAITING_AFTER, TASK_UNKNOWN_MAX
from bellpair_core.ports import Clock, Ledger

_WHY = "the device service does not know the task"


def await_unknown(ledger: Ledger, clock: Clock, job: Job, arn: str, *, attempt: int) -> NoReturn:
    """Note that the service does not know the job's task, and since when.

    The task was made, and is perhaps paid for: a service may know it a little later, or again
    when its region is restored.

    Raises
    ------
    TransientFault
        To be asked again.
    JobFailed
        When this has lasted for `TASK_UNKNOWN_MAX`.
    Fenced
        As `amend_job`.
    """
    now = clock()

    def noted(job: Job) -> Job:
        if job.task is None or (job.waiting_for == _WHY and job.task.unknown_since):
            return job
        return job.moved(
            now,
            event="waiting",
            message=_WHY,
            waiting_for=_WHY,
            task=job.task.model_copy(update={"unknown_since": job.task.unknown_since or now}),
            check_at=now + CHECK_WAITING_AFTER,
        )

    task = amend_job(ledger, job, noted, attempt=attempt).task
    if task and task.unknown_since and now - task.unknown_since >= TASK_UNKNOWN_MAX:
        raise JobFailed(ErrorCode.TASK_FAILED, f"The device service has no task {arn} any more.")
    raise TransientFault(f"{_WHY} {arn}")
