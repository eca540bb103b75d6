"""Word of jobs' ends, on its way to all who are told of them."""

from __future__ import annotations

from typing import Protocol


class Ends(Protocol):
    """Where word of a job's end waits until the end is on record."""

    def tell(self, job_id: str) -> None:
        """Have triggers and the job's callback told of its end; called before that is written.

        What is sent waits until the record says that the job is over, so a job whose end was not
        written after all is not told of, and one whose end was written is, whatever becomes of
        who wrote it.

        Raises
        ------
        TransientFault
            When the word could not be kept; the job must not end then.
        """
        ...
