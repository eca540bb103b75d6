"""What a job's function printed and said, page by page, while it runs and afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.job import Job, JobEvent
from bellpair_core.model.journal import Line, Progress
from bellpair_core.model.limits import LOG_PAGE_LINES, OUTPUT_SHOWN_CHARACTERS_MAX
from bellpair_core.model.tenant import Principal
from bellpair_core.ports import Journal, Ledger

from .get_job import own_job

_EVENTS = 1_000_000
"""More events than a job has; a cursor counts them and the journal's lines in one number."""

_CURSOR_DIGITS_MAX = 15


class LogPage(NamedTuple):
    """A piece of what a function printed.

    Attributes
    ----------
    next
        What to ask after for the next piece.
    more
        Whether there is more already.
    dropped
        Characters that were printed beyond what is kept, as far as this page tells.
    """

    job: Job
    text: str
    next: int
    more: bool
    dropped: int = 0


class Said(NamedTuple):
    """Progress that a function told of."""

    at: datetime
    progress: Progress
    epoch: int


class EventPage(NamedTuple):
    """A piece of what happened to a job, in order; ``next`` and ``more`` as in `LogPage`."""

    job: Job
    events: tuple[JobEvent | Said, ...]
    next: int
    more: bool


def job_logs(
    ledger: Ledger, journal: Journal, principal: Principal, job_id: str, query: Mapping[str, str]
) -> LogPage:
    """What the job's function printed after a place that an earlier page told.

    Parameters
    ----------
    query
        ``after``, the ``next`` of the page before; the beginning where it is missing.

    Raises
    ------
    BellpairError
        ``job-not-found`` or ``request-invalid``.
    """
    after = _after(query)
    job = own_job(ledger, principal, job_id)
    lines = journal.lines(job.id, after, LOG_PAGE_LINES) if job.function is not None else ()
    text = "".join(line.output for line in lines)
    if not lines:
        return LogPage(job, text, after, more=False)
    dropped = max(0, lines[-1].printed - OUTPUT_SHOWN_CHARACTERS_MAX)
    return LogPage(job, text, lines[-1].number, len(lines) == LOG_PAGE_LINES, dropped)


def job_events(
    ledger: Ledger, journal: Journal, principal: Principal, job_id: str, query: Mapping[str, str]
) -> EventPage:
    """What happened to the job after a place that an earlier page told: its event log, and the
    progress that its function told of.

    Parameters
    ----------
    query
        As in `job_logs`.

    Raises
    ------
    BellpairError
        ``job-not-found`` or ``request-invalid``.
    """
    seen_lines, seen_events = divmod(_after(query), _EVENTS)
    # The record is read before the journal, so a page that has the job's end has all that its
    # function said.
    job = own_job(ledger, principal, job_id)
    said, last = _progress_after(job, journal, seen_lines)
    numbered = list(_numbered(job.events))
    events: list[JobEvent | Said] = [event for number, event in numbered if number > seen_events]
    events += said
    events.sort(key=lambda event: event.at)
    reached = max([seen_events, *(number for number, _ in numbered)])
    more = last - seen_lines >= LOG_PAGE_LINES
    return EventPage(job, tuple(events), last * _EVENTS + reached, more)


def _progress_after(job: Job, journal: Journal, after: int) -> tuple[list[Said], int]:
    """What was said on the lines after one, and the number of the last line looked at."""
    if job.function is None:
        return [], after
    # A line carries what was said last, so the one before tells what is new on the first.
    lines = list(journal.lines(job.id, max(0, after - 1), LOG_PAGE_LINES + (after > 0)))
    before = lines.pop(0).progress if after > 0 and lines else None
    return list(_news(lines, before)), lines[-1].number if lines else after


def _news(lines: list[Line], before: Progress | None) -> Iterator[Said]:
    for line in lines:
        if line.progress is not None and line.progress != before:
            before = line.progress
            yield Said(line.at, line.progress, line.epoch)


def _numbered(events: tuple[JobEvent, ...]) -> Iterator[tuple[int, JobEvent]]:
    """The events with the numbers that they had when they happened, from 1."""
    number = 0
    for event in events:
        number += max(1, event.left)
        yield number, event


def _after(query: Mapping[str, str]) -> int:
    problems = [
        {"parameter": name[:64], "detail": "is no parameter of this"}
        for name in query
        if name != "after"
    ]
    after = query.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) <= _CURSOR_DIGITS_MAX):
        problems.append({"parameter": "after", "detail": "must be the next of a page before"})
    if problems:
        raise BellpairError(
            ErrorCode.REQUEST_INVALID,
            "; ".join(f"{problem['parameter']} {problem['detail']}" for problem in problems) + ".",
            remedy="Begin without after, and then repeat what the page before gave as next.",
            errors=problems,
        )
    return int(after)
