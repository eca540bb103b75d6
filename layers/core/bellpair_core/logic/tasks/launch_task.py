"""The stage that runs the compiled program on the device: spends QPU time, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from bellpair_core.logic.devices.device_breaker import Breakers, away_text, barred
from bellpair_core.logic.jobs.amend_job import amend_job, going_on, owned_job
from bellpair_core.logic.jobs.redirect import another_left, better_elsewhere, shunning
from bellpair_core.logic.jobs.waiting_note import awaiting_blobs, note_waiting
from bellpair_core.model.device import Device, DeviceStatus, DeviceTarget
from bellpair_core.model.device_names import service_of
from bellpair_core.model.errors import (
    CalibrationSuperseded,
    DeviceUnavailable,
    ErrorCode,
    Fenced,
    JobFailed,
    LedgerConflict,
    TransientFault,
)
from bellpair_core.model.job import CompiledProgram, Job, JobStatus, Task, check_time, client_token
from bellpair_core.model.limits import CHECK_WAITING_AFTER, RECOMPILES_MAX
from bellpair_core.model.usage import Usage
from bellpair_core.ports import (
    Blobs,
    Clock,
    LaunchRefused,
    Ledger,
    ProgramRefused,
    TaskService,
    TaskState,
    TaskStatus,
    TaskUnknown,
    Workflows,
)
from bellpair_core.settings import DeviceSetting, Settings

from .renewal import Renewal
from .superseded import may_be_superseded, still_fits, superseded, without_form
from .unknown_task import await_unknown


def launch_task(
    job_id: str,
    epoch: int,
    attempt: int,
    wake_token: str,
    *,
    ledger: Ledger,
    blobs: Blobs,
    tasks: TaskService,
    workflows: Workflows,
    clock: Clock,
    settings: Settings,
    devices: Callable[[], Sequence[Device]],
    breakers: Breakers,
    renewal: Renewal,
    spent: Callable[[], Usage],
) -> None:
    """Create the job's task, or find the one it has, and leave word where to send the news.

    The intent is in the ledger before the device hears of it, so whoever repeats this stage
    repeats the same call with the same client token, and the device answers with the same
    task. The state machine waits for ``wake_token`` to be answered: by the completion event,
    here when the task is over already.

    A device that is offline refuses the launch. Only then may an intent be taken back, and only
    by the process that wrote it, after one request that was answered with the refusal, by a
    write that finds the record exactly as this process left it. Whoever else would launch the
    task writes its own wake token into the record first, so nobody did: no request with this
    client token was sent but the one refused, and the task does not exist. In every other case,
    after a repeated request, or with an intent that was found and not written here, the task may
    exist, and the job waits for the device. A generation that was taken back is never used again.

    A retired device refuses for good. The job fails by it where it is sure to have no task, and
    waits as above where it may have one.

    A program that is not valid for the device may use what the device lost a moment ago. Where the
    job is sure to have no task, the device is asked for its calibration, and if that has superseded
    the form, the intent is taken back and the job is compiled again; if not, the job goes to
    another device, if it may. Otherwise it fails: an earlier request with this token said the very
    same, so what made a task then would hardly be refused now, and to wait for what is refused each
    time helps nobody. At worst, if the device's rules changed between the two, a task was paid for
    in vain, never a second one.

    The program is read before the intent is written: one that is out of reach binds no job to a
    device.

    Before the intent is written, the job's compiled form is held against the device's newest
    calibration. Where that has superseded the form, or the device lacks what the form uses, the
    form is given up by a conditional write and the job is compiled again: an interrupt, which a
    job meets `RECOMPILES_MAX` times at most while its form still fits. Once there is an intent,
    there may be a task, and nothing is compiled any more.

    Parameters
    ----------
    attempt
        The execution that this is a stage of.
    devices, breakers
        The catalogue's devices and what is held against them, a little old at most.
    renewal
        Asks a device for its calibration out of turn.
    spent
        What this invocation consumed since it was last asked; the execution hears nothing of
        this stage but the token's answer, so its account goes to the job's record.

    Raises
    ------
    CalibrationSuperseded
        When the job has no task, and is to be compiled again.
    DeviceUnavailable
        When the job has no task, and its device takes none now.
    TransientFault
        When the task, or whether there is one, cannot be known now.
    """
    stage = _Stage(
        ledger, blobs, tasks, workflows, clock, settings, devices, breakers, renewal, spent, attempt
    )
    job = owned_job(ledger, job_id, epoch, attempt)
    if job.result is not None:
        # What is left to do needs no device, whose service may be away for long.
        workflows.answer(wake_token, _known_outcome(job))
        return
    if job.compiled is None:
        if job.superseded is not None:
            # Given up by a process that died before it could say so.
            raise CalibrationSuperseded(job.superseded.why)
        raise JobFailed(ErrorCode.INTERNAL, f"job {job_id} reached its launch uncompiled")
    compiled = job.compiled
    if job.task is None:
        stage.require_available(job, _offered(job, settings))
        job = stage.require_current(job, compiled)
    known_arn = job.task.arn if job.task else None
    program = stage.program(job, compiled) if known_arn is None else None
    job, fresh = stage.intend(job, compiled, wake_token)
    if program is not None:
        recorded = stage.launch(job, compiled, program, fresh=fresh)
        # Whoever asks for a cancellation later than this finds the task's ARN in the record.
        if recorded is None or recorded.task is None or not recorded.cancel_requested:
            return
        job = recorded
    stage.follow(job)


def outcome(state: TaskState) -> dict[str, Any]:
    """What the execution is told about its task."""
    return {"task_arn": state.arn, "task_status": state.status.value}


def _known_outcome(job: Job) -> dict[str, Any]:
    arn = job.task.arn if job.task else None
    return {"task_arn": arn, "task_status": TaskStatus.COMPLETED.value}


def _offered(job: Job, settings: Settings) -> DeviceSetting:
    device = settings.device(job.device_used or job.device)
    if device is None:
        raise JobFailed(ErrorCode.DEVICE_UNKNOWN, f"Device {job.device_used} is not offered now.")
    return device


@dataclass(frozen=True)
class _Stage:
    """One run of the stage: what it works with, and its steps."""

    ledger: Ledger
    blobs: Blobs
    tasks: TaskService
    workflows: Workflows
    clock: Clock
    settings: Settings
    devices: Callable[[], Sequence[Device]]
    breakers: Breakers
    renewal: Renewal
    spent: Callable[[], Usage]
    attempt: int

    def require_available(self, job: Job, device: DeviceSetting) -> None:
        """Turn round before anything is promised, if the device takes no tasks now.

        A device that something is held against is asked first how it is, since an intent whose
        launch is not answered would bind the job to it.
        """
        going_on(job)
        if why := barred(job, self._seen(device.name), self.breakers):
            raise DeviceUnavailable(why)
        if self.breakers(device.name).clean:
            return
        try:
            home = self._home(device)
            status = self.tasks.health(device.arn, home)
        except TransientFault as fault:
            if fault.throttled:
                raise
            why = away_text(service_of(device.arn, home))
            self.breakers.failed(device.name, why, away=True)
            raise DeviceUnavailable(why) from fault
        if status is not DeviceStatus.ONLINE:
            why = f"device {device.name} is {status}"
            self.breakers.failed(device.name, why, at_once=True, away=True)
            raise DeviceUnavailable(why)

    def require_current(self, job: Job, compiled: CompiledProgram) -> Job:
        """Have the job compiled again if its form has passed, before anything is promised."""
        device = self._seen(job.device_used or job.device)
        if device is None or not may_be_superseded(compiled, device, self.clock()):
            return job
        # The form may be of a newer calibration than this process has seen.
        device = self.renewal.entry(job)
        if device is None or device.target is None:
            return job
        if not may_be_superseded(compiled, device, self.clock()):
            return job
        with awaiting_blobs(self.ledger, self.clock, job, attempt=self.attempt):
            target = DeviceTarget.model_validate_json(self.blobs.get(device.target))
        passed = superseded(compiled, device, target, self.clock())
        if passed is None:
            return job
        if job.recompiles >= RECOMPILES_MAX:
            if still_fits(compiled, target):
                return job
            raise DeviceUnavailable(passed.why)

        def given_up(job: Job) -> Job:
            if job.task is not None or job.compiled is None:
                return job
            going_on(job)
            return without_form(job, self.clock(), passed)

        job = amend_job(self.ledger, job, given_up, attempt=self.attempt)
        if job.task is None:
            raise CalibrationSuperseded(passed.why)
        return job

    def program(self, job: Job, compiled: CompiledProgram) -> str:
        """The program that the device is to run."""
        with awaiting_blobs(self.ledger, self.clock, job, attempt=self.attempt):
            return self.blobs.get(compiled.program).decode()

    def intend(self, job: Job, compiled: CompiledProgram, wake_token: str) -> tuple[Job, bool]:
        """The job with its task's intent and the new wake token; whether the intent is new."""
        before = job

        def intended(job: Job) -> Job:
            nonlocal before
            before = job
            if job.task is not None:
                return self._attached(job, job.task, wake_token)
            if job.compiled != compiled:
                # Another run of this stage, slower or quicker, had it compiled again.
                raise TransientFault(f"job {job.id} has another form by now")
            going_on(job)
            generation = job.generation + 1
            device = _offered(job, self.settings)
            task = Task(
                generation=generation,
                client_token=client_token(self.settings.stage, job.id, generation),
                device_arn=device.arn,
                region=self._home(device),
                digest=compiled.program.sha256,
                shots=job.shots,
                wake_token=wake_token,
            )
            # A job that let go of a task, and whose execution ended before it was sent back,
            # is here already.
            return job.moved(
                self.clock(),
                None if job.status is JobStatus.EXECUTING else JobStatus.EXECUTING,
                event=JobStatus.EXECUTING.value,
                message=f"on {device.name}",
                task=task,
                generation=generation,
                waiting_for=None,
            )

        after = amend_job(self.ledger, job, intended, attempt=self.attempt)
        return after, before.task is None

    def _attached(self, job: Job, task: Task, wake_token: str) -> Job:
        now = self.clock()
        # An execution gives up soon on what is out of reach; the sweeper is to notice it.
        look = now + CHECK_WAITING_AFTER if job.waiting_for else check_time(now)
        return job.moved(
            now,
            event="polled" if task.arn else "relaunched",
            message="no news came, so the device is asked",
            task=task.model_copy(update={"wake_token": wake_token}),
            usage=job.usage + self.spent(),
            check_at=look,
        )

    def launch(
        self, job: Job, compiled: CompiledProgram, program: str, *, fresh: bool
    ) -> Job | None:
        """Ask for the task; the job with its ARN, or ``None`` where the job went on without."""
        task = job.task
        assert task is not None
        try:
            arn = self.tasks.launch(task, job.id, program)
        except LaunchRefused as refusal:
            self._refused(job, refusal, conclusive=fresh and refusal.conclusive)
        except ProgramRefused as refusal:
            self._program_refused(job, compiled, refusal, conclusive=fresh and refusal.conclusive)
        except TransientFault as fault:
            self._unanswered(job, task, fault)
        recorded = self._recorded(job, task.generation, arn)
        self.breakers.launched(job.device_used or job.device, job.id)
        return recorded

    def follow(self, job: Job) -> None:
        """Ask how the task is, and do what that calls for."""
        assert job.task is not None
        assert job.task.arn is not None
        arn, wake_token = job.task.arn, job.task.wake_token
        try:
            state = self.tasks.poll(arn)
        except TaskUnknown:
            await_unknown(self.ledger, self.clock, job, arn, attempt=self.attempt)
        except TransientFault as fault:
            self._unanswered(job, job.task, fault)
        if state.status.terminal:
            assert wake_token is not None
            self.workflows.answer(wake_token, outcome(state))
            return
        if job.cancel_requested or job.recalled:
            self.tasks.cancel(arn)
            return
        waits = state.status in (TaskStatus.CREATED, TaskStatus.QUEUED)
        why = self._stuck(job, job.task) if waits else None
        if why and better_elsewhere(job, self.devices(), self.breakers):
            self._recall(job, arn, why)
        else:
            self._note_news(job, state, why)

    def _home(self, device: DeviceSetting) -> str:
        """The region whose device service takes new tasks for the device."""
        return device.region or self.settings.region

    def _seen(self, name: str) -> Device | None:
        return next((device for device in self.devices() if device.name == name), None)

    def _stuck(self, job: Job, task: Task) -> str | None:
        """Why the device will not come to the task soon, if so."""
        why = barred(job, self._seen(job.device_used or ""), self.breakers)
        # A service that has just answered is not away any more, whatever its breaker says.
        return None if why == away_text(service_of(task.device_arn, task.region)) else why

    def _refused(self, job: Job, refusal: LaunchRefused, *, conclusive: bool) -> NoReturn:
        name = job.device_used or job.device
        why = f"device {name} is {'retired' if refusal.retired else 'offline'}"
        withdrawn = conclusive and self._withdrawn(job, why)
        self.breakers.failed(name, why, at_once=True, away=True)
        if withdrawn and refusal.retired:
            raise JobFailed(ErrorCode.DEVICE_REFUSED, f"Device {name} is retired.") from refusal
        if withdrawn:
            raise DeviceUnavailable(why)
        note_waiting(self.ledger, self.clock, job, why, attempt=self.attempt)
        raise TransientFault(f"{why}, and job {job.id} may have a task there")

    def _program_refused(
        self, job: Job, compiled: CompiledProgram, refusal: ProgramRefused, *, conclusive: bool
    ) -> NoReturn:
        """Have the job compiled again if the device has another calibration; else the job fails."""
        # A state machine knows the errors by their classes' names.
        failure = JobFailed(*JobFailed.parse(str(refusal)))
        if not conclusive:
            raise failure from refusal
        try:
            passed = self.renewal.passed(job, compiled)
        except TransientFault:
            # With the intent in place, the next attempt's refusal would not be conclusive.
            self._withdrawn(job, "the device refused the program, and is asked for its calibration")
            raise
        if passed is not None and job.recompiles < RECOMPILES_MAX:
            self._replaced(job, without_form(job, self.clock(), passed))
            raise CalibrationSuperseded(passed.why)
        if not another_left(job, self.devices()):
            raise failure from refusal
        why = f"device {job.device_used} refused the program"
        self._replaced(
            job, shunning(job, self.clock(), "refused", JobFailed.parse(str(refusal))[1])
        )
        raise DeviceUnavailable(why)

    def _replaced(self, job: Job, by: Job) -> None:
        """Write the record, if it is as this process left it."""
        try:
            self.ledger.replace(job, by)
        except LedgerConflict as conflict:
            raise TransientFault(f"job {job.id} changed while it was refused") from conflict

    def _withdrawn(self, job: Job, why: str) -> bool:
        """Take the intent back; False where the record is not as this process left it."""
        without = job.moved(self.clock(), event="withdrawn", message=why, task=None)
        try:
            self.ledger.replace(job, without)
        except LedgerConflict:
            return False
        return True

    def _unanswered(self, job: Job, task: Task, fault: TransientFault) -> NoReturn:
        if not fault.throttled:
            service = service_of(task.device_arn, task.region)
            why = away_text(service)
            device = self.settings.device(job.device_used or job.device)
            # A device that is served in every region is well where new tasks go, though its old
            # ones are out of reach with the region that was lost.
            if device is not None and service == service_of(device.arn, self._home(device)):
                self.breakers.failed(device.name, why, away=True)
            note_waiting(self.ledger, self.clock, job, why, attempt=self.attempt)
        raise fault

    def _recorded(self, job: Job, generation: int, arn: str) -> Job | None:
        usage = self.spent()

        def with_arn(job: Job) -> Job:
            if job.task is None or job.task.arn or job.task.generation != generation:
                return job
            task = job.task.model_copy(update={"arn": arn})
            return job.moved(
                self.clock(),
                event="launched",
                message=arn,
                task=task,
                waiting_for=None,
                usage=job.usage + usage,
            )

        try:
            return amend_job(self.ledger, job, with_arn, attempt=self.attempt)
        except Fenced:
            # The task was so quick that the job has its result, or the job has a new owner, who
            # finds the same task by its client token, or nobody wants the task any more.
            ended = self.ledger.job(job.id)
            if ended is not None and ended.status.terminal and ended.result is None:
                self.tasks.cancel(arn)
            return None

    def _recall(self, job: Job, arn: str, why: str) -> None:
        """Ask for the task back, so that another device may take the job."""

        def recalled(job: Job) -> Job:
            if job.recalled:
                return job
            return job.moved(self.clock(), event="recalled", message=why, recalled=True)

        amend_job(self.ledger, job, recalled, attempt=self.attempt)
        self.tasks.cancel(arn)

    def _note_news(self, job: Job, state: TaskState, why: str | None) -> None:
        """Keep the task's place in the device's queue, and why that queue does not move."""

        def with_news(job: Job) -> Job:
            if job.task is None:
                return job
            place = state.queue_position or job.task.queue_position
            known = job.task.unknown_since is None
            if known and (job.task.queue_position, job.waiting_for) == (place, why):
                return job
            task = job.task.model_copy(update={"queue_position": place, "unknown_since": None})
            return job.moved(self.clock(), task=task, waiting_for=why)

        amend_job(self.ledger, job, with_news, attempt=self.attempt)
