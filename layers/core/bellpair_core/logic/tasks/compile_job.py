"""The stage that turns a job's source into its device's program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from bellpair_core.logic.devices.device_breaker import Breakers, barred
from bellpair_core.logic.devices.distrust import distrust
from bellpair_core.logic.jobs.amend_job import amend_job, going_on, owned_job
from bellpair_core.logic.jobs.dispatch_policy import has_room
from bellpair_core.logic.jobs.redirect import without_room
from bellpair_core.logic.jobs.waiting_note import awaiting_blobs
from bellpair_core.model.compiling import Superseded
from bellpair_core.model.device import Device, DeviceStatus, DeviceTarget
from bellpair_core.model.errors import (
    DeviceUnavailable,
    ErrorCode,
    JobFailed,
    NoRoom,
    TransientFault,
)
from bellpair_core.model.job import CompiledProgram, Job
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Blobs, Clock, CompileRequest, Ledger

from .make_form import FormMaker


def compile_job(
    job_id: str,
    epoch: int,
    attempt: int,
    *,
    ledger: Ledger,
    devices: Callable[[], Sequence[Device]],
    newest: Callable[[], Sequence[Device]],
    breakers: Breakers,
    blobs: Blobs,
    clock: Clock,
    forms: FormMaker,
    spent: Callable[[], Usage],
) -> dict[str, Any]:
    """Compile the job against its device's newest calibration, where that is not done.

    A calibration that is too old, or promises more than was seen, is not compiled by; the form's
    metrics say so under ``fallback``. A program that has no room on the device, as that is
    calibrated now, goes back to its queue: another device may take it if the job allows that,
    and otherwise it waits for the device's next calibration.

    Parameters
    ----------
    attempt
        The execution that this is a stage of.
    devices, breakers
        The catalogue's devices and what is held against them, a little old at most.
    newest
        The catalogue's devices as they are now.
    spent
        What this invocation consumed since it was last asked. A job that is compiled again
        passes this stage twice, and its execution keeps the last one's account alone.

    Returns
    -------
    dict
        ``{"calibration_id"}``, for the execution's record.

    Raises
    ------
    DeviceUnavailable
        When the job has no task yet and its device takes none now, or has no room for it.
    """
    stage = _Stage(ledger, devices, newest, breakers, blobs, clock, forms, spent, attempt)
    job = owned_job(ledger, job_id, epoch, attempt)
    if job.task is None and job.result is None:
        # A task that exists must be found again first, to be cancelled or to be counted.
        going_on(job)
        stage.require_available(job)
    if job.compiled is None:
        job = stage.compiled(job)
    assert job.compiled is not None
    return {"calibration_id": job.compiled.calibration_id}


@dataclass(frozen=True)
class _Stage:
    """One run of the stage: what it works with, and its steps."""

    ledger: Ledger
    devices: Callable[[], Sequence[Device]]
    newest: Callable[[], Sequence[Device]]
    breakers: Breakers
    blobs: Blobs
    clock: Clock
    forms: FormMaker
    spent: Callable[[], Usage]
    attempt: int

    def require_available(self, job: Job) -> None:
        """Turn round if the device takes no tasks now."""
        device = _found(self.devices(), job)
        if device is not None and device.status is DeviceStatus.RETIRED:
            raise JobFailed(ErrorCode.DEVICE_RETIRED, f"Device {device.name} is retired.")
        if why := barred(job, device, self.breakers):
            raise DeviceUnavailable(why)

    def compiled(self, job: Job) -> Job:
        """The job with the program for its device."""
        device, target = self._device(job)
        if not has_room(job, device):
            raise DeviceUnavailable(job.waiting_for or f"device {device.name} has no room for it")
        with awaiting_blobs(self.ledger, self.clock, job, attempt=self.attempt):
            source = self.blobs.get(job.program).decode()
        why = distrust(device, self.clock())
        try:
            made = self.forms.program(
                CompileRequest(source, job.language_version, distrust=why), target
            )
        except NoRoom as refusal:
            self._turn_back(job, device, str(refusal))
        event, message = _told(made, job.superseded)
        usage = self.spent()

        def with_form(job: Job) -> Job:
            return job.moved(
                self.clock(),
                event=event,
                message=message,
                compiled=made,
                superseded=None,
                waiting_for=None,
                usage=job.usage + usage,
            )

        return amend_job(self.ledger, job, with_form, attempt=self.attempt)

    def _device(self, job: Job) -> tuple[Device, DeviceTarget]:
        """The job's device and its newest target, no older than what the launch has seen."""
        device = _found(self.devices(), job)
        passed = job.superseded
        if passed is not None and device is not None and _behind(device, passed):
            device = _found(self.newest(), job)
            if device is not None and _behind(device, passed):
                raise TransientFault(f"calibration {passed.by} is not seen here yet")
        if device is None or device.target is None:
            raise TransientFault(f"device {job.device_used or job.device} has no calibration yet")
        return device, DeviceTarget.model_validate_json(self.blobs.get(device.target))

    def _turn_back(self, job: Job, device: Device, text: str) -> NoReturn:
        """Leave the job to a device, or a calibration, that has room for its program."""

        def turned_back(job: Job) -> Job:
            return without_room(job, self.clock(), device, "no-room", text)

        amend_job(self.ledger, job, turned_back, attempt=self.attempt)
        raise DeviceUnavailable(text)


def _found(devices: Sequence[Device], job: Job) -> Device | None:
    name = job.device_used or job.device
    return next((device for device in devices if device.name == name), None)


def _behind(device: Device, passed: Superseded) -> bool:
    """Whether this entry is of before the calibration by which a form was given up."""
    return device.calibration_id == passed.calibration_id != passed.by


def _told(made: CompiledProgram, passed: Superseded | None) -> tuple[str, str]:
    """Type and message of the line of the job's event log."""
    if passed is None:
        return "compiled", f"against calibration {made.calibration_id}"
    now = _score(made.metrics.get("estimated_success"))
    was, is_now = _score(passed.estimated_success), _score(passed.rescored)
    message = (
        f"against calibration {made.calibration_id}: estimated success {now}; the form before had"
        f" {was} by its own calibration, {is_now} by this one"
    )
    return "recompiled", message


def _score(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4f}"
