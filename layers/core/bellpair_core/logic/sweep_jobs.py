"""Look after jobs that nothing has moved for a while, so that none is stuck."""

from __future__ import annotations

import logging
from collections import Counter

from bellpair_core.model.errors import ErrorCode, LedgerConflict
from bellpair_core.model.job import ANY_DEVICE, Job, JobError, JobStatus
from bellpair_core.model.limits import ATTEMPTS_MAX, CHECK_RUNNING_AFTER, OPEN_SHARDS
from bellpair_core.ports import Clock, Ledger, TaskService, Wakeups, Workflows
from bellpair_core.settings import Settings

from .let_go import cancel_unwanted_task, free_place

_BATCH = 100
_LOG = logging.getLogger(__name__)


def sweep_jobs(
    *,
    ledger: Ledger,
    tasks: TaskService,
    workflows: Workflows,
    wakeups: Wakeups,
    clock: Clock,
    settings: Settings,
) -> dict[str, int]:
    """One pass over the unfinished jobs whose time to be looked at has come.

    A job fails past its deadline, after too many executions, or when its device is offered no
    more; a waiting one is announced to the dispatcher again; one whose execution is gone gets a
    new execution, whose stages keep what is done already. Safe to run twice at once: each step
    is a conditional write.

    Returns
    -------
    dict
        How many jobs were ``ended``, ``woken``, ``restarted`` and ``fine``, and at how many
        the look ``failed``: those stay due, and do not keep the others from being looked at.
    """
    done = Counter(dict.fromkeys(("ended", "woken", "restarted", "fine", "failed"), 0))
    queues: set[str] = set()
    if ledger.pair().active != settings.region:
        return done
    sweeper = _Sweeper(ledger, tasks, workflows, clock, settings, queues)
    for shard in range(OPEN_SHARDS):
        for job_id in ledger.due(shard, clock(), _BATCH):
            try:
                job = ledger.job(job_id)
                if job is None or job.status.terminal or job.check_at > clock():
                    continue
                done[sweeper.look_after(job)] += 1
            except LedgerConflict:
                # Somebody moved it just now, which is all that was wanted.
                done["fine"] += 1
            except Exception:
                _LOG.exception("job %s could not be looked after", job_id)
                done["failed"] += 1
    for queue in sorted(queues):
        wakeups.wake(queue)
    return done


class _Sweeper:
    """Looks after one job at a time; ``queues`` gathers what the dispatcher is to look at."""

    def __init__(
        self,
        ledger: Ledger,
        tasks: TaskService,
        workflows: Workflows,
        clock: Clock,
        settings: Settings,
        queues: set[str],
    ) -> None:
        self._ledger = ledger
        self._tasks = tasks
        self._workflows = workflows
        self._clock = clock
        self._settings = settings
        self._queues = queues

    def look_after(self, job: Job) -> str:
        """Do what the job needs and say what it was."""
        if error := self._hopeless(job):
            self._end(job, error)
            return "ended"
        now = self._clock()
        if job.status is JobStatus.QUEUED:
            # The beat of the dispatcher would find it too, only a little later.
            self._ledger.replace(job, job.moved(now, check_at=now + CHECK_RUNNING_AFTER))
            self._queues.add(job.device)
            return "woken"
        if self._workflows.running(job):
            self._ledger.replace(job, job.moved(now, check_at=now + CHECK_RUNNING_AFTER))
            return "fine"
        again = job.moved(
            now,
            event="restarted",
            message=f"execution {job.execution_name} is over or never began",
            attempt=job.attempt + 1,
        )
        self._ledger.replace(job, again)
        self._workflows.start(again)
        return "restarted"

    def _hopeless(self, job: Job) -> JobError | None:
        if self._clock() >= job.deadline:
            code = ErrorCode.DEADLINE_EXCEEDED
            text = f"The deadline was {job.deadline.isoformat(timespec='seconds')}."
        elif job.attempt >= ATTEMPTS_MAX and not self._workflows.running(job):
            code = ErrorCode.GAVE_UP
            text = f"{job.attempt} executions ended before the job did."
        elif job.device != ANY_DEVICE and self._settings.device(job.device) is None:
            code = ErrorCode.DEVICE_UNKNOWN
            text = f"Device {job.device} is not offered any more."
        else:
            return None
        return JobError(code=code, message=text, remedy=code.remedy)

    def _end(self, job: Job, error: JobError) -> None:
        ended = job.moved(self._clock(), JobStatus.FAILED, message=error.message, error=error)
        self._ledger.replace(job, ended)
        self._queues.update(free_place(job, self._ledger, self._settings))
        cancel_unwanted_task(job, self._tasks)
