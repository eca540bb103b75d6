"""The one way in which word of a job's end is sent: before that end is written."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bellpair_core.model.errors import TransientFault
from bellpair_core.model.job import Job
from bellpair_core.ports import Ends

_LOG = logging.getLogger(__name__)


def told(ends: Ends | None, new: Job) -> Job:
    """The record that is about to be written; its word is sent first, where it is the job's end.

    After the write nobody would repeat what failed. Word of an end that was not written after
    all comes to nothing. Only a callback was promised to be told: a job that has none does not
    wait with its end for an outage of the queue to pass.

    Parameters
    ----------
    ends
        ``None`` where nobody is told.

    Raises
    ------
    TransientFault
        When the word to a callback could not be kept; the record must not be written then.
    """
    if ends is None or not new.status.terminal:
        return new
    try:
        ends.tell(new.id)
    except TransientFault:
        if new.function is not None and new.function.callback is not None:
            raise
        _LOG.warning("word of the end of job %s was lost", new.id, exc_info=True)
    return new


def telling(ends: Ends | None, change: Callable[[Job], Job]) -> Callable[[Job], Job]:
    """A change of a record, for `amend_job`, that tells of the job's end if it is that."""
    return lambda job: told(ends, change(job))
