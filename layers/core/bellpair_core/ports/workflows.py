"""State machines and wake-ups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bellpair_core.model.job import Job


class Workflows(Protocol):
    """Drives jobs through their stages."""

    def start(self, job: Job) -> None:
        """Start the job's execution under its own name; nothing happens if it exists."""
        ...

    def running(self, job: Job) -> bool:
        """Whether the job's execution exists and is not over."""
        ...

    def answer(self, token: str, output: Mapping[str, Any]) -> bool:
        """Let the state that waits with ``token`` go on; False if nobody waits any more."""
        ...


class Wakeups(Protocol):
    """Tells the dispatcher that something changed."""

    def wake(self, queue: str) -> None:
        """Ask for a look at the queue soon. A lost wake-up costs a minute, never a job."""
        ...
