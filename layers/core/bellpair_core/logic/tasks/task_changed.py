"""A device service says that a task changed state."""

from __future__ import annotations

from collections.abc import Callable, Collection

from bellpair_core.model.job import Job, job_of_result
from bellpair_core.model.journal import place_of
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Journal, Ledger, TaskStatus, Workflows

_NOT_AWAITED = "no such task is awaited"


def task_changed(
    ledger: Ledger,
    workflows: Workflows,
    journal: Journal,
    region: str,
    task_arn: str,
    status: TaskStatus,
    output_bucket: str,
    output_directory: str,
    own_buckets: Collection[str],
    spent: Callable[[], Usage],
) -> str:
    """Wake the execution that waits for the task, if it waits here.

    Both regions hear of every task; only the job's owner acts. An event that is repeated,
    late or strange changes nothing.

    Parameters
    ----------
    own_buckets
        This stage's result buckets: another stage of the account has tasks and events too.
    spent
        What this invocation consumed; it travels with the answer.

    Returns
    -------
    str
        What was done, for the log: ``"answered"`` or why not.
    """
    if not status.terminal:
        return "not over yet"
    named = job_of_result(output_directory)
    if named is None or output_bucket not in own_buckets:
        return "not a task of ours"
    job_id, number = named
    job = ledger.job(job_id)
    if job is None:
        return _NOT_AWAITED
    if job.region != region:
        return f"region {job.region} owns the job"
    if job.function is not None:
        return _call_task_over(job, number, workflows, journal, spent)
    return _task_over(
        job, number, workflows, {"task_arn": task_arn, "task_status": status.value}, spent
    )


def _task_over(
    job: Job,
    number: int,
    workflows: Workflows,
    output: dict[str, str],
    spent: Callable[[], Usage],
) -> str:
    task = job.task
    if task is None or task.generation != number:
        return _NOT_AWAITED
    if job.status.terminal or task.wake_token is None:
        return "nobody waits"
    return _answered(workflows, task.wake_token, output, spent)


def _call_task_over(
    job: Job,
    number: int,
    workflows: Workflows,
    journal: Journal,
    spent: Callable[[], Usage],
) -> str:
    """Wake a function's execution when the last of the tasks that it waits for is over.

    The word whom to wake is in the record before whoever left it asks for the tasks, so a task
    whose event finds none is noticed there. The number of those that are over is a set's, which
    repeated events do not change.
    """
    line, _, place = place_of(number)
    parked = job.parked
    if job.status.terminal or parked is None or parked.call != line:
        return "nobody waits"
    over = journal.note_over(job.id, line, place)
    if over < parked.tasks:
        return f"{over} of {parked.tasks} tasks are over"
    return _answered(workflows, parked.wake_token, {"woken": "tasks are over"}, spent)


def _answered(
    workflows: Workflows, token: str, output: dict[str, str], spent: Callable[[], Usage]
) -> str:
    usage = spent().model_dump(exclude_defaults=True)
    done = workflows.answer(token, {**output, "usage": usage})
    return "answered" if done else "answered before"
