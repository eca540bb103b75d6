"""Tell triggers of a job's end, as far as anybody hears it."""

from __future__ import annotations

import logging

from bellpair_core.model.errors import TransientFault
from bellpair_core.ports import Announcements, Ledger

from .job_ends import ended_detail

_LOG = logging.getLogger(__name__)


def tell_end(job_id: str, ledger: Ledger, announcements: Announcements) -> bool:
    """Announce the end of a job that is over.

    The end itself is on record before, and must not wait for who listens: a word that is lost
    stays lost.

    Returns
    -------
    bool
        Whether it was told.
    """
    try:
        job = ledger.job(job_id)
        if job is None or not job.status.terminal:
            return False
        announcements.job_ended(ended_detail(job))
    except TransientFault:
        _LOG.warning("the end of job %s was not told", job_id, exc_info=True)
        return False
    return True
