"""What a warm process reads of a journal, and what it does not read again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bellpair_core.logic.journal import kept_journals
from bellpair_core.logic.journal.journal_log import read_journal
from bellpair_core.logic.journal.kept_journals import KeptJournals
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.journal import Line
from tests.fakes import MemoryJournal
from tests.unit.logic.functions.function_place import FunctionPlace, drive, loop


class CountingJournal(MemoryJournal):
    """Counts the lines that were read.

    Attributes
    ----------
    read
        How many, queries for several of them only.
    """

    def __init__(self) -> None:
        super().__init__()
        self.read = 0
        self.breaks = False

    def lines(self, job_id: str, after: int = 0, limit: int = 1000) -> Sequence[Line]:
        if self.breaks:
            raise TransientFault("the ledger cannot be reached")
        found = super().lines(job_id, after, limit)
        self.read += len(found)
        return found


@pytest.fixture
def place() -> FunctionPlace:
    place = FunctionPlace()
    place.journal = CountingJournal()
    place.tasks.at_once = False
    return place


def test_only_new_lines_are_read_again_and_come_to_the_same(place: FunctionPlace) -> None:
    journal = place.journal
    assert isinstance(journal, CountingJournal)
    job, kept = place.invoke(), KeptJournals(journal)
    begun = place.begin(job)
    for turn in range(1, 4):
        assert drive(loop(job.id, begun), place.broker().answer) == "suspended"
        seen = kept.read(job.id)
        assert seen == read_journal(journal, job.id)
        place.tasks.run(place.tasks.unfinished()[0])
        begun = place.resume(job, turn=turn)
    known = seen.end
    assert known is not None
    journal.read = 0

    again = kept.read(job.id)

    assert again.end == journal.last(job.id)
    assert journal.read == len(journal.logs[job.id]) - known.number


def test_a_journal_that_could_not_be_read_to_its_end_is_read_anew(place: FunctionPlace) -> None:
    journal = place.journal
    assert isinstance(journal, CountingJournal)
    job, kept = place.invoke(), KeptJournals(journal)
    place.play(job, place.begin(job))
    kept.read(job.id)
    journal.breaks = True
    with pytest.raises(TransientFault):
        kept.read(job.id)
    journal.breaks, journal.read = False, 0

    assert kept.read(job.id) == read_journal(journal, job.id)
    assert journal.read == 2 * len(journal.logs[job.id])


def test_few_journals_are_kept(place: FunctionPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_journals, "_KEPT_MAX", 1)
    journal = place.journal
    assert isinstance(journal, CountingJournal)
    kept = KeptJournals(journal)
    first, second = place.invoke("first"), place.invoke("second")
    for job in (first, second):
        place.play(job, place.begin(job) if job is first else place.resume(job))
        kept.read(job.id)
    journal.read = 0

    kept.read(second.id)
    assert journal.read == 0
    kept.read(first.id)
    assert journal.read == len(journal.logs[first.id])


def test_a_warm_broker_opens_a_run_with_the_new_lines_alone(place: FunctionPlace) -> None:
    journal = place.journal
    assert isinstance(journal, CountingJournal)
    job, broker = place.invoke(), place.broker()
    assert place.play(job, place.begin(job), broker) == "suspended"
    place.tasks.run(place.tasks.unfinished()[0])
    begun = place.resume(job, turn=1)
    journal.read = 0

    opened = broker.answer(next(loop(job.id, begun)))

    assert opened["operations"][0]["Status"] == "SUCCEEDED"
    assert journal.read < len(journal.logs[job.id])
