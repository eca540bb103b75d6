"""What is observed of a device's results: success over what was expected, and its baseline.

A control chart over an exponentially weighted moving average (Roberts, Technometrics 1, 1959;
its limits as in Montgomery, Introduction to Statistical Quality Control), with a baseline made of
a median and a median absolute deviation, which a few bad jobs do not move.
"""

from __future__ import annotations

from datetime import datetime
from math import sqrt
from statistics import median
from typing import NamedTuple, Self

from pydantic import BaseModel, ConfigDict

from .limits import QUALITY_BASELINE_MIN, QUALITY_BASELINE_WINDOW, QUALITY_REBASED_AFTER

WEIGHT = 0.2
"""What part of the moving mean the newest observation is."""

SIGMAS = 3.0
"""How many of its own standard deviations the moving mean may fall below the baseline."""

_SIGMA_FLOOR = 0.02
"""A spread that shots alone have; a device that repeats itself exactly is no closer watched."""

_CLIPPED = 4.0
"""So many standard deviations is all that one observation counts for."""

_MAD_TO_SIGMA = 1.4826


class Baseline(NamedTuple):
    """Where a device's observations lie while all is well.

    Attributes
    ----------
    center, sigma
        Of single observations: their median, and a robust standard deviation.
    """

    center: float
    sigma: float

    @property
    def limit(self) -> float:
        """The moving mean below which the device does worse than it used to."""
        return self.center - SIGMAS * self.sigma * sqrt(WEIGHT / (2 - WEIGHT))

    @property
    def recovered(self) -> float:
        """The moving mean from which on it does as it used to: half-way back."""
        return (self.center + self.limit) / 2


class Quality(BaseModel):
    """One device's observed quality; every write is conditional on ``version``.

    Attributes
    ----------
    moving
        The moving mean of observed success over expected success; ``None`` before the first.
    window
        The last observations that were made while all was well, the oldest first: the baseline.
    observations
        How many there were.
    regressed_since
        Since when the moving mean is below the baseline's limit; ``None`` while it is not.
    last_at, last_ratio, last_job
        The newest observation.
    """

    model_config = ConfigDict(frozen=True)

    device: str
    version: int = 0
    moving: float | None = None
    window: tuple[float, ...] = ()
    observations: int = 0
    regressed_since: datetime | None = None
    last_at: datetime | None = None
    last_ratio: float | None = None
    last_job: str | None = None

    @property
    def baseline(self) -> Baseline | None:
        """What the device is held to; ``None`` before `QUALITY_BASELINE_MIN` observations."""
        if len(self.window) < QUALITY_BASELINE_MIN:
            return None
        center = median(self.window)
        spread = _MAD_TO_SIGMA * median(abs(ratio - center) for ratio in self.window)
        return Baseline(center, max(spread, _SIGMA_FLOOR))

    def observed(self, ratio: float, at: datetime, job: str) -> Self:
        """The next version, with one more observation of ``ratio``.

        While the device does worse than it used to, what is observed makes no baseline; after
        `QUALITY_REBASED_AFTER` of that, what it does has become usual and a new one begins.
        """
        known = self._rebased(at)
        base = known.baseline
        counted = ratio
        if base is not None:
            reach = _CLIPPED * base.sigma
            counted = min(max(ratio, base.center - reach), base.center + reach)
        before = counted if known.moving is None else known.moving
        moving = (1 - WEIGHT) * before + WEIGHT * counted
        since = known.regressed_since
        if base is not None:
            if since is None and moving < base.limit:
                since = at
            elif since is not None and moving >= base.recovered:
                since = None
        window = known.window
        if since is None:
            window = (*window, round(counted, 6))[-QUALITY_BASELINE_WINDOW:]
        return self.model_copy(
            update={
                "version": self.version + 1,
                "moving": round(moving, 6),
                "window": window,
                "observations": self.observations + 1,
                "regressed_since": since,
                "last_at": at,
                "last_ratio": round(ratio, 6),
                "last_job": job,
            }
        )

    def _rebased(self, at: datetime) -> Self:
        since = self.regressed_since
        if since is None or at - since < QUALITY_REBASED_AFTER:
            return self
        return self.model_copy(update={"window": (), "moving": None, "regressed_since": None})
