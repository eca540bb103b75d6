"""The stage that runs the compiled program on the device: spends QPU time, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bellpair_core.model.errors import ErrorCode, Fenced, JobFailed
from bellpair_core.model.job import CompiledProgram, Job, JobStatus, Task, client_token
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Blobs, Clock, Ledger, TaskService, TaskState, Workflows
from bellpair_core.settings import Settings

from .amend_job import amend_job, going_on, owned_job


def launch_task(
    job_id: str,
    epoch: int,
    wake_token: str,
    *,
    ledger: Ledger,
    blobs: Blobs,
    tasks: TaskService,
    workflows: Workflows,
    clock: Clock,
    settings: Settings,
    spent: Callable[[], Usage],
) -> None:
    """Create the job's task, or find the one it has, and leave word where to send the news.

    The intent is in the ledger before the device hears of it, so whoever repeats this stage
    repeats the same call with the same client token, and the device answers with the same
    task. The state machine waits for ``wake_token`` to be answered: by the completion event,
    here when the task is over already.

    Parameters
    ----------
    spent
        What this invocation consumed since it was last asked; the execution hears nothing of
        this stage but the token's answer, so its account goes to the job's record.
    """
    job = owned_job(ledger, job_id, epoch)
    compiled = job.compiled
    if compiled is None:
        raise JobFailed(ErrorCode.INTERNAL, f"job {job_id} reached its launch uncompiled")
    known_arn = job.task.arn if job.task else None
    job = amend_job(
        ledger, job, lambda job: _intended(job, compiled, clock, settings, wake_token, spent)
    )
    task = job.task
    assert task is not None
    if known_arn is None:
        program = blobs.get(compiled.program).decode()
        arn = tasks.launch(task, job_id, program)
        recorded = _recorded(ledger, tasks, clock, job, arn, spent)
        # Whoever asks for a cancellation later than this finds the task's ARN in the record.
        if recorded is None or not recorded.cancel_requested:
            return
        job = recorded
    else:
        arn = known_arn
    state = tasks.poll(arn)
    if state.status.terminal:
        workflows.answer(wake_token, outcome(state))
    elif job.cancel_requested:
        tasks.cancel(arn)
    else:
        _note_position(ledger, clock, job, state)


def outcome(state: TaskState) -> dict[str, Any]:
    """What the execution is told about its task."""
    return {"task_arn": state.arn, "task_status": state.status.value}


def _intended(
    job: Job,
    compiled: CompiledProgram,
    clock: Clock,
    settings: Settings,
    wake_token: str,
    spent: Callable[[], Usage],
) -> Job:
    if job.task is not None:
        task = job.task.model_copy(update={"wake_token": wake_token})
        return job.moved(
            clock(),
            event="polled" if task.arn else "relaunched",
            message="no news came, so the device is asked",
            task=task,
            usage=job.usage + spent(),
        )
    going_on(job)
    device = settings.device(job.device_used or job.device)
    if device is None:
        raise JobFailed(ErrorCode.DEVICE_UNKNOWN, f"Device {job.device_used} is not offered now.")
    task = Task(
        generation=1,
        client_token=client_token(settings.stage, job.id, 1),
        device_arn=device.arn,
        region=device.region or settings.region,
        digest=compiled.program.sha256,
        shots=job.shots,
        wake_token=wake_token,
    )
    return job.moved(clock(), JobStatus.EXECUTING, message=f"on {device.name}", task=task)


def _recorded(
    ledger: Ledger,
    tasks: TaskService,
    clock: Clock,
    job: Job,
    arn: str,
    spent: Callable[[], Usage],
) -> Job | None:
    usage = spent()

    def with_arn(job: Job) -> Job:
        if job.task is None or job.task.arn is not None:
            return job
        task = job.task.model_copy(update={"arn": arn})
        return job.moved(clock(), event="launched", message=arn, task=task, usage=job.usage + usage)

    try:
        return amend_job(ledger, job, with_arn)
    except Fenced:
        # The task was so quick that the job has its result, or the job has a new owner, who
        # finds the same task by its client token, or nobody wants the task any more.
        ended = ledger.job(job.id)
        if ended is not None and ended.status.terminal and ended.result is None:
            tasks.cancel(arn)
        return None


def _note_position(ledger: Ledger, clock: Clock, job: Job, state: TaskState) -> None:
    """Keep the task's place in the device's queue, for who asks how long it may take."""
    if state.queue_position is None:
        return

    def with_position(job: Job) -> Job:
        if job.task is None or job.task.queue_position == state.queue_position:
            return job
        task = job.task.model_copy(update={"queue_position": state.queue_position})
        return job.moved(clock(), task=task)

    amend_job(ledger, job, with_position)
