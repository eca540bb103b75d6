"""The stage that runs the compiled program on the device: spends QPU time, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bellpair_core.model.errors import ErrorCode, Fenced, JobFailed
from bellpair_core.model.job import CompiledProgram, Job, JobStatus, Task, client_token
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Blobs, Clock, Ledger, TaskService, TaskState, Workflows
from bellpair_core.settings import DeviceSetting

from .amend_job import amend_job, going_on, owned_job


def launch_task(
    ledger: Ledger,
    blobs: Blobs,
    tasks: TaskService,
    workflows: Workflows,
    clock: Clock,
    devices: Mapping[str, DeviceSetting],
    region: str,
    job_id: str,
    epoch: int,
    wake_token: str,
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
    if job.task is None:
        going_on(job)
    known_arn = job.task.arn if job.task else None
    job = amend_job(
        ledger,
        job,
        lambda job: _intended(job, compiled, clock, devices, region, wake_token),
    )
    task = job.task
    assert task is not None
    if known_arn is None:
        program = blobs.get(compiled.program).decode()
        arn = tasks.launch(task, job_id, program)
        recorded = _record(ledger, clock, job, arn, spent)
        # Whoever asks for a cancellation later than this finds the task's ARN in the record.
        if recorded is None or not recorded.cancel_requested:
            return
        tasks.cancel(arn)
    else:
        arn = known_arn
    state = tasks.poll(arn)
    if state.status.terminal:
        workflows.answer(wake_token, outcome(state))
    elif job.cancel_requested:
        tasks.cancel(arn)


def outcome(state: TaskState) -> dict[str, Any]:
    """What the execution is told about its task."""
    return {"task_arn": state.arn, "task_status": state.status.value}


def _intended(
    job: Job,
    compiled: CompiledProgram,
    clock: Clock,
    devices: Mapping[str, DeviceSetting],
    region: str,
    wake_token: str,
) -> Job:
    if job.task is not None:
        task = job.task.model_copy(update={"wake_token": wake_token})
        return job.moved(clock(), event="polled", message="no news, asking", task=task)
    device = devices[job.device_used or job.device]
    task = Task(
        generation=1,
        client_token=client_token(job.id, 1),
        device_arn=device.arn,
        region=device.region or region,
        digest=compiled.program.sha256,
        shots=job.shots,
        wake_token=wake_token,
    )
    return job.moved(clock(), JobStatus.EXECUTING, message=f"on {device.name}", task=task)


def _record(
    ledger: Ledger, clock: Clock, job: Job, arn: str, spent: Callable[[], Usage]
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
        # The task was so quick that the job is finished, or the job has a new owner, who
        # finds the same task by its client token.
        return None
