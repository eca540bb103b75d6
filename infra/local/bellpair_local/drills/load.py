"""Clients that submit jobs as real ones do: the client library, both endpoints, one key per job."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from bellpair.errors import BellpairError
from bellpair.job import Job
from bellpair_local.drills.records import FailedAttempt, Request, Submission

STOP_SECONDS = 5.0
_LOOK_SECONDS = 0.02
_LONGEST_LOOK_SECONDS = 0.2

DECLINED = frozenset({"device-offline"})
"""Codes by which the platform rightly says no: a client named a device that is known to be away."""

OnRetry = Callable[[BellpairError, float], None]


class Submitter(Protocol):
    """The part of `bellpair.Client` that the load needs."""

    def submit(self, program: str, shots: int, device: str, *, idempotency_key: str | None) -> Job:
        """Submit a program."""

    def invoke(self, name: str, *, seed: int | None, idempotency_key: str | None) -> Job:
        """Invoke a function."""

    def close(self) -> None:
        """Close the connections."""


def submitted(client: Submitter, request: Request) -> Job:
    """The job of a request; the same one whenever the request is made again.

    Raises
    ------
    BellpairError
        If there is none.
    """
    key = request.key
    if request.invoked is not None:
        asked = request.invoked
        return client.invoke(asked.name, seed=asked.seed, idempotency_key=key)
    return client.submit(request.source, request.shots, request.device, idempotency_key=key)


class Load:
    """Submissions at a steady rate by several clients at once.

    The rate is offered whatever the answers are, until every client waits for one: as with real
    clients, an outage does not stop others from coming.

    Parameters
    ----------
    requests
        What to submit, in order.
    rate
        Submissions a second.
    connect
        Makes a client of its own connections; it is given a number and whom to tell of retries.
    clients
        How many there are.
    may_offer
        Asked before each submission; while it says no, nothing is submitted.
    """

    def __init__(
        self,
        requests: Sequence[Request],
        rate: float,
        connect: Callable[[int, OnRetry], Submitter],
        clients: int,
        may_offer: Callable[[], bool] = lambda: True,
    ) -> None:
        self._waiting = deque(requests)
        self._rate = rate
        self._connect = connect
        self._may_offer = may_offer
        self._submissions: list[Submission] = []
        self._held: list[tuple[float, float]] = []
        self._held_since: float | None = None
        self._promised: list[str] = []
        # May be taken again by whoever is asked whether to offer.
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._began = 0.0
        self._offered = 0
        self._answered = 0
        self._failure: BaseException | None = None
        self._threads = [
            threading.Thread(
                target=self._work, args=(number,), name=f"client-{number}", daemon=True
            )
            for number in range(clients)
        ]

    @property
    def submissions(self) -> list[Submission]:
        """What has been submitted so far."""
        with self._lock:
            return list(self._submissions)

    @property
    def promised(self) -> list[str]:
        """The ids of the jobs promised so far."""
        with self._lock:
            return list(self._promised)

    @property
    def accepted(self) -> int:
        """How many jobs have been promised so far."""
        return len(self._promised)

    @property
    def answered(self) -> int:
        """How many submissions have ended so far, one way or another."""
        return self._answered

    @property
    def offered(self) -> int:
        """How many submissions have been begun so far."""
        return len(self._submissions)

    @property
    def held(self) -> list[tuple[float, float]]:
        """The spans in which nothing was to be submitted."""
        with self._lock:
            return list(self._held)

    @property
    def over(self) -> bool:
        """Whether every client has ended.

        Raises
        ------
        BaseException
            What ended a client that should not have ended it.
        """
        if self._failure is not None:
            raise self._failure
        return not any(thread.is_alive() for thread in self._threads)

    def include(self, made: Submission) -> None:
        """Count what somebody else has submitted beside the load."""
        with self._lock:
            self._submissions.append(made)
            if made.job_id is not None:
                self._promised.append(made.job_id)

    def start(self) -> None:
        """Begin to submit."""
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Submit nothing more, and wait a little for the clients' last answers."""
        self._stop.set()
        deadline = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self, number: int) -> None:
        retries: list[FailedAttempt] = []

        def on_retry(error: BellpairError, pause: float) -> None:
            retries.append(_failed(error))

        try:
            client = self._connect(number, on_retry)
            try:
                while (request := self._next()) is not None:
                    retries.clear()
                    self._submit(client, request, retries)
                    with self._lock:
                        self._answered += 1
            finally:
                client.close()
        except BaseException as error:
            self._failure = error
            self._stop.set()

    def _next(self) -> Request | None:
        """The next request, when its time has come."""
        while not self._stop.is_set():
            with self._lock:
                if not self._waiting:
                    return None
                due = self._began + self._offered / self._rate
                now = time.monotonic()
                if now >= due and self._free_to_offer(now):
                    self._offered += 1
                    return self._waiting.popleft()
            # Not due yet, or nothing may be offered: look again later.
            self._stop.wait(min(max(due - now, _LOOK_SECONDS), _LONGEST_LOOK_SECONDS))
        return None

    def _free_to_offer(self, now: float) -> bool:
        if not self._may_offer():
            # What was not offered is not owed: the rate goes on from here.
            self._began = now - self._offered / self._rate
            self._held_since = self._held_since or time.time()
            return False
        if self._held_since is not None:
            self._held.append((self._held_since, time.time()))
            self._held_since = None
        return True

    def _submit(self, client: Submitter, request: Request, retries: list[FailedAttempt]) -> None:
        made = Submission(request, began=time.time())
        with self._lock:
            self._submissions.append(made)
        try:
            job = submitted(client, request)
        except BellpairError as error:
            made.attempts = [*retries, _failed(error)]
            if error.code in DECLINED:
                made.refused = error.code
            else:
                made.error = str(error)
            return
        made.attempts = list(retries)
        made.job_id, made.region, made.epoch = job.id, job.record.region, job.record.epoch
        made.acked_at = time.time()
        with self._lock:
            self._promised.append(job.id)


def _failed(error: BellpairError) -> FailedAttempt:
    return FailedAttempt(time.time(), error.code or type(error).__name__, error.detail)
