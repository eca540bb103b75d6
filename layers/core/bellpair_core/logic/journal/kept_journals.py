"""What a warm process read of journals: a line never changes, so only new ones are read again."""

from __future__ import annotations

from collections import OrderedDict

from bellpair_core.ports import Journal

from .fold_journal import Folded
from .journal_log import read_journal

_KEPT_MAX = 4
"""Journals that are kept; each may have thousands of operations."""


class KeptJournals:
    """Reads journals, and each of them once."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: OrderedDict[str, Folded] = OrderedDict()

    def read(self, job_id: str) -> Folded:
        """What the journal comes to now; whoever takes more lines of the journal in may do so.

        Raises
        ------
        TransientFault
            When the ledger could not be reached.
        """
        # Not kept meanwhile: stopped half-way, it would be of no more use.
        known = self._kept.pop(job_id, None)
        self._kept[job_id] = read_journal(self._journal, job_id, known)
        if len(self._kept) > _KEPT_MAX:
            self._kept.popitem(last=False)
        return self._kept[job_id]

    def forget(self, job_id: str) -> None:
        """Read the journal from its beginning the next time."""
        self._kept.pop(job_id, None)
