"""Read a job's journal, and write it as one writer among others that may come after."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from bellpair_core.model.errors import ErrorCode, Fenced, JobFailed, LedgerConflict
from bellpair_core.model.journal import Line
from bellpair_core.model.limits import (
    JOURNAL_LINES_MAX,
    JOURNAL_STEP_BYTES_MAX,
    OUTPUT_SHOWN_CHARACTERS_MAX,
)
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Clock, Journal

from .fold_journal import Folded, fold

_PAGE = 1000
_NOTHING = Usage()

_OUTPUT_PIECE = 20_000
"""Characters of output on one line, so that no item is too large."""


class Overtaken(Fenced):
    """Another writer has gone on with the journal: this one's work is not wanted any more."""


def read_journal(journal: Journal, job_id: str, known: Folded | None = None) -> Folded:
    """What the journal comes to, read from its last checkpoint on.

    Parameters
    ----------
    known
        What it came to before, which then goes on: only what was written since is read.
    """
    if known is not None and known.end is not None:
        for line in _lines(journal, job_id, known.end.number):
            known.take(line)
        return known
    last = journal.last(job_id)
    if last is None:
        return Folded()
    return fold(_lines(journal, job_id, max(0, last.base - 1)))


def _lines(journal: Journal, job_id: str, after: int) -> Iterator[Line]:
    while page := journal.lines(job_id, after, _PAGE):
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].number


def following(
    end: Line | None, at: datetime, nonce: str, consumed: Usage = _NOTHING, **content: Any
) -> Line:
    """The line after ``end``, with its running totals.

    Parameters
    ----------
    consumed
        By the platform, since the line before, as far as its writer knows.
    content
        What the line tells, and totals that it changes otherwise than by counting.
    """
    number = end.number + 1 if end else 1
    told = any(content.get(name) for name in ("call", "result", "updates", "checkpoint"))
    output, printed = str(content.pop("output", "")), end.printed if end else 0
    kept = output[: max(0, OUTPUT_SHOWN_CHARACTERS_MAX - printed)]
    carried: dict[str, Any] = {}
    if end is not None:
        carried = {
            name: getattr(end, name)
            for name in (
                "epoch",
                "attempt",
                "run",
                "base",
                "checkpoints",
                "calls",
                "spent_usd",
                "idle",
                "progress",
            )
        }
    fixed = {
        "number": number,
        "at": at,
        "nonce": nonce,
        "steps": (end.steps if end else 0) + told,
        "printed": printed + len(output),
        "output": kept,
        "usage": ((end.usage if end else _NOTHING) + consumed).rounded(),
    }
    return Line(**(carried | fixed | content))


class JournalWriter:
    """Appends lines behind an end that it knows, until somebody else does.

    A writer and its twins, who repeat the very same request because its answer was lost or late,
    share a nonce: what one of them wrote counts as the other's.

    Parameters
    ----------
    end
        The line that was the last when the request was made.
    nonce
        Of all lines of this writer.
    spent
        What the platform consumed for the job since it was last asked; goes on the next line.

    Attributes
    ----------
    end
        The last line now.
    mine
        What this writer and its twins wrote behind the first end, in order.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        job_id: str,
        end: Line | None,
        nonce: str,
        spent: Callable[[], Usage] = Usage,
    ) -> None:
        self.end = end
        self.mine: list[Line] = []
        self._printed_before = end.printed if end else 0
        self._journal = journal
        self._clock = clock
        self._job_id = job_id
        self._nonce = nonce
        self._spent = spent
        self._consumed = _NOTHING

    @property
    def next_number(self) -> int:
        """The number that the next line gets."""
        return self.end.number + 1 if self.end else 1

    def append(self, **content: Any) -> bool:
        """Append a line with this content; see `following`.

        Returns
        -------
        bool
            False, and nothing is written, where a twin wrote something meanwhile. Then ``mine``
            has it, and whether the line is still wanted has to be thought about again.

        Raises
        ------
        Overtaken
            When somebody else wrote.
        JobFailed
            ``limit-exceeded`` when the journal is full.
        TransientFault
            When it is not known whether the line was written.
        """
        if self.end is not None and self.end.ended is not None:
            raise Overtaken(f"the journal of job {self._job_id} is closed")
        if self.next_number > JOURNAL_LINES_MAX and "ended" not in content:
            raise JobFailed(
                ErrorCode.LIMIT_EXCEEDED,
                f"The function's journal has {JOURNAL_LINES_MAX} lines, which is the limit.",
                "Put several circuits into one call, print less, and record fewer steps.",
            )
        self._consumed += self._spent()
        line = following(self.end, self._clock(), self._nonce, self._consumed, **content)
        try:
            self._journal.append(self._job_id, line)
        except LedgerConflict:
            self._catch_up()
            return False
        self._consumed = _NOTHING
        self._take(line)
        return True

    def write_output(self, output: str) -> str:
        """Append all of the output but its last piece, which is left for the next line.

        What a twin wrote of it is not written again.
        """
        while len(rest := self.rest_of(output)) > _OUTPUT_PIECE:
            self.append(output=rest[:_OUTPUT_PIECE])
        return rest

    def rest_of(self, output: str) -> str:
        """What of the output is not written yet, by this writer or a twin."""
        return output[self._written() :]

    def catch_up(self) -> bool:
        """Read what a twin may have written meanwhile; whether it has.

        Raises
        ------
        Overtaken
            When somebody else wrote.
        """
        before = self.next_number
        self._catch_up()
        return self.next_number > before

    def write_updates(self, updates: Sequence[dict[str, Any]], output: str, **content: Any) -> None:
        """Append updates in as few lines as they fit on, and output and content with them.

        Raises
        ------
        JobFailed
            ``limit-exceeded`` when one of them is too large.
        """
        parts = _parts(updates)
        while True:
            done = sum(len(line.updates) for line in self.mine)
            told = all(
                any(getattr(line, name) == value for line in self.mine)
                for name, value in content.items()
            )
            # What is left is thought about anew each time: a twin may have written of it.
            if done >= len(updates) and told and not self.rest_of(output):
                return
            part = next((part for start, part in parts if start == done), ())
            self.append(updates=tuple(part), output=self.rest_of(output), **content)

    def _written(self) -> int:
        return (self.end.printed if self.end else 0) - self._printed_before

    def _catch_up(self) -> None:
        after = self.end.number if self.end else 0
        for line in self._journal.lines(self._job_id, after):
            if line.nonce != self._nonce:
                raise Overtaken(f"somebody else goes on with job {self._job_id}")
            self._take(line)

    def _take(self, line: Line) -> None:
        self.mine.append(line)
        self.end = line


def _parts(updates: Sequence[dict[str, Any]]) -> list[tuple[int, list[dict[str, Any]]]]:
    """The updates in groups that are not too large for one line, each with its first's number."""
    parts: list[tuple[int, list[dict[str, Any]]]] = []
    room = 0
    for number, update in enumerate(updates):
        size = len(json.dumps(update, separators=(",", ":")).encode())
        if size > JOURNAL_STEP_BYTES_MAX:
            name = update.get("Name") or update.get("SubType") or update["Type"]
            raise JobFailed(
                ErrorCode.LIMIT_EXCEEDED,
                f"The result of step {name!r} has {size} bytes as JSON; the limit is"
                f" {JOURNAL_STEP_BYTES_MAX}.",
                "Return less from the step, such as a summary.",
            )
        if size > room:
            parts.append((number, []))
            room = JOURNAL_STEP_BYTES_MAX
        parts[-1][1].append(update)
        room -= size
    return parts
