"""The stage that turns a finished task into a result."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from bellpair_core.logic.devices.device_breaker import Breakers, away_text, barred
from bellpair_core.logic.jobs.amend_job import amend_job, owned_job
from bellpair_core.logic.jobs.redirect import another_left, shunning, without_room
from bellpair_core.logic.jobs.waiting_note import awaiting_blobs, note_waiting
from bellpair_core.model.compiling import Superseded
from bellpair_core.model.device import Device, DeviceKind
from bellpair_core.model.device_names import service_of_task
from bellpair_core.model.errors import (
    CalibrationSuperseded,
    DeviceUnavailable,
    ErrorCode,
    Fenced,
    JobCancelled,
    JobFailed,
    TransientFault,
)
from bellpair_core.model.job import SHARED_QUEUES, Job, JobStatus
from bellpair_core.model.limits import GENERATIONS_MAX, RECOMPILES_MAX
from bellpair_core.model.usage import Usage
from bellpair_core.ports import (
    Blobs,
    Clock,
    Ledger,
    TaskService,
    TaskState,
    TaskStatus,
    TaskUnknown,
)

from .counts import BIT_ORDER, counts_of
from .renewal import Renewal, names_part
from .superseded import without_form
from .unknown_task import await_unknown


def process_result(
    job_id: str,
    epoch: int,
    attempt: int,
    task_arn: str,
    *,
    ledger: Ledger,
    blobs: Blobs,
    tasks: TaskService,
    clock: Clock,
    devices: Callable[[], Sequence[Device]],
    breakers: Breakers,
    renewal: Renewal,
    observe: Callable[[Job, Mapping[str, Any], DeviceKind | None], None] | None = None,
) -> dict[str, Any]:
    """Read the task's outcome and keep the job's result.

    A task that failed, or that was cancelled at the device, is let go of: the job then has no
    task, its next one gets a new generation, and it goes back to the queue, if another device
    may take it or its own is only away for now.

    A task that failed for what the device's newest calibration is without, or by the device's
    words for a qubit or an edge that it uses, is no fault of the job's. It is compiled again where
    there is another calibration by now; else it goes to another device or waits for the next one.

    Parameters
    ----------
    attempt
        The execution that this is a stage of.
    task_arn
        The task, as the completion named it. Its state is asked of the service itself: an
        event may wake, but not decide.
    devices, breakers
        The catalogue's devices and what is held against them, a little old at most.
    renewal
        Asks a device for its calibration out of turn.
    observe
        Learns of the device from the job, its result and the device's kind.

    Raises
    ------
    CalibrationSuperseded
        When the job is to be compiled again; its record has no task then.
    DeviceUnavailable
        When it goes back to the queue; its record has no task then, either.
    """
    job = owned_job(ledger, job_id, epoch, attempt)
    if job.result is not None:
        return {"task_arn": task_arn}
    try:
        state = tasks.poll(task_arn)
        document = tasks.result(state) if state.status is TaskStatus.COMPLETED else None
    except TaskUnknown:
        await_unknown(ledger, clock, job, task_arn, attempt=attempt)
    except TransientFault as fault:
        if not fault.throttled:
            why = away_text(service_of_task(task_arn))
            note_waiting(ledger, clock, job, why, attempt=attempt)
        raise
    if document is None:
        desk = _Failures(ledger, clock, devices, breakers, renewal, attempt)
        desk.handle(job, state)
    if job.task is None:
        raise Fenced(f"job {job_id} has let go of task {task_arn}")
    with awaiting_blobs(ledger, clock, job, attempt=attempt):
        result = _result(job, blobs, document, state)
        kept = blobs.put(json.dumps(result).encode())
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
            waiting_for=None,
            usage=job.usage + charged,
        )

    amend_job(ledger, job, with_result, attempt=attempt)
    breakers.succeeded(job.device_used or job.device)
    if observe is not None:
        used = next((one for one in devices() if one.name == job.device_used), None)
        observe(job, result, used.kind if used is not None else None)
    return {"task_arn": task_arn}


class _Failures:
    """What is done about a task that gave no result."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        devices: Callable[[], Sequence[Device]],
        breakers: Breakers,
        renewal: Renewal,
        attempt: int,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._devices = devices
        self._breakers = breakers
        self._renewal = renewal
        self._attempt = attempt

    def handle(self, job: Job, state: TaskState) -> NoReturn:
        """End the job, or let go of the task and send the job back."""
        failed = state.status is TaskStatus.FAILED
        if not failed and state.status is not TaskStatus.CANCELLED:
            raise TransientFault(f"task {state.arn} is {state.status} and not over")
        if job.task is None:
            if job.compiled is None and job.superseded is not None:
                raise CalibrationSuperseded(job.superseded.why)
            raise DeviceUnavailable(f"task {state.arn} was let go of")
        part, passed = self._lost_part(job, state) if failed else (False, None)
        if failed and not part:
            self._breakers.failed(job.device_used or job.device, _reason(job, state))
        if job.cancel_requested:
            raise JobCancelled("cancelled at the device")
        if not failed and job.recalled:
            self._let_go(job, state)
        elif job.generation >= GENERATIONS_MAX:
            raise _failure(state, f" It was this job's attempt number {job.generation} at a task.")
        elif passed is not None and job.recompiles < RECOMPILES_MAX:
            self._compile_again(job, state, passed)
        elif part and passed is None:
            self._await_calibration(job, state)
        elif job.device in SHARED_QUEUES:
            if not another_left(job, self._devices()):
                tried = ", ".join(sorted({*job.avoid, job.device_used or ""}))
                raise _failure(state, f" No device is left that fits; tried: {tried}.")
            self._let_go(job, state, shun=True)
        elif barred(job, self._seen(job.device), self._breakers):
            self._let_go(job, state)
        raise _failure(state)

    def _seen(self, name: str) -> Device | None:
        return next((device for device in self._devices() if device.name == name), None)

    def _lost_part(self, job: Job, state: TaskState) -> tuple[bool, Superseded | None]:
        """Whether the device failed the task for a part that it lost, and what calibration has
        superseded the job's.

        The device is asked for its calibration only where its words call for it: of all tasks
        that an outage fails, none has to.
        """
        compiled = job.compiled
        if compiled is None or compiled.use is None:
            return False, None
        known = self._renewal.known(job, compiled)
        if known is not None and known.rescored == 0.0:
            return True, known
        if not names_part(state.failure_reason or "", compiled.use):
            return False, None
        return True, known or self._renewal.asked(job, compiled)

    def _compile_again(self, job: Job, state: TaskState, passed: Superseded) -> NoReturn:
        why = f"{_reason(job, state)}; {passed.why}"
        told = passed.model_copy(update={"why": why})
        self._change(job, state, lambda job: without_form(job, self._clock(), told))
        raise CalibrationSuperseded(why)

    def _await_calibration(self, job: Job, state: TaskState) -> NoReturn:
        """Leave the job to another device, or to its own once that is calibrated anew."""
        device = self._seen(job.device_used or job.device)
        assert device is not None
        why = f"{_reason(job, state)}; its calibration does not say so yet"

        def waiting(job: Job) -> Job:
            return without_room(
                job, self._clock(), device, "task-failed", why, task=None, recalled=False
            )

        self._change(job, state, waiting)
        raise DeviceUnavailable(why)

    def _let_go(self, job: Job, state: TaskState, *, shun: bool = False) -> NoReturn:
        event, why = f"task-{state.status.value.lower()}", _reason(job, state)

        def without(job: Job) -> Job:
            if shun:
                return shunning(job, self._clock(), event, why)
            return job.moved(
                self._clock(),
                event=event,
                message=why,
                task=None,
                recalled=False,
                waiting_for=None,
            )

        self._change(job, state, without)
        raise DeviceUnavailable(why)

    def _change(self, job: Job, state: TaskState, change: Callable[[Job], Job]) -> None:
        """Write what becomes of the job, unless it has let go of this task already."""

        def changed(job: Job) -> Job:
            gone = job.task is None or job.task.arn not in (None, state.arn)
            return job if gone else change(job)

        amend_job(self._ledger, job, changed, attempt=self._attempt)


def _reason(job: Job, state: TaskState) -> str:
    """What became of the task, for people."""
    device = job.device_used or job.device
    if state.status is TaskStatus.FAILED:
        return f"device {device} failed a task: {state.failure_reason or 'no reason given'}"
    return f"task {state.arn} on {device} was cancelled"


def _failure(state: TaskState, more: str = "") -> JobFailed:
    if state.status is TaskStatus.FAILED:
        reason = state.failure_reason or "no reason given"
        return JobFailed(
            ErrorCode.TASK_FAILED, f"The device failed task {state.arn}: {reason}.{more}"
        )
    return JobFailed(
        ErrorCode.TASK_CANCELLED, f"Task {state.arn} was cancelled at the device.{more}"
    )


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
    if compiled is None or job.task is None or job.task.digest != compiled.program.sha256:
        # Its bits say where each qubit's measurement belongs: another form's would mislead.
        raise JobFailed(ErrorCode.INTERNAL, f"task {state.arn} ran another form of the job")
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
