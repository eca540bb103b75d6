"""Look after jobs that nothing has moved for a while, so that none is stuck."""

from __future__ import annotations

import logging

from bellpair_core.model.errors import ErrorCode, LedgerConflict
from bellpair_core.model.job import Job, JobError, JobStatus
from bellpair_core.model.limits import OPEN_SHARDS
from bellpair_core.ports import Clock, Ledger, TaskService, Wakeups, Workflows

_BATCH = 100
_LOG = logging.getLogger(__name__)


def sweep_jobs(
    ledger: Ledger,
    tasks: TaskService,
    workflows: Workflows,
    wakeups: Wakeups,
    clock: Clock,
    region: str,
) -> dict[str, int]:
    """One pass over the unfinished jobs whose time to be looked at has come.

    Past its deadline a job fails; a waiting one is announced to the dispatcher again; one
    whose execution is gone gets a new execution, whose stages keep what is done already.
    Safe to run twice at once: each step is a conditional write.

    Returns
    -------
    dict
        How many jobs were ``expired``, ``woken``, ``restarted`` and ``fine``, and at how many
        the look ``failed``: those stay due, and do not keep the others from being looked at.
    """
    done = {"expired": 0, "woken": 0, "restarted": 0, "fine": 0, "failed": 0}
    pair = ledger.pair()
    if pair.active != region:
        return done
    for shard in range(OPEN_SHARDS):
        for job_id in ledger.due(shard, clock(), _BATCH):
            try:
                job = ledger.job(job_id)
                if job is None or job.status.terminal or job.check_at > clock():
                    continue
                done[_look_after(job, ledger, tasks, workflows, wakeups, clock)] += 1
            except LedgerConflict:
                # Somebody moved it just now, which is all that was wanted.
                done["fine"] += 1
            except Exception:
                _LOG.exception("job %s could not be looked after", job_id)
                done["failed"] += 1
    return done


def _look_after(
    job: Job,
    ledger: Ledger,
    tasks: TaskService,
    workflows: Workflows,
    wakeups: Wakeups,
    clock: Clock,
) -> str:
    now = clock()
    if now >= job.deadline:
        code = ErrorCode.DEADLINE_EXCEEDED
        text = f"The deadline was {job.deadline.isoformat(timespec='seconds')}."
        error = JobError(code=code, message=text, remedy=code.remedy)
        ledger.replace(job, job.moved(now, JobStatus.FAILED, message=text, error=error))
        if job.task and job.task.arn:
            tasks.cancel(job.task.arn)
        return "expired"
    if job.status is JobStatus.QUEUED:
        ledger.replace(job, job.moved(now))
        wakeups.wake(job.device)
        return "woken"
    if workflows.running(job):
        ledger.replace(job, job.moved(now))
        return "fine"
    again = job.moved(
        now,
        event="restarted",
        message=f"execution {job.execution_name} was gone",
        attempt=job.attempt + 1,
    )
    ledger.replace(job, again)
    workflows.start(again)
    return "restarted"
