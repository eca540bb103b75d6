"""Word to callbacks, and the Internet outside, as a test would have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bellpair_core.model.errors import TransientFault
from bellpair_core.model.job import Job
from bellpair_core.ports import CallOutcome


class FakeCallbacks:
    """Keeps word to callbacks.

    Attributes
    ----------
    enqueued
        The jobs as they were when word of them was kept.
    reachable
        False makes each call a `TransientFault`.
    """

    def __init__(self) -> None:
        self.enqueued: list[Job] = []
        self.reachable = True

    def enqueue(self, job: Job) -> None:
        """Keep the word, for a job with a callback."""
        if job.function is None or job.function.callback is None:
            return
        if not self.reachable:
            raise TransientFault("the queue cannot be reached")
        self.enqueued.append(job)


class FakeHosts:
    """Hosts' addresses in a dictionary; a host that is not in it has none."""

    def __init__(self, known: Mapping[str, Sequence[str]] | None = None) -> None:
        self.known = dict(known or {})

    def addresses(self, host: str, port: int) -> Sequence[str]:
        """The host's addresses."""
        return self.known.get(host, ())


class FakeCaller:
    """A server that answers what a test says, and is quiet then.

    Attributes
    ----------
    outcomes
        What the next calls come to; a good answer when there are no more.
    calls
        What was sent: host, port, path, headers and body.
    """

    def __init__(self, *outcomes: CallOutcome) -> None:
        self.outcomes = list(outcomes)
        self.calls: list[tuple[str, int, str, dict[str, str], bytes]] = []

    def post(
        self, host: str, port: int, path: str, headers: Mapping[str, str], body: bytes
    ) -> CallOutcome:
        """Take the call."""
        self.calls.append((host, port, path, dict(headers), body))
        return self.outcomes.pop(0) if self.outcomes else CallOutcome(status=200)
