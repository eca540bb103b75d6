"""A device service says that a task changed state."""

from __future__ import annotations

from collections.abc import Callable, Collection

from bellpair_core.model.job import job_of_result
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Ledger, TaskStatus, Workflows


def task_changed(
    ledger: Ledger,
    workflows: Workflows,
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
    job_id, generation = named
    job = ledger.job(job_id)
    if job is None or job.task is None or job.task.generation != generation:
        return "no such task is awaited"
    if job.region != region:
        return f"region {job.region} owns the job"
    if job.status.terminal or job.task.wake_token is None:
        return "nobody waits"
    usage = spent().model_dump(exclude_defaults=True)
    output = {"task_arn": task_arn, "task_status": status.value, "usage": usage}
    return "answered" if workflows.answer(job.task.wake_token, output) else "answered before"
