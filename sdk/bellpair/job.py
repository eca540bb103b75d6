"""One submitted job, to be watched, waited for or cancelled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bellpair.errors import (
    BellpairError,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    JobPaused,
    ResultTimeout,
)
from bellpair.models import JobError, JobEvent, JobRecord, Usage
from bellpair.pacing import poll_interval, stream_interval
from bellpair.result import Result
from bellpair.vocabulary import FINAL, JobStatus
from bellpair.why import Why

if TYPE_CHECKING:
    from bellpair.transport import Transport

OUTAGE_PATIENCE = 300.0
"""Seconds without any answer that waiting for a job outlasts: enough for a failover."""


class Job:
    """A job of this tenant; made by `Client.submit`, `.invoke`, `.job` and `.jobs`.

    Attributes
    ----------
    record
        What the service said when last asked; `record.events` is the event log up to then.
    """

    def __init__(
        self, transport: Transport, record: JobRecord, result: Mapping[str, Any] | None = None
    ) -> None:
        self._transport = transport
        self._result = result
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
    def error(self) -> JobError | None:
        """Why the job did not succeed."""
        return self.record.error

    @property
    def usage(self) -> Usage | None:
        """What the job consumed and costs; only where `Client.job` was told to ask."""
        return self.record.usage

    def why(self) -> Why:
        """Ask why the job is on its device or waits, and what turned it on its way."""
        return Why.read(self._transport.request("GET", f"/v1/jobs/{self.id}/why"))

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
        JobPaused
            If it is paused at its cost cap, and so will not go on by itself.
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
            self._raise_if_paused()
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
        InvalidRequest
            If the job runs a function, whose result is its `output`.
        """
        self._refuse_function()
        self.wait(timeout, on_poll)
        self.raise_for_failure()
        fetched = self._fetched()
        if "output" in fetched:
            self.refresh()
            self._refuse_function()
        return Result.read(fetched)

    def output(
        self, timeout: float | None = None, on_poll: Callable[[Job], None] | None = None
    ) -> Any:
        """Wait for the job and fetch what its function returned.

        Parameters
        ----------
        timeout
            Seconds to wait; without it, as long as the function takes.
        on_poll
            Called with this job after each look at it.

        Returns
        -------
        Any
            The JSON value; arrays are lists.

        Raises
        ------
        JobFailed
            If the function failed, with code, message and remedy.
        JobCancelled
            If it was cancelled.
        JobPaused
            If it is paused at its cost cap.
        ResultTimeout
            If it isn't over in time; the job goes on.
        InvalidRequest
            If the job runs no function.
        """
        if self.record.function is None:
            # A list's records are short.
            self.refresh()
        if self.record.function is None:
            raise InvalidRequest(
                f"Job {self.id} runs a circuit, and no function.",
                remedy="Its counts are in job.result().",
            )
        self.wait(timeout, on_poll)
        self.raise_for_failure()
        return self._fetched().get("output")

    def events(self, timeout: float | None = None, follow: bool = True) -> Iterator[JobEvent]:
        """What happens to the job, from its beginning until it is over, as it happens.

        Parameters
        ----------
        timeout
            Seconds; without it, as long as the job takes.
        follow
            Go on until the job is over, rather than until all is told.

        Yields
        ------
        JobEvent
            In the order in which they happened; those of type ``"progress"`` carry a
            `fraction`. `record` is as new as the last one.

        Raises
        ------
        ResultTimeout
            If it isn't over in time; the job goes on.
        JobPaused
            If it is paused at its cost cap, after all that happened up to then.

        Examples
        --------
        >>> for event in client.invoke("vqe-h2").events():
        ...     print(event.type, event.fraction, event.message)
        """
        for body in self._followed("events", timeout, follow):
            for event in body.get("events", ()):
                yield JobEvent.read(event)

    def logs(self, follow: bool = False, timeout: float | None = None) -> Iterator[str]:
        """What the function printed, in pieces of any length.

        So much of it is kept; where more was printed, the last piece says how much.

        Parameters
        ----------
        follow
            Go on until the job is over, rather than until all is told.
        timeout
            Seconds to follow.

        Raises
        ------
        ResultTimeout
            If it isn't over in time; the job goes on.
        JobPaused
            If it is followed, and paused at its cost cap.
        """
        dropped = 0
        for body in self._followed("logs", timeout, follow):
            dropped = max(dropped, int(body.get("dropped") or 0))
            if body.get("text"):
                yield body["text"]
        if dropped:
            yield f"\n[{dropped:,} more characters were printed, which are not kept]\n"

    def resume(self, max_cost_usd: float | None = None) -> Job:
        """Let a paused job go on under a higher cost cap; what it has is kept.

        Parameters
        ----------
        max_cost_usd
            The new cap for the whole job, US dollars, what is spent included. Without it the
            cap stays, which is of use when it was the tenant's own cap that was reached.

        Raises
        ------
        Conflict
            If the job is not paused.
        InvalidRequest
            If the cap is below what it was, what is spent, or what the next call needs.
        """
        body = self._transport.request(
            "POST",
            f"/v1/jobs/{self.id}/resume",
            body={} if max_cost_usd is None else {"max_cost_usd": max_cost_usd},
            repeatable=False,
        )
        self.record = JobRecord.read(body)
        return self

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

    def _refuse_function(self) -> None:
        if self.record.function is not None:
            raise InvalidRequest(
                f"Job {self.id} runs a function, and so has no counts.",
                remedy="Its result is job.output().",
            )

    def _fetched(self) -> Mapping[str, Any]:
        if self._result is None:
            self._result = self._transport.request("GET", f"/v1/jobs/{self.id}/result")
        return self._result

    def _followed(
        self, what: str, timeout: float | None, follow: bool
    ) -> Iterator[Mapping[str, Any]]:
        """The pages of a growing list, until the job is over and all of it has been told."""
        clock = self._transport.clock
        started = news = clock.monotonic()
        deadline = None if timeout is None else started + timeout
        after = 0
        while True:
            # Looked at before the page: what came before the job's end is in no later page.
            over = self._at_rest(self.status)
            page = self._ask(f"/{what}", deadline, {"after": str(after)}, patient=follow)
            told = page.get("status")
            if told is not None:
                over = self._at_rest(told)
            yield page
            reached = int(page.get("next") or after)
            more = bool(page.get("more", reached > after))
            if reached > after:
                after, news = reached, clock.monotonic()
            if not more and (over or not follow):
                break
            now = clock.monotonic()
            if deadline is not None and now >= deadline:
                raise self._late()
            if not more:
                clock.sleep(stream_interval(now - news, now - started))
                if told is None:
                    self._look(deadline)
        if follow:
            if not self.finished:
                self._look(deadline)
            self._raise_if_paused()

    @staticmethod
    def _at_rest(status: object) -> bool:
        """Whether nothing more happens to a job by itself."""
        return status in FINAL or status == JobStatus.PAUSED

    def _raise_if_paused(self) -> None:
        if self.status != JobStatus.PAUSED:
            return
        waits = self.record.waiting_for
        error = JobPaused(
            f"Job {self.id} is paused{f': {waits}' if waits else ' at its cost cap.'}",
            remedy="What it has is kept. Raise the cap with job.resume(max_cost_usd) or "
            f"`bellpair jobs resume {self.id} --max-cost USD`, or cancel it.",
            code="job-paused",
        )
        error.job_id = self.id
        raise error

    def _look(self, deadline: float | None) -> None:
        self.record = JobRecord.read(self._ask("", deadline))

    def _ask(
        self,
        part: str,
        deadline: float | None,
        params: Mapping[str, str] | None = None,
        *,
        patient: bool = True,
    ) -> Mapping[str, Any]:
        """Ask for the job or a part of it, through an outage if need be."""
        path = f"/v1/jobs/{self.id}{part}"
        if deadline is None:
            timeout = OUTAGE_PATIENCE if patient else None
            return self._transport.request("GET", path, params=params, timeout=timeout)
        # A look deserves a second even at the very end, or a timeout of 0 could never succeed.
        left = max(1.0, deadline - self._transport.clock.monotonic())
        try:
            return self._transport.request("GET", path, params=params, timeout=left)
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
