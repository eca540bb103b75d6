"""Callbacks: who is to be told of a job's end, and telling them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bellpair_core.model.callback import Callback
from bellpair_core.model.job import Job


class CallbackBook(Protocol):
    """The registered callbacks: in the eventually consistent table."""

    def callback(self, tenant: str, callback_id: str) -> Callback | None:
        """One callback of the tenant, strongly read in this region."""
        ...

    def callbacks(self, tenant: str) -> Sequence[Callback]:
        """All callbacks of the tenant, by id."""
        ...

    def put_callback(self, callback: Callback) -> None:
        """Store a callback."""
        ...

    def delete_callback(self, tenant: str, callback_id: str) -> bool:
        """Delete a callback; False where there is none."""
        ...


class Callbacks(Protocol):
    """Word to the callbacks of jobs that are over."""

    def enqueue(self, job: Job) -> None:
        """Have the job's callback told of its end, where it has one.

        Raises
        ------
        TransientFault
            When the word could not be kept.
        """
        ...
