"""Look after jobs that nothing has moved for a while, so that none is stuck."""

from __future__ import annotations

import logging
from collections import Counter, deque
from datetime import datetime

from bellpair_core.model.device_names import service_of
from bellpair_core.model.errors import ErrorCode, LedgerConflict, TransientFault
from bellpair_core.model.job import SHARED_QUEUES, Job, JobError, JobStatus
from bellpair_core.model.limits import (
    ADOPTION_WINDOW,
    ATTEMPTS_MAX,
    CHECK_AFTER,
    CHECK_RUNNING_AFTER,
    CHECK_WAITING_AFTER,
    OPEN_SCAN_PAGE,
    OPEN_SHARDS,
    RESTART_PAUSE_MAX,
    RESTARTS_AT_ONCE,
    SWEEP_TIME,
)
from bellpair_core.model.pair import PairRecord
from bellpair_core.ports import (
    Clock,
    Ends,
    Journal,
    Ledger,
    TaskService,
    Wakeups,
    Workflows,
)
from bellpair_core.settings import Settings

from .adopt_jobs import adopt_job, go_on
from .let_go import cancel_known_calls, cancel_unwanted_task, free_place
from .spent_by_calls import spent_by_calls
from .tell_end import told

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
    journal: Journal,
    ends: Ends | None = None,
) -> dict[str, int]:
    """One pass over the unfinished jobs whose time to be looked at has come.

    A job of an epoch before is adopted: one that a region accepted late, or that adoption has
    not come to. A job fails past its deadline, after too many executions, or when its device
    is offered no more; a waiting one is announced to the dispatcher again; one whose execution
    is gone gets a new execution, whose stages keep what is done already. For a while after a
    promotion all unfinished jobs are looked at, so that late ones do not wait for their time.
    Safe to run twice at once: each step is a conditional write.

    A pass ends after `SWEEP_TIME`, however many jobs are due. Each begins with another shard, and
    in a shard with those that are due for longest, so that what it leaves is looked at by the next.

    Returns
    -------
    dict
        How many jobs were ``adopted``, ``ended``, ``woken``, ``restarted``, ``waiting`` for a
        device service out of reach and ``fine``, and at how many the look ``failed``: those
        stay due, and do not keep the others from being looked at.
    """
    outcomes = ("adopted", "ended", "woken", "restarted", "waiting", "fine", "failed")
    done = Counter(dict.fromkeys(outcomes, 0))
    queues: set[str] = set()
    record = ledger.pair()
    if record.active != settings.region:
        return done
    sweeper = _Sweeper(ledger, tasks, workflows, clock, settings, record, queues, journal, ends)
    began = clock()
    late = record.promoted_at is not None and began - record.promoted_at < ADOPTION_WINDOW
    first = int(began.timestamp() // 60) % OPEN_SHARDS
    shards = deque((shard + first) % OPEN_SHARDS for shard in range(OPEN_SHARDS))
    seen: set[str] = set()
    still_due: Counter[int] = Counter()
    while shards:
        shard = shards.popleft()
        # What could not be looked at stays the first that is due, and others may be behind it.
        due = ledger.due(shard, clock(), _BATCH + still_due[shard])
        candidates = [job_id for job_id in due if job_id not in seen]
        if len(candidates) >= _BATCH:
            shards.append(shard)
        elif late:
            candidates += _orphans(ledger, shard, record)
        for job_id in candidates:
            if clock() - began >= SWEEP_TIME:
                shards.clear()
                break
            if job_id in seen:
                continue
            seen.add(job_id)
            try:
                if (outcome := sweeper.look_at(job_id)) is not None:
                    done[outcome] += 1
            except LedgerConflict:
                # Somebody moved it just now, which is all that was wanted.
                done["fine"] += 1
            except Exception:
                _LOG.exception("job %s could not be looked after", job_id)
                done["failed"] += 1
                still_due[shard] += 1
    for queue in sorted(queues):
        wakeups.wake(queue)
    return done


def _orphans(ledger: Ledger, shard: int, pair: PairRecord) -> list[str]:
    """Ids of the shard's unfinished jobs that still have an epoch before the pair's."""
    found: list[str] = []
    position: str | None = None
    while True:
        page = ledger.open_jobs(shard, OPEN_SCAN_PAGE, position)
        found += [job.job_id for job in page.jobs if job.epoch < pair.epoch]
        if (position := page.position) is None:
            return found


class _Sweeper:
    """Looks after one job at a time; ``queues`` gathers what the dispatcher is to look at."""

    def __init__(
        self,
        ledger: Ledger,
        tasks: TaskService,
        workflows: Workflows,
        clock: Clock,
        settings: Settings,
        pair: PairRecord,
        queues: set[str],
        journal: Journal,
        ends: Ends | None,
    ) -> None:
        self._ledger = ledger
        self._tasks = tasks
        self._workflows = workflows
        self._clock = clock
        self._settings = settings
        self._pair = pair
        self._queues = queues
        self._journal = journal
        self._ends = ends
        self._silent: set[str] = set()

    def look_at(self, job_id: str) -> str | None:
        """Do what the job needs and say what it was; ``None`` where it is not this one's."""
        job = self._ledger.job(job_id)
        if job is None or job.status.terminal:
            return None
        if job.epoch < self._pair.epoch:
            mine = adopt_job(job_id, self._pair, ledger=self._ledger, clock=self._clock)
            if mine is None:
                return None
            go_on(mine, self._workflows, self._queues)
            return "adopted"
        if (job.epoch, job.region) != (self._pair.epoch, self._settings.region):
            return None
        return self.look_after(job) if job.check_at <= self._clock() else None

    def look_after(self, job: Job) -> str:
        """Do what the job needs and say what it was."""
        if error := self._hopeless(job):
            self._end(job, error)
            return "ended"
        now = self._clock()
        if job.status is JobStatus.QUEUED:
            # The dispatcher's schedule would find it too, only a little later.
            self._ledger.replace(job, job.moved(now, check_at=now + CHECK_RUNNING_AFTER))
            self._queues.add(job.queue)
            return "woken"
        # What is paused goes on when its owner resumes it, and ends when its time comes.
        if job.status is JobStatus.PAUSED or self._workflows.running(job):
            self._ledger.replace(job, job.moved(now, check_at=now + CHECK_RUNNING_AFTER))
            return "fine"
        if job.waiting_for is not None and not self._device_service_answers(job):
            self._ledger.replace(job, job.moved(now, check_at=now + CHECK_WAITING_AFTER))
            return "waiting"
        # An execution that found a device service out of reach did not come to nothing by itself.
        counted = job.waiting_for is None
        if counted and (resting := _rests_until(job)) is not None and now < resting:
            self._ledger.replace(job, job.moved(now, check_at=min(resting, job.ends_by)))
            if job.function is not None:
                # Its place among the functions at work is another's meanwhile.
                self._queues.update(free_place(job, self._ledger, self._settings))
            return "fine"
        again = job.moved(
            now,
            event="restarted",
            message=f"execution {job.execution_name} is over or never began",
            attempt=job.attempt + 1,
            restarts=job.restarts + counted,
            waiting_for=None,
        )
        self._ledger.replace(job, again)
        self._workflows.start(again)
        return "restarted"

    def _hopeless(self, job: Job) -> JobError | None:
        if job.function is not None and self._clock() >= job.ends_by:
            code = ErrorCode.FUNCTION_TIMED_OUT
            by = job.ends_by.isoformat(timespec="seconds")
            text = f"The function was to be finished by {by}."
        elif self._clock() >= job.deadline:
            code = ErrorCode.DEADLINE_EXCEEDED
            text = f"The deadline was {job.deadline.isoformat(timespec='seconds')}."
            if job.waiting_for is not None:
                text += f" What it waited for: {job.waiting_for.rstrip('.')}."
        elif job.restarts + 1 >= ATTEMPTS_MAX and not self._workflows.running(job):
            code = ErrorCode.GAVE_UP
            text = f"{job.restarts + 1} executions ended before the job did."
        elif (
            job.function is None
            and job.device not in SHARED_QUEUES
            and self._settings.device(job.device) is None
        ):
            code = ErrorCode.DEVICE_UNKNOWN
            text = f"Device {job.device} is not offered any more."
        else:
            return None
        return JobError(code=code, message=text, remedy=code.remedy)

    def _device_service_answers(self, job: Job) -> bool:
        """Whether the service that has the job's task can be reached; asked once in a pass."""
        task = job.task
        if task is None:
            return True
        service = service_of(task.device_arn, task.region)
        if service in self._silent:
            return False
        try:
            # The device tells as well as the task whether there is a service, and is asked
            # without much patience: a pass has other jobs to look at.
            self._tasks.health(task.device_arn, task.region)
        except TransientFault as fault:
            if fault.throttled:
                return True
            self._silent.add(service)
            return False
        return True

    def _end(self, job: Job, error: JobError) -> None:
        usage = job.usage + spent_by_calls(job, self._journal)
        ended = job.moved(
            self._clock(), JobStatus.FAILED, message=error.message, error=error, usage=usage
        )
        self._ledger.replace(job, told(self._ends, ended))
        self._queues.update(free_place(job, self._ledger, self._settings))
        if job.function is not None:
            cancel_known_calls(job, lambda: self._journal, lambda: self._tasks)
        if job.task is None:
            return
        service = service_of(job.task.device_arn, job.task.region)
        if service in self._silent:
            return
        try:
            cancel_unwanted_task(job, self._tasks)
        except TransientFault:
            # The job has ended all the same. Of many that end so, one waits for the service.
            _LOG.warning("the task of job %s was not cancelled", job.id, exc_info=True)
            self._silent.add(service)


def _rests_until(job: Job) -> datetime | None:
    """Until when a job rests whose executions came to nothing several times.

    What stops them may be an outage that nobody noted; the restarts that a job has should last
    for hours of it, and not for half of one.
    """
    doublings = job.restarts - RESTARTS_AT_ONCE
    last = next((event.at for event in reversed(job.events) if event.type == "restarted"), None)
    if doublings < 0 or last is None:
        return None
    return last + min(CHECK_AFTER * (1 << doublings), RESTART_PAUSE_MAX)
