"""Whether a compiled form has been overtaken by its device's calibration."""

from __future__ import annotations

from datetime import datetime

from bellpair_core.logic.devices.device_use import content_digest, lacking, rescored
from bellpair_core.logic.devices.distrust import distrust
from bellpair_core.model.compiling import Superseded
from bellpair_core.model.device import Device, DeviceTarget
from bellpair_core.model.job import CompiledProgram, Job


def may_be_superseded(compiled: CompiledProgram, device: Device, now: datetime) -> bool:
    """Whether it is worth to look at the device's target; cheap, and nearly always false."""
    return compiled.calibration_id != device.calibration_id or _lost_trust(compiled, device, now)


def superseded(
    compiled: CompiledProgram, device: Device, target: DeviceTarget, now: datetime
) -> Superseded | None:
    """What has taken the place of the form's calibration, where that matters.

    It does when the newest calibration says something else, whatever it is called, or when the
    form was made by error rates that are not trusted any more. A calibration that was published
    again unchanged supersedes nothing.

    Parameters
    ----------
    device, target
        The form's device as the catalogue has it, and its newest target.

    Returns
    -------
    Superseded or None
        Its ``rescored`` is 0 where the device can run the form no more.
    """
    use = compiled.use
    changed = compiled.calibration_id != target.calibration_id and (
        use is None or use.target != content_digest(target)
    )
    if not changed and not _lost_trust(compiled, device, now):
        return None
    estimated = compiled.metrics.get("estimated_success")
    score = None if use is None or estimated is None else rescored(estimated, use, target)
    why = f"calibration {compiled.calibration_id} is superseded by {target.calibration_id}"
    if not changed:
        why = distrust(device, now) or why
    elif use is not None and (missing := lacking(use, target)):
        why += f", which is without {', '.join(missing)} that the program uses"
    return Superseded(
        calibration_id=compiled.calibration_id,
        by=target.calibration_id,
        why=why,
        estimated_success=estimated,
        rescored=score,
    )


def without_form(job: Job, now: datetime, passed: Superseded) -> Job:
    """The job without the form that has passed, nor a task, to be compiled again.

    Only for a job without a task, or whose task is known not to have been made or to have failed.
    """
    return job.moved(
        now,
        event="superseded",
        message=passed.why,
        compiled=None,
        task=None,
        superseded=passed,
        recompiles=job.recompiles + 1,
        recalled=False,
        waiting_for=None,
    )


def still_fits(compiled: CompiledProgram, target: DeviceTarget) -> bool:
    """Whether the device has all that the form uses, as far as that is known."""
    return compiled.use is None or not lacking(compiled.use, target)


def _lost_trust(compiled: CompiledProgram, device: Device, now: datetime) -> bool:
    return compiled.metrics.get("fallback") is None and distrust(device, now) is not None
