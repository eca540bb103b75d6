"""What waiting jobs ask of a device, which the queue's index does not show."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import NEEDS_REMEMBERED
from bellpair_core.ports import Ledger, WaitingJob

from .choose_device import Need, need_of


class WaitingNeeds:
    """Reads the record of a job that might start, and remembers what never changes in it.

    So a job that its constraints keep waiting is read once by a warm process, and one that starts
    is read by who claims it alone.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: OrderedDict[str, Need] = OrderedDict()
        self._read: dict[str, Job] = {}

    def __call__(self, job: WaitingJob) -> Need | None:
        """What the job asks for; ``None`` where it waits no more."""
        known = self._known.get(job.job_id)
        if known is not None:
            self._known.move_to_end(job.job_id)
            return replace(known, avoid=job.avoid, no_room=job.no_room)
        record = self._ledger.job(job.job_id)
        if record is None or record.status is not JobStatus.QUEUED:
            return None
        need = need_of(record)
        self._read[job.job_id] = record
        self._known[job.job_id] = need
        if len(self._known) > NEEDS_REMEMBERED:
            self._known.popitem(last=False)
        return need

    def taken(self, job_id: str) -> Job | None:
        """The record that was read for the job in this pass, to be claimed as it was."""
        return self._read.pop(job_id, None)

    def forget(self) -> None:
        """Drop the records of a pass: they may have changed since."""
        self._read.clear()
