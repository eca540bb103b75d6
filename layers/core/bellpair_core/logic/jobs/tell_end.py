"""The one way in which word of a job's end is sent: before that end is written."""

from __future__ import annotations

from collections.abc import Callable

from bellpair_core.model.job import Job
from bellpair_core.ports import Ends


def told(ends: Ends | None, new: Job) -> Job:
    """The record that is about to be written; its word is sent first, where it is the job's end.

    After the write nobody would repeat what failed. Word of an end that was not written after
    all comes to nothing.

    Parameters
    ----------
    ends
        ``None`` where nobody is told.

    Raises
    ------
    TransientFault
        When the word could not be kept; the record must not be written then.
    """
    if ends is not None and new.status.terminal:
        ends.tell(new.id)
    return new


def telling(ends: Ends | None, change: Callable[[Job], Job]) -> Callable[[Job], Job]:
    """A change of a record, for `amend_job`, that tells of the job's end if it is that."""
    return lambda job: told(ends, change(job))
