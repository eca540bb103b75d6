"""What a function consumed that is in its journal, and not in its record: its tasks above all."""

from __future__ import annotations

from bellpair_core.model.job import Job
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Journal


def spent_by_calls(job: Job, journal: Journal) -> Usage:
    """What a job's calls cost and reserve, and what its turns and the broker consumed.

    Goes on its account when it ends.

    Raises
    ------
    TransientFault
        When the journal is out of reach.
    """
    last = journal.last(job.id) if job.function is not None else None
    return last.usage + Usage(device_usd=last.spent_usd) if last else Usage()
