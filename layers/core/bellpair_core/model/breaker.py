"""A device's circuit breaker: it keeps jobs off a device that is away or keeps failing.

After Nygard, "Release It!": closed lets everything pass, open nothing, half-open one job whose
fate decides.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict

from .limits import BREAKER_FAILURES, BREAKER_PAUSE, BREAKER_PAUSE_MAX


class BreakerState(StrEnum):
    """What a device's breaker lets pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker(BaseModel):
    """One device's breaker; every write is conditional on ``version``.

    Attributes
    ----------
    failures
        Failures in a row.
    since
        When the present state began.
    retry_at
        While open: from when on one job may try the device.
    probe
        While half-open: the job that tries it.
    openings
        How often it opened in a row; each doubles the pause.
    away
        Whether all that is held against the device is that it was offline or out of reach. Then
        it is well as soon as it takes a task; else only once it has completed one.
    """

    model_config = ConfigDict(frozen=True)

    device: str
    version: int = 0
    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    since: datetime | None = None
    reason: str = ""
    retry_at: datetime | None = None
    probe: str | None = None
    openings: int = 0
    away: bool = False

    @property
    def clean(self) -> bool:
        """Whether nothing is held against the device."""
        return self.state is BreakerState.CLOSED and self.failures == 0

    def admits(self, job_id: str, at: datetime) -> bool:
        """Whether the job may go to the device now; in an open breaker's time, as its probe."""
        if self.state is BreakerState.CLOSED:
            return True
        if self.state is BreakerState.HALF_OPEN and self.probe == job_id:
            return True
        # A probe that was lost is not waited for longer than the pause.
        return self.retry_at is not None and at >= self.retry_at

    def probing(self, job_id: str, at: datetime) -> Self:
        """Half-open: this one job tries the device."""
        return self._next(
            state=BreakerState.HALF_OPEN,
            since=at,
            probe=job_id,
            retry_at=at + _pause(self.openings),
        )

    def failed(
        self, at: datetime, reason: str, *, at_once: bool = False, away: bool = False
    ) -> Self:
        """One failure more; opens after `BREAKER_FAILURES`, when a probe failed, or at once.

        Parameters
        ----------
        away
            Whether the device was offline or out of reach, and did not fail a task.
        """
        failures = self.failures + 1
        if self.state is BreakerState.CLOSED and at_once:
            # This failure alone opens it, whatever little was counted before.
            only_away = away
        else:
            only_away = away and (self.away or not self.failures)
        opens = at_once or failures >= BREAKER_FAILURES or self.state is not BreakerState.CLOSED
        if not opens:
            return self._next(failures=failures, reason=reason, away=only_away)
        # A breaker that is open already was told of a failure that began before: no new opening.
        again = self.state is BreakerState.OPEN
        openings = self.openings if again else self.openings + 1
        return self._next(
            state=BreakerState.OPEN,
            failures=failures,
            since=self.since if again else at,
            reason=reason,
            retry_at=at + _pause(openings),
            probe=None,
            openings=openings,
            away=only_away,
        )

    def succeeded(self, at: datetime) -> Self:
        """Closed, and nothing held against the device."""
        return type(self)(device=self.device, version=self.version + 1, since=at)

    def _next(self, **changes: object) -> Self:
        return self.model_copy(update={"version": self.version + 1, **changes})


def _pause(openings: int) -> timedelta:
    doublings = min(max(0, openings - 1), 16)
    return min(BREAKER_PAUSE * (1 << doublings), BREAKER_PAUSE_MAX)
