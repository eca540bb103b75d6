"""The stage that ends a job, well or not."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from bellpair_core.logic.journal.journal_log import following
from bellpair_core.model.errors import (
    CalibrationSuperseded,
    DeviceUnavailable,
    ErrorCode,
    Fenced,
    JobCancelled,
    JobFailed,
    LedgerConflict,
    TransientFault,
)
from bellpair_core.model.job import Job, JobError, JobStatus
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Clock, Ends, Journal, Ledger, TaskService, Wakeups
from bellpair_core.settings import Settings

from .amend_job import amend_job, owned_job
from .let_go import cancel_known_calls, cancel_unwanted_task, free_place
from .send_back import sent_back
from .spent_by_calls import spent_by_calls
from .tell_end import telling

_CLOSE_TRIES = 5
_LOG = logging.getLogger(__name__)
_BACK_TO_THE_QUEUE = frozenset({DeviceUnavailable.__name__, CalibrationSuperseded.__name__})
"""The second comes here from executions that were begun before there was another way for it."""
_EXHAUSTED = frozenset({"Sandbox.Timedout", "States.Timeout"})


def finish_job(
    job_id: str,
    epoch: int,
    attempt: int,
    failure: Mapping[str, Any] | None,
    usage: Usage,
    *,
    ledger: Ledger,
    tasks: TaskService,
    wakeups: Wakeups,
    clock: Clock,
    settings: Settings,
    journal: Journal,
    ends: Ends | None = None,
) -> str:
    """Write the job's terminal state, free its place on the device and wake the dispatcher.

    A job whose device takes none now is not ended but sent back to its queue.

    Parameters
    ----------
    attempt
        The execution that this ends.
    failure
        What the state machine caught, ``{"Error": class name, "Cause": JSON text}``, or
        ``None`` when every stage went well.
    usage
        What the job's stages consumed.
    journal
        Closed when the job runs a function, so that nobody goes on with it.
    ends
        Has the job's end told of.

    Returns
    -------
    str
        The job's status: terminal, or ``"queued"``.
    """
    try:
        held = owned_job(ledger, job_id, epoch, attempt)
        usage = usage + spent_by_calls(held, journal)
        left = telling(ends, lambda job: _left(job, clock, failure, usage))
        job = amend_job(ledger, held, left, attempt=attempt)
    except Fenced:
        # Finished or sent back before; a repetition still frees the place and wakes the next.
        stored = ledger.job(job_id)
        if stored is None or (stored.epoch, stored.attempt) != (epoch, attempt):
            raise
        held = job = stored
    if job.function is not None and job.status.terminal:
        _close_journal(job, journal, clock)
    queues = set(free_place(held, ledger, settings))
    if job.status is JobStatus.QUEUED:
        queues.add(job.queue)
    for queue in sorted(queues):
        wakeups.wake(queue)
    cancel_unwanted_task(job, tasks)
    if job.function is not None and job.status.terminal:
        # Also of one that went well: of branches, not all need have been waited for.
        cancel_known_calls(job, lambda: journal, lambda: tasks)
    return job.status.value


def _close_journal(job: Job, journal: Journal, clock: Clock) -> None:
    """Let no run go on that is still about. Nothing depends on it but a little time of a worker:
    the broker looks at the job's record before it takes anything down."""
    try:
        for _ in range(_CLOSE_TRIES):
            last = journal.last(job.id)
            if last is None or last.ended is not None:
                return
            try:
                journal.append(job.id, following(last, clock(), "", ended=job.status.value))
            except LedgerConflict:
                continue
            return
    except TransientFault:
        _LOG.warning("the journal of job %s was not closed", job.id, exc_info=True)


def _left(job: Job, clock: Clock, failure: Mapping[str, Any] | None, usage: Usage) -> Job:
    """The job as this execution leaves it."""
    if failure is not None and failure.get("Error") in _BACK_TO_THE_QUEUE:
        if job.cancel_requested:
            failure = {"Error": JobCancelled.__name__}
        else:
            return sent_back(job, clock, _message(str(failure.get("Cause", ""))), usage)
    return _ended(job, clock, failure, usage).model_copy(update={"waiting_for": None})


def _ended(job: Job, clock: Clock, failure: Mapping[str, Any] | None, usage: Usage) -> Job:
    total = _whole(job, job.usage + usage)
    if failure is None:
        return job.moved(clock(), JobStatus.SUCCEEDED, usage=total)
    if failure.get("Error") == JobCancelled.__name__:
        return job.moved(clock(), JobStatus.CANCELLED, message="as asked", usage=total)
    error = job_error(failure)
    return job.moved(clock(), JobStatus.FAILED, message=error.message, error=error, usage=total)


def _whole(job: Job, counted: Usage) -> Usage:
    """Add what could not be counted as it happened.

    The first and the last write of a record cannot hold their own price, so they are taken to
    cost what the writes between them cost on average. Every state entered is a transition:
    the execution's start, its four states, one for each time the task was asked for news, and two
    for each time the job was compiled again. Of a function's states the journal tells, but for the
    first and the last.
    """
    mean = counted.write_units / counted.writes if counted.writes else 1.0
    polls = sum(event.type == "polled" for event in job.events)
    return counted + Usage(
        writes=2,
        write_units=2 * mean,
        api_requests=1,
        state_transitions=(
            job.attempt * (5 if job.function is None else 3) + polls + 2 * job.recompiles
        ),
    )


def job_error(failure: Mapping[str, Any]) -> JobError:
    """The error that a person sees, from what the state machine caught."""
    name = str(failure.get("Error", ""))
    message = _message(str(failure.get("Cause", "")))
    if name == JobFailed.__name__:
        code, text, remedy = JobFailed.parse(message)
    elif name == "ResultMissing":
        code, remedy = ErrorCode.RESULT_MISSING, ErrorCode.RESULT_MISSING.remedy
        text = f"The task's result could not be read: {message}"
    elif name in _EXHAUSTED:
        code, remedy = ErrorCode.STAGE_EXHAUSTED, ErrorCode.STAGE_EXHAUSTED.remedy
        text = "A stage of the job ran out of time each time it was tried."
    else:
        # The exception's text may hold anything, so it stays in the function's log.
        code, remedy = ErrorCode.INTERNAL, ErrorCode.INTERNAL.remedy
        text = f"A stage failed with {name or 'an unnamed error'}, which no repetition would cure."
    return JobError(code=code, message=text, remedy=remedy)


def _message(cause: str) -> str:
    try:
        return str(json.loads(cause).get("errorMessage", cause))
    except (ValueError, AttributeError):
        return cause
