"""Journals in dictionaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from bellpair_core.model.errors import LedgerConflict, TransientFault
from bellpair_core.model.journal import Line


class MemoryJournal:
    """Logs that only grow.

    Attributes
    ----------
    logs
        Each job's lines in order; a test may look.
    writes, reads
        How many writes succeeded, and how many reads there were.
    reachable
        False makes every call a `TransientFault`.
    """

    def __init__(self) -> None:
        self.logs: dict[str, list[Line]] = {}
        self.writes = 0
        self.reads = 0
        self.reachable = True
        self._over: dict[tuple[str, int], set[int]] = {}
        self._spent: dict[tuple[str, str], float] = {}
        self._lock = Lock()

    def last(self, job_id: str) -> Line | None:
        """The journal's last line."""
        with self._table():
            self.reads += 1
            log = self.logs.get(job_id)
            return log[-1] if log else None

    def append(self, job_id: str, line: Line) -> None:
        """Write the line if its number is free, or raise `LedgerConflict`."""
        with self._table():
            log = self.logs.setdefault(job_id, [])
            if line.number <= len(log):
                if log[line.number - 1] == line:
                    return
                raise LedgerConflict(f"line {line.number} of the journal of {job_id} is taken")
            assert line.number == len(log) + 1, "a journal has no gaps"
            log.append(line)
            self.writes += 1

    def lines(self, job_id: str, after: int = 0, limit: int = 1000) -> Sequence[Line]:
        """Up to ``limit`` lines after the one of number ``after``."""
        with self._table():
            self.reads += 1
            return tuple(self.logs.get(job_id, ())[after : after + limit])

    def line(self, job_id: str, number: int) -> Line | None:
        """One line."""
        with self._table():
            self.reads += 1
            log = self.logs.get(job_id, [])
            return log[number - 1] if 0 < number <= len(log) else None

    def note_over(self, job_id: str, call: int, place: int) -> int:
        """Note that one task of a call is over; how many are."""
        with self._table():
            places = self._over.setdefault((job_id, call), set())
            places.add(place)
            self.writes += 1
            return len(places)

    def reserve(self, tenant: str, month: str, usd: float, cap: float | None) -> bool:
        """Add to what the tenant spends, unless that passes the cap."""
        with self._table():
            spent = self._spent.get((tenant, month), 0.0) + usd
            if cap is not None and usd >= 0 and round(spent - cap, 9) > 0:
                return False
            self._spent[tenant, month] = spent
            self.writes += 1
            return True

    def spent(self, tenant: str, month: str) -> float:
        """What the tenant spent in the month."""
        with self._table():
            self.reads += 1
            return round(self._spent.get((tenant, month), 0.0), 6)

    @contextmanager
    def _table(self) -> Iterator[None]:
        if not self.reachable:
            raise TransientFault("the ledger cannot be reached")
        with self._lock:
            yield
