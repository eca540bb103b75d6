"""A device that does not do what its calibration says, asked for a newer one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bellpair_core.model.compiling import DeviceUse, Superseded
from bellpair_core.model.device import Device, DeviceTarget
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.job import CompiledProgram, Job
from bellpair_core.ports import Blobs, Clock, Ingestions
from bellpair_core.settings import Settings

from .superseded import superseded

_PART = re.compile(r"\b(qubits?|edges?|couplers?|connected|qb?\d+)\b|\$\d", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])(?:\$|qb?)?(\d+)(?![\w.]*\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Renewal:
    """Has a device brought in out of turn, and tells what that changes for a compiled form.

    Parameters
    ----------
    newest
        The catalogue's devices as they are now.
    """

    ingestions: Ingestions
    newest: Callable[[], Sequence[Device]]
    blobs: Blobs
    clock: Clock
    settings: Settings

    def known(self, job: Job, compiled: CompiledProgram) -> Superseded | None:
        """What has taken the place of the form's calibration, as far as the catalogue knows."""
        device = self.entry(job)
        if device is None or device.target is None:
            return None
        target = DeviceTarget.model_validate_json(self.blobs.get(device.target))
        passed = superseded(compiled, device, target, self.clock())
        # That a calibration is trusted no more explains nothing that the device did.
        return passed if passed is not None and passed.by != passed.calibration_id else None

    def passed(self, job: Job, compiled: CompiledProgram) -> Superseded | None:
        """As `known`, else as `asked`: of many jobs that meet a loss, the first has it asked."""
        return self.known(job, compiled) or self.asked(job, compiled)

    def asked(self, job: Job, compiled: CompiledProgram) -> Superseded | None:
        """What has taken its place, now that the device itself was asked.

        Raises
        ------
        TransientFault
            When the device could not be asked, or what came of it is not seen here yet.
        """
        name = job.device_used or job.device
        setting = self.settings.device(name)
        if setting is None:
            return None
        done = self.ingestions.ingest(name, setting.region or self.settings.region)
        device = self.entry(job)
        if done.calibration_id is not None and (
            device is None or device.calibration_id != done.calibration_id
        ):
            raise TransientFault(f"calibration {done.calibration_id} is not seen here yet")
        return self.known(job, compiled)

    def entry(self, job: Job) -> Device | None:
        """The job's device as the catalogue has it now."""
        name = job.device_used or job.device
        return next((device for device in self.newest() if device.name == name), None)


def names_part(text: str, use: DeviceUse) -> bool:
    """Whether a device's words are about a qubit or an edge that the program uses.

    Makers word this as they like, so it is no more than a hint: what follows from it has to be
    harmless where it is wrong.
    """
    if _PART.search(text) is None:
        return False
    used = {*use.one_qubit, *use.measured}
    used |= {int(end) for edge in use.two_qubit for end in edge.split("-")}
    return any(int(number) in used for number in _NUMBER.findall(text))
