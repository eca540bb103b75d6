"""What a warm process knows of the journals that it serves, so that it need not read them anew."""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from typing import TypeVar

from bellpair_core.logic.journal.fold_journal import Folded
from bellpair_core.logic.journal.journal_log import Overtaken, read_journal
from bellpair_core.model.errors import Fenced
from bellpair_core.model.journal import Line
from bellpair_core.ports import Journal

from .run_session import Session

Key = TypeVar("Key")
Value = TypeVar("Value")

_KEPT_MAX = 16
"""Jobs whose journals' ends and foldings a warm process keeps."""


class WarmJournals:
    """Journals' beginnings, ends and foldings, which never stand in for the journal's own fence.

    An append still goes behind the end that is kept here: where that is not the end any more,
    the append is refused.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._begun: OrderedDict[tuple[str, int], Line] = OrderedDict()
        self._ends: OrderedDict[str, Line] = OrderedDict()
        self._folds: OrderedDict[str, Folded] = OrderedDict()

    def admitted(self, job_id: str, run: int, ticket: str) -> Line:
        """The line that began the run whose ticket this is.

        Raises
        ------
        Fenced
            When there is no such run, or its ticket is another.
        """
        key = job_id, run
        begun = self._begun.get(key) or self._journal.line(job_id, run)
        digest = hashlib.sha256(ticket.encode()).hexdigest()
        if begun is None or not begun.ticket or not hmac.compare_digest(begun.ticket, digest):
            raise Fenced(f"job {job_id} has no such run")
        _keep(self._begun, key, begun)
        return begun

    def end(self, job_id: str, run: int, tail: int) -> Line:
        """The journal's last line as a run knows it.

        Raises
        ------
        Fenced
            When that run did not write it.
        """
        end = self._ends.get(job_id)
        if end is None or end.number != tail:
            end = self._journal.line(job_id, tail)
        if end is None or end.run != run:
            raise Fenced(f"run {run} of job {job_id} did not write line {tail}")
        return end

    def opened(self, job_id: str, run: int) -> tuple[Folded, Line]:
        """What the journal comes to for a run that begins, and its last line.

        Raises
        ------
        Fenced
            When another run has begun, or the journal is closed.
        """
        folded = read_journal(self._journal, job_id, self._folds.pop(job_id, None))
        if folded.end is None or folded.end.run != run or folded.end.ended:
            raise Fenced(f"another run of job {job_id} has begun, or it is over")
        _keep(self._folds, job_id, folded)
        _keep(self._ends, job_id, folded.end)
        return folded, folded.end

    def folded(self, session: Session) -> Folded:
        """What the journal comes to, with what this request has written.

        Raises
        ------
        Overtaken
            When another run has begun.
        """
        job_id = session.job.id
        known = self._folds.get(job_id)
        if known is not None and known.end is not None and known.end.number <= session.end.number:
            missing = [line for line in session.writer.mine if line.number > known.end.number]
            if known.end.number >= session.tail:
                for line in missing:
                    known.take(line)
                return known
        folded = read_journal(self._journal, job_id)
        if folded.end is None or folded.end.run != session.run:
            raise Overtaken(f"another run of job {job_id} has begun")
        _keep(self._folds, job_id, folded)
        return folded

    def remember(self, session: Session) -> None:
        """Keep what a request that was answered has written."""
        job_id = session.job.id
        _keep(self._ends, job_id, session.end)
        folded = self._folds.get(job_id)
        if folded is None:
            return
        if folded.end is None or folded.end.number < session.tail:
            del self._folds[job_id]
            return
        for line in session.writer.mine:
            if line.number > folded.end.number:
                folded.take(line)

    def forget(self, job_id: str) -> None:
        """Read the job's journal anew at its next request."""
        self._ends.pop(job_id, None)
        self._folds.pop(job_id, None)


def _keep(kept: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _KEPT_MAX:
        kept.popitem(last=False)
