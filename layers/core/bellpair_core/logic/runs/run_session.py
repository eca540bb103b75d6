"""One request of a run: what it is about, and whether anything more is taken of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bellpair_core.logic.journal.journal_log import JournalWriter
from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.job import Job
from bellpair_core.model.journal import Line, Progress

from .look_after_calls import CallBook

MESSAGE_CHARACTERS_MAX = 4000
"""Of what a function says of its progress or its failure; the rest is cut off."""

JOB_CANCELLED, JOB_PAUSED, FENCED = "job-cancelled", "job-paused", "fenced"
"""Codes of refusals that are no errors of the function."""


class Refusal(Exception):
    """Nothing more is taken of this run.

    Attributes
    ----------
    answer
        What the run hears.
    """

    def __init__(self, code: str, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.answer = {"refused": {"code": code, "message": message, "remedy": remedy}}


@dataclass
class Session:
    """One request, and what it is about.

    Attributes
    ----------
    run
        The number of the line that began the run.
    tail
        The number of the journal's last line that the run knows.
    """

    job: Job
    run: int
    tail: int
    request: Mapping[str, Any]
    writer: JournalWriter
    book: CallBook

    @property
    def output(self) -> str:
        return str(self.request.get("output") or "")

    @property
    def end(self) -> Line:
        assert self.writer.end is not None
        return self.writer.end

    def news(self) -> dict[str, Any]:
        """How far the function says that it is, where that is new."""
        told = self.request.get("progress")
        if not told:
            return {}
        progress = Progress(
            fraction=min(1.0, max(0.0, float(told["fraction"]))),
            message=str(told.get("message", ""))[:MESSAGE_CHARACTERS_MAX],
        )
        return {} if progress == self.end.progress else {"progress": progress}


def require_going_on(job: Job, now: datetime) -> None:
    """Let a job's function go on, unless it is to be cancelled or its time is over.

    Raises
    ------
    Refusal
        With the code ``job-cancelled`` or ``function-timed-out``.
    """
    if job.cancel_requested:
        raise Refusal(JOB_CANCELLED, f"Job {job.id} is to be cancelled.")
    if now >= job.ends_by:
        raise Refusal(
            ErrorCode.FUNCTION_TIMED_OUT.value,
            f"The function was to be finished by {job.ends_by.isoformat(timespec='seconds')}.",
            ErrorCode.FUNCTION_TIMED_OUT.remedy,
        )
