"""What every journal does, whatever it is made of.

A test class inherits `JournalContract` and gives a fresh ``journal`` as a fixture.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from bellpair_core.model.errors import LedgerConflict
from bellpair_core.model.journal import Line
from bellpair_core.ports import Journal
from tests.examples import NOON

JOB = "job-a"


def line(number: int, **changes: object) -> Line:
    """A line of the first run of a job's first execution."""
    return Line(number=number, at=NOON, epoch=1, attempt=1, run=1, **changes)


class JournalContract:
    """Lines that are written once, and counters."""

    def test_a_new_journal_is_empty(self, journal: Journal) -> None:
        assert journal.last(JOB) is None
        assert journal.lines(JOB) in ([], ())
        assert journal.line(JOB, 1) is None

    def test_lines_are_read_back_unchanged_and_in_order(self, journal: Journal) -> None:
        big = {"Payload": "".join(chr(33 + n % 90) for n in range(50_000))}
        written = [line(1), line(2, updates=(big,)), line(3, output="hello")]
        for one in written:
            journal.append(JOB, one)

        assert list(journal.lines(JOB)) == written
        assert list(journal.lines(JOB, after=1)) == written[1:]
        assert list(journal.lines(JOB, after=1, limit=1)) == [written[1]]
        assert journal.line(JOB, 2) == written[1]
        assert journal.last(JOB) == written[2]

    def test_more_than_one_answer_of_the_table_holds_is_all_read(self, journal: Journal) -> None:
        random = Random(7)
        written = [
            line(number, updates=({"Payload": random.randbytes(120_000).hex()},))
            for number in range(1, 13)
        ]
        for one in written:
            journal.append(JOB, one)

        assert list(journal.lines(JOB)) == written
        assert list(journal.lines(JOB, after=1, limit=10)) == written[1:11]

    def test_a_number_that_is_taken_is_not_written_again(self, journal: Journal) -> None:
        journal.append(JOB, line(1, nonce="mine"))

        with pytest.raises(LedgerConflict):
            journal.append(JOB, line(1, nonce="another"))

        assert journal.last(JOB) == line(1, nonce="mine")

    def test_repeating_a_write_changes_nothing(self, journal: Journal) -> None:
        packed = line(1, output="x" * 5000)
        journal.append(JOB, packed)
        journal.append(JOB, packed)

        assert list(journal.lines(JOB)) == [packed]

    def test_of_many_writers_of_one_number_one_succeeds(self, journal: Journal) -> None:
        def write(writer: int) -> bool:
            try:
                journal.append(JOB, line(1, nonce=str(writer)))
            except LedgerConflict:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(write, range(8)))

        assert done.count(True) == 1
        last = journal.last(JOB)
        assert last is not None and last.nonce == str(done.index(True))

    def test_journals_of_several_jobs_are_apart(self, journal: Journal) -> None:
        journal.append(JOB, line(1))
        journal.append("job-b", line(1, nonce="b"))

        assert journal.last(JOB) == line(1)
        assert journal.last("job-b") == line(1, nonce="b")

    def test_tasks_that_are_over_are_counted_once_each(self, journal: Journal) -> None:
        journal.append(JOB, line(1))
        counts = [journal.note_over(JOB, 1, place) for place in (0, 7, 7, 3, 0)]

        assert counts == [1, 2, 2, 3, 3]
        assert journal.note_over(JOB, 2, 0) == 1
        assert journal.last(JOB) == line(1)
        assert list(journal.lines(JOB)) == [line(1)]

    def test_spending_stops_at_the_cap_and_not_before(self, journal: Journal) -> None:
        assert journal.reserve("acme", "2026-11", 0.3, 1.0)
        assert journal.reserve("acme", "2026-11", 0.7, 1.0)
        assert not journal.reserve("acme", "2026-11", 0.01, 1.0)

        assert journal.spent("acme", "2026-11") == pytest.approx(1.0)
        assert journal.spent("acme", "2026-12") == 0.0
        assert journal.spent("other", "2026-11") == 0.0

    def test_what_is_given_back_may_be_spent_again(self, journal: Journal) -> None:
        journal.reserve("acme", "2026-11", 1.0, 1.0)
        journal.reserve("acme", "2026-11", -0.5, 1.0)

        assert journal.reserve("acme", "2026-11", 0.5, 1.0)
        assert not journal.reserve("acme", "2026-11", 0.1, 1.0)

    def test_without_a_cap_spending_is_only_counted(self, journal: Journal) -> None:
        assert journal.reserve("acme", "2026-11", 1e6, None)
        assert journal.spent("acme", "2026-11") == pytest.approx(1e6)

    def test_more_than_the_whole_cap_is_never_reserved(self, journal: Journal) -> None:
        assert not journal.reserve("acme", "2026-11", 2.0, 1.0)
        assert journal.spent("acme", "2026-11") == 0.0

    def test_nothing_is_reserved_once_the_cap_was_lowered_below_what_was_spent(
        self, journal: Journal
    ) -> None:
        journal.reserve("acme", "2026-11", 2.0, None)

        assert not journal.reserve("acme", "2026-11", 0.0, 1.0)
