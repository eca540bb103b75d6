"""Say in a job's record what it waits for that is out of reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bellpair_core.model.errors import TransientFault
from bellpair_core.model.job import Job
from bellpair_core.model.limits import CHECK_WAITING_AFTER
from bellpair_core.ports import Clock, Ledger

from .amend_job import amend_job

PAYLOADS_AWAY = "the job's payloads are out of reach"
"""How people are told of payloads whose only copy may be in a region that is lost."""


def note_waiting(ledger: Ledger, clock: Clock, job: Job, why: str, *, attempt: int) -> None:
    """Note it once: a repetition that meets the same outage writes nothing.

    Raises
    ------
    Fenced, TransientFault
        As `amend_job`.
    """

    def noted(job: Job) -> Job:
        if job.waiting_for == why:
            return job
        now = clock()
        return job.moved(
            now,
            event="waiting",
            message=why,
            waiting_for=why,
            # Whether the service knows the task cannot be told while it is out of reach.
            task=job.task and job.task.model_copy(update={"unknown_since": None}),
            check_at=now + CHECK_WAITING_AFTER,
        )

    amend_job(ledger, job, noted, attempt=attempt)


@contextmanager
def awaiting_blobs(ledger: Ledger, clock: Clock, job: Job, *, attempt: int) -> Iterator[None]:
    """Note where payloads are out of reach: the only copy may be in a region that is lost.

    Such a job waits for the region, or for its deadline; it is not given up for its restarts.

    Raises
    ------
    Fenced, TransientFault
        As `amend_job`, and the fault that was noted.
    """
    try:
        yield
    except TransientFault:
        note_waiting(ledger, clock, job, PAYLOADS_AWAY, attempt=attempt)
        raise
