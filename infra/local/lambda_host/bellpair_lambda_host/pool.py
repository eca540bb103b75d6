"""The workers of one function: who gets the next free one."""

import time
from collections import deque
from threading import Event, Lock

from bellpair_lambda_host.refusals import TooManyRequests
from bellpair_lambda_host.worker import Worker

# A worker that nobody needed for so long goes, as on Lambda, where it takes some minutes too.
IDLE_LIMIT_S = 600.0


class _Ticket:
    def __init__(self) -> None:
        self.called = Event()
        self.worker: Worker | None = None


class Pool:
    """A fixed number of places; each is free, or held by an idle or by a busy worker.

    Free workers are taken last in, first out, so that surplus ones are seen to be idle. Those who
    wait are served first come, first served.

    Parameters
    ----------
    places
        Most workers at once.
    idle_limit_s
        Seconds after which a worker that nobody needed is given up, when another is released.
    """

    def __init__(self, places: int, idle_limit_s: float = IDLE_LIMIT_S) -> None:
        self._idle_limit_s = idle_limit_s
        self._free = places
        self._idle: list[Worker] = []
        self._waiting: deque[_Ticket] = deque()
        self._retired = False
        self._lock = Lock()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    def acquire(self, timeout_s: float) -> Worker | None:
        """Take a place, waiting up to `timeout_s` seconds for one.

        Returns
        -------
        Worker or None
            An idle worker, or ``None``: the place is empty and the caller starts a worker in it.

        Raises
        ------
        TooManyRequests
        """
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._free:
                self._free -= 1
                return None
            ticket = _Ticket()
            self._waiting.append(ticket)
        if not ticket.called.wait(timeout_s):
            with self._lock:
                if ticket in self._waiting:
                    self._waiting.remove(ticket)
                    raise TooManyRequests(
                        f"All workers stayed busy for {timeout_s:g} seconds; try again later"
                    )
        return ticket.worker

    def release(self, worker: Worker | None) -> list[Worker]:
        """Give a place back, with the worker that can be used again or ``None``.

        Returns
        -------
        list of Worker
            Workers that nobody needs; the caller disposes of them.
        """
        with self._lock:
            kept = None if self._retired else worker
            surplus = [worker] if worker and not kept else []
            if self._waiting:
                ticket = self._waiting.popleft()
                ticket.worker = kept
                ticket.called.set()
            elif kept:
                self._idle.append(kept)
            else:
                self._free += 1
            oldest_use = time.monotonic() - self._idle_limit_s
            while self._idle and self._idle[0].idle_since < oldest_use:
                surplus.append(self._idle.pop(0))
                self._free += 1
        return surplus

    def retire(self) -> list[Worker]:
        """Keep no worker from now on; return the idle ones, for the caller to dispose of."""
        with self._lock:
            self._retired = True
            idle, self._idle = self._idle, []
            self._free += len(idle)
        return idle
