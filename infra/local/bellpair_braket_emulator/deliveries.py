"""Results that wait until their store is back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from .tasks import Task

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0

Deliver = Callable[[Task], Awaitable[bool]]


class Deliveries:
    """Tries one task's result after the other, with pauses that grow while the store is away.

    Parameters
    ----------
    deliver
        Brings a task's result to its store; False where that is to be tried again.
    first_pause_s, longest_pause_s
        Pause after the first failure; doubled after each one up to the longest.
    """

    def __init__(
        self,
        deliver: Deliver,
        first_pause_s: float = FIRST_PAUSE_S,
        longest_pause_s: float = LONGEST_PAUSE_S,
    ) -> None:
        self._deliver = deliver
        self._first_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._waiting: deque[Task] = deque()
        self._arrived = asyncio.Event()
        self._hurry = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, task: Task) -> None:
        """Take a task whose result is to be brought to its store."""
        self._waiting.append(task)
        self._arrived.set()

    def hurry(self) -> None:
        """Try again now: something has changed."""
        self._hurry.set()

    def start(self) -> None:
        """Begin to work."""
        self._work = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Leave what waits, and end."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    async def _run(self) -> None:
        pause = self._first_pause_s
        while True:
            if not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            self._hurry.clear()
            if await self._deliver(self._waiting[0]):
                self._waiting.popleft()
                pause = self._first_pause_s
                continue
            # Not first again: what keeps this one may be its own bucket.
            self._waiting.rotate(-1)
            try:
                await asyncio.wait_for(self._hurry.wait(), pause)
                pause = self._first_pause_s
            except TimeoutError:
                pause = min(2 * pause, self._longest_pause_s)
