"""The stage that turns a job's source into its device's program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from bellpair_core.logic.devices.device_breaker import Breakers, barred
from bellpair_core.logic.jobs.amend_job import amend_job, going_on, owned_job
from bellpair_core.logic.jobs.waiting_note import awaiting_blobs
from bellpair_core.model.device import Device, DeviceStatus, DeviceTarget
from bellpair_core.model.errors import DeviceUnavailable, ErrorCode, JobFailed, TransientFault
from bellpair_core.model.job import CompiledProgram, Job
from bellpair_core.ports import Blobs, Clock, Ledger


class Compiled(Protocol):
    """What a compiler gives back."""

    @property
    def program(self) -> str:
        """OpenQASM 3 as the device takes it."""

    @property
    def bits(self) -> tuple[int | None, ...]:
        """The device qubit measured into each classical bit."""

    @property
    def calibration_id(self) -> str:
        """The calibration that it was compiled against."""

    @property
    def metrics(self) -> dict[str, Any]:
        """Depth, gate counts, layout and estimated success."""


Compiler = Callable[[str, str, DeviceTarget], Compiled]
"""Takes source, language version and target; raises `JobFailed` where it cannot."""


def compile_job(
    job_id: str,
    epoch: int,
    attempt: int,
    *,
    ledger: Ledger,
    devices: Callable[[], Sequence[Device]],
    breakers: Breakers,
    blobs: Blobs,
    clock: Clock,
    compiler: Compiler,
) -> dict[str, Any]:
    """Compile the job against its device's newest calibration, once.

    Parameters
    ----------
    attempt
        The execution that this is a stage of.
    devices, breakers
        The catalogue's devices and what is held against them, a little old at most.

    Returns
    -------
    dict
        ``{"calibration_id"}``, for the execution's record.

    Raises
    ------
    DeviceUnavailable
        When the job has no task yet and its device takes none now.
    """
    job = owned_job(ledger, job_id, epoch, attempt)
    if job.task is None and job.result is None:
        # A task that exists must be found again first, to be cancelled or to be counted.
        going_on(job)
        _require_available(job, devices(), breakers)
    if job.compiled is None:
        target = _target(devices(), blobs, job.device_used or job.device)
        with awaiting_blobs(ledger, clock, job, attempt=attempt):
            source = blobs.get(job.program).decode()
        made = compiler(source, job.language_version, target)
        compiled = CompiledProgram(
            program=blobs.put(made.program.encode()),
            bits=made.bits,
            calibration_id=made.calibration_id,
            metrics=made.metrics,
        )
        job = amend_job(
            ledger,
            job,
            lambda job: job.moved(
                clock(),
                event="compiled",
                message=f"against calibration {compiled.calibration_id}",
                compiled=compiled,
                waiting_for=None,
            ),
            attempt=attempt,
        )
    assert job.compiled is not None
    return {"calibration_id": job.compiled.calibration_id}


def _require_available(job: Job, devices: Sequence[Device], breakers: Breakers) -> None:
    name = job.device_used or job.device
    device = next((device for device in devices if device.name == name), None)
    if device is not None and device.status is DeviceStatus.RETIRED:
        raise JobFailed(ErrorCode.DEVICE_RETIRED, f"Device {name} is retired.")
    if why := barred(job, device, breakers):
        raise DeviceUnavailable(why)


def _target(devices: Sequence[Device], blobs: Blobs, name: str) -> DeviceTarget:
    device = next((device for device in devices if device.name == name), None)
    if device is None or device.target is None:
        raise TransientFault(f"device {name} has no calibration yet")
    return DeviceTarget.model_validate_json(blobs.get(device.target))
