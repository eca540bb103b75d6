"""One submitted job, to be watched, waited for or cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bellpair.errors import BellpairError, JobCancelled, JobFailed, ResultTimeout
from bellpair.models import JobError, JobEvent, JobRecord, Usage
from bellpair.pacing import poll_interval
from bellpair.result import Result
from bellpair.vocabulary import JobStatus

if TYPE_CHECKING:
    from bellpair.transport import Transport

OUTAGE_PATIENCE = 300.0
"""Seconds without any answer that waiting for a job outlasts: enough for a failover."""


class Job:
    """A job of this tenant; made by `Client.submit`, `Client.job` and `Client.jobs`.

    Attributes
    ----------
    record
        What the service said when last asked.
    """

    def __init__(self, transport: Transport, record: JobRecord) -> None:
        self._transport = transport
        self.record = record

    def __repr__(self) -> str:
        return f"Job({self.id!r}, status={str(self.status)!r})"

    @property
    def id(self) -> str:
        """The job's id, ``job-…``."""
        return self.record.id

    @property
    def status(self) -> JobStatus | str:
        """The status when last asked; a plain string if this client is too old to know it."""
        return self.record.status

    @property
    def finished(self) -> bool:
        """Whether the job is over."""
        return self.record.finished

    @property
    def events(self) -> list[JobEvent]:
        """The event log, oldest first."""
        return self.record.events

    @property
    def error(self) -> JobError | None:
        """Why the job did not succeed."""
        return self.record.error

    @property
    def usage(self) -> Usage | None:
        """What the job consumed and costs; only where `Client.job` was told to ask."""
        return self.record.usage

    def refresh(self, timeout: float | None = None) -> Job:
        """Ask the service for the job's present state.

        Parameters
        ----------
        timeout
            Seconds, retries included; the client's own when not given.

        Returns
        -------
        Job
            This job.
        """
        body = self._transport.request("GET", f"/v1/jobs/{self.id}", timeout=timeout)
        self.record = JobRecord.read(body)
        return self

    def wait(
        self, timeout: float | None = None, on_poll: Callable[[Job], None] | None = None
    ) -> Job:
        """Wait until the job is over, however it ends.

        Parameters
        ----------
        timeout
            Seconds; without it, as long as the job takes.
        on_poll
            Called with this job after each look at it.

        Raises
        ------
        ResultTimeout
            If it isn't over in time; the job goes on.
        """
        clock = self._transport.clock
        changed = clock.monotonic()
        deadline = None if timeout is None else changed + timeout
        while not self.finished:
            now = clock.monotonic()
            pause = poll_interval(now - changed)
            clock.sleep(pause if deadline is None else max(0.0, min(pause, deadline - now)))
            before = self.status
            self._look(deadline)
            if self.status != before:
                changed = clock.monotonic()
            if on_poll is not None:
                on_poll(self)
            if deadline is not None and clock.monotonic() >= deadline and not self.finished:
                raise self._late()
        return self

    def result(
        self, timeout: float | None = None, on_poll: Callable[[Job], None] | None = None
    ) -> Result:
        """Wait for the job and fetch its result.

        Parameters
        ----------
        timeout
            Seconds to wait; without it, as long as the job takes.
        on_poll
            Called with this job after each look at it.

        Raises
        ------
        JobFailed
            If the job failed, with its code, message and remedy.
        JobCancelled
            If it was cancelled.
        ResultTimeout
            If it isn't over in time; the job goes on.
        """
        self.wait(timeout, on_poll)
        self.raise_for_failure()
        return Result.read(self._transport.request("GET", f"/v1/jobs/{self.id}/result"))

    def cancel(self) -> Job:
        """Ask for the job to be cancelled.

        A running device task is cancelled when the device still can; `refresh` or `wait` tell.

        Raises
        ------
        Conflict
            If the job is over already.
        """
        body = self._transport.request("DELETE", f"/v1/jobs/{self.id}")
        if "id" in body:
            self.record = JobRecord.read(body)
        return self

    def raise_for_failure(self) -> None:
        """Raise `JobFailed` or `JobCancelled` if that is how the job ended."""
        if self.status not in (JobStatus.FAILED, JobStatus.CANCELLED):
            return
        cancelled = self.status == JobStatus.CANCELLED
        kind, verb = (JobCancelled, "was cancelled") if cancelled else (JobFailed, "failed")
        cause = self.error
        error = kind(
            f"Job {self.id} {verb}{f': {cause.message}' if cause else '.'}",
            code=cause.code if cause else None,
            remedy=cause.remedy if cause else None,
            line=cause.line if cause else None,
            column=cause.column if cause else None,
        )
        error.job_id = self.id
        raise error

    def _look(self, deadline: float | None) -> None:
        clock = self._transport.clock
        if deadline is None:
            self.refresh(OUTAGE_PATIENCE)
            return
        try:
            # A look deserves a second even at the very end, or a timeout of 0 could never succeed.
            self.refresh(max(1.0, deadline - clock.monotonic()))
        except BellpairError as error:
            if not error.retriable:
                raise
            raise self._late() from error

    def _late(self) -> ResultTimeout:
        waits = f", waiting: {self.record.waiting_for}" if self.record.waiting_for else ""
        error = ResultTimeout(
            f"Job {self.id} is not finished yet; it was {self.status} when last seen{waits}.",
            remedy="It goes on by itself: wait for it again, or cancel it.",
        )
        error.job_id = self.id
        return error
