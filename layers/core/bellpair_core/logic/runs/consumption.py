"""What the broker consumed for jobs: put on the lines that it writes anyway."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from bellpair_core.model.usage import Usage

_KEPT_MAX = 64


class Consumption:
    """What a warm process consumed and has not put on a line yet, by job.

    What a request consumes behind its last line goes on the job's next one. Where that is another
    process's, it is lost to the account: nothing is written for it alone.

    Parameters
    ----------
    spent
        What was consumed since it was last asked.
    """

    def __init__(self, spent: Callable[[], Usage]) -> None:
        self._spent = spent
        self._owed: OrderedDict[str, Usage] = OrderedDict()

    def begin(self, job_id: str) -> None:
        """A request of the job begins."""
        self._owe(job_id, Usage(lambda_requests=1))

    def end(self, job_id: str) -> None:
        """The request is answered."""
        self._owe(job_id, self._spent())

    def take(self, job_id: str) -> Usage:
        """What goes on the job's next line."""
        return self._owed.pop(job_id, Usage()) + self._spent()

    def _owe(self, job_id: str, more: Usage) -> None:
        self._owed[job_id] = self._owed.pop(job_id, Usage()) + more
        if len(self._owed) > _KEPT_MAX:
            self._owed.popitem(last=False)
