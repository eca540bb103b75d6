"""State machines and wake-ups that only remember what they were told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bellpair_core.model.errors import TransientFault
from bellpair_core.model.job import Job


class FakeWorkflows:
    """Remembers executions and who waits.

    Attributes
    ----------
    executions
        Jobs as they were when started, by execution name.
    ended
        Names of executions that are over; a test adds to it.
    waiting
        Tokens that a state waits with; a test adds to it, `answer` takes out.
    answers
        Outputs given by token.
    reachable
        False makes every call a `TransientFault`.
    """

    def __init__(self) -> None:
        self.executions: dict[str, Job] = {}
        self.ended: set[str] = set()
        self.waiting: set[str] = set()
        self.answers: dict[str, Mapping[str, Any]] = {}
        self.reachable = True

    def start(self, job: Job) -> None:
        """Start the job's execution; nothing happens if its name was used."""
        self._reach()
        self.executions.setdefault(job.execution_name, job)

    def running(self, job: Job) -> bool:
        """Whether the job's execution exists and is not over."""
        self._reach()
        return job.execution_name in self.executions and job.execution_name not in self.ended

    def answer(self, token: str, output: Mapping[str, Any]) -> bool:
        """Let the state that waits with ``token`` go on, once."""
        self._reach()
        if token not in self.waiting:
            return False
        self.waiting.remove(token)
        self.answers[token] = output
        return True

    def _reach(self) -> None:
        if not self.reachable:
            raise TransientFault("Step Functions cannot be reached")


class FakeWakeups:
    """Remembers the queues that were to be looked at.

    Attributes
    ----------
    queues
        In the order of the calls.
    reachable
        False makes `wake` a `TransientFault`.
    """

    def __init__(self) -> None:
        self.queues: list[str] = []
        self.reachable = True

    def wake(self, queue: str) -> None:
        """Note the queue."""
        if not self.reachable:
            raise TransientFault("the dispatch queue cannot be reached")
        self.queues.append(queue)
