"""Wait a little for a job's end, for a client that would rather have the result at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from bellpair_core.model.errors import TransientFault
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import PREFER_WAIT_MAX_S
from bellpair_core.ports import Clock, Ledger

_WAIT = re.compile(r"wait\s*=\s*\"?(\d{1,6})\"?", re.IGNORECASE)
_PAUSE_S = 0.02
_PAUSE_MAX_S = 0.2
_GROWTH = 1.3


def preferred_wait(header: str | None) -> int | None:
    """Seconds that a request prefers to wait, as its header ``Prefer`` says (RFC 7240).

    Returns
    -------
    int or None
        At most `PREFER_WAIT_MAX_S`; ``None`` where the header says nothing of it. What is not
        understood is no error, by the standard.
    """
    for preference in (header or "").split(","):
        if match := _WAIT.fullmatch(preference.partition(";")[0].strip()):
            return min(int(match.group(1)), PREFER_WAIT_MAX_S)
    return None


def await_end(
    job: Job, wait_s: float, *, ledger: Ledger, clock: Clock, sleep: Callable[[float], None]
) -> Job:
    """The job as it is when it is over, or as it was last seen when the time is.

    A job that is paused goes on only when somebody does something, and is not waited for.

    Parameters
    ----------
    sleep
        Waits so many seconds.
    """
    end = clock() + timedelta(seconds=wait_s)
    pause = _PAUSE_S
    while not job.status.terminal and job.status is not JobStatus.PAUSED:
        left = (end - clock()).total_seconds()
        if left <= 0:
            break
        sleep(min(pause, left))
        pause = min(pause * _GROWTH, _PAUSE_MAX_S)
        try:
            job = ledger.job(job.id) or job
        except TransientFault:
            # The job is accepted, and the client is to hear of that above all.
            continue
    return job
