"""Word of jobs' ends, in memory."""

from __future__ import annotations

from bellpair_core.model.errors import TransientFault


class FakeEnds:
    """Keeps word of jobs' ends.

    Attributes
    ----------
    told
        The ids of the jobs, in the order of the calls.
    reachable
        False makes each call a `TransientFault`.
    """

    def __init__(self) -> None:
        self.told: list[str] = []
        self.reachable = True

    def tell(self, job_id: str) -> None:
        """Keep the word."""
        if not self.reachable:
            raise TransientFault("the queue cannot be reached")
        self.told.append(job_id)
