"""The journals of functions, and what they spend: in the strongly consistent table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bellpair_core.model.journal import Line


class Journal(Protocol):
    """Logs that only grow; each line is one conditional write."""

    def last(self, job_id: str) -> Line | None:
        """The journal's last line, strongly read; ``None`` while there is none."""
        ...

    def append(self, job_id: str, line: Line) -> None:
        """Write the line if its number is free.

        Repeating a line that was written, as after a lost answer, changes nothing.

        Raises
        ------
        LedgerConflict
            When another line has the number; nothing is written.
        TransientFault
            When the ledger could not be reached; whether the line was written is not known.
        """
        ...

    def lines(self, job_id: str, after: int = 0, limit: int = 1000) -> Sequence[Line]:
        """Up to ``limit`` lines after the one of number ``after``, in order, strongly read.

        Fewer than ``limit``, even none, only at the journal's end.
        """
        ...

    def line(self, job_id: str, number: int) -> Line | None:
        """One line, strongly read."""
        ...

    def note_over(self, job_id: str, call: int, place: int) -> int:
        """Note that one task of a call is over; how many of the call's are, this one included.

        Repeating it changes nothing.
        """
        ...

    def reserve(self, tenant: str, month: str, usd: float, cap: float | None) -> bool:
        """Add to what the tenant's functions spend in a month; False where that passes the cap.

        Parameters
        ----------
        month
            ``"2026-11"``.
        usd
            US dollars; what is negative gives back.
        """
        ...

    def spent(self, tenant: str, month: str) -> float:
        """What the tenant's functions spent or reserved in the month, US dollars."""
        ...
