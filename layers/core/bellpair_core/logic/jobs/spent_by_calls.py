"""What a function's calls cost: its tasks are in its journal, and not in its record."""

from __future__ import annotations

from bellpair_core.model.job import Job
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Journal


def spent_by_calls(job: Job, journal: Journal) -> Usage:
    """What a job's calls cost and reserve; goes on its account when it ends.

    Raises
    ------
    TransientFault
        When the journal is out of reach.
    """
    last = journal.last(job.id) if job.function is not None else None
    return Usage(device_usd=last.spent_usd if last else 0.0)
