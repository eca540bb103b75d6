"""How long to wait: between attempts, and between looks at a running job."""

from __future__ import annotations

import random
import time
from typing import Protocol

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0

QUICKEST_POLL = 0.03
SLOWEST_POLL = 2.0
POLL_SHARE = 0.2

SLOWEST_STREAM = 1.0
STREAM_SHARE = 0.02


class Clock(Protocol):
    """Time, as the client sees it."""

    def monotonic(self) -> float:
        """Seconds that only grow."""

    def time(self) -> float:
        """Seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def backoff(attempt: int, retry_after: float | None, chance: random.Random) -> float:
    """Seconds to wait before trying again.

    Exponential with full jitter, so that clients that failed together don't come back
    together; what the service asks for in ``Retry-After`` is added underneath.

    Parameters
    ----------
    attempt
        0 before the first repetition.
    retry_after
        Seconds that the service asks for, at least.
    chance
        Source of the jitter.
    """
    ceiling: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt, 16))
    return (retry_after or 0.0) + chance.uniform(0.0, ceiling)


def poll_interval(since_change: float) -> float:
    """Seconds until the next look at a job.

    A fixed share of the time since its status last changed: short jobs are seen at once, long
    ones cost few requests, and the wait is never more than that share too long.

    Parameters
    ----------
    since_change
        Seconds since the job's status last changed.
    """
    return min(SLOWEST_POLL, max(QUICKEST_POLL, POLL_SHARE * since_change))


def stream_interval(since_news: float, watched: float) -> float:
    """Seconds until the next look at a job that tells of its progress all the time.

    As `poll_interval`, and growing to a second with the time watched, since news that never end
    would else be asked for as quickly as at first.

    Parameters
    ----------
    since_news
        Seconds since there was something new.
    watched
        Seconds since the first look.
    """
    return max(poll_interval(since_news), min(SLOWEST_STREAM, STREAM_SHARE * watched))
