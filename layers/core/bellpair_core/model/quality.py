"""What is observed of a device's results: success over what was expected, and its baseline.

A control chart over an exponentially weighted moving average (Roberts, Technometrics 1, 1959;
its limits as in Montgomery, Introduction to Statistical Quality Control) tells when a device does
worse than it used to. Its baseline is a median and a median absolute deviation, and each
observation counts for some deviations at most, so that a few bad jobs move neither. How well the
device does is another question, and a median of the newest observations answers it.
"""

from __future__ import annotations

from datetime import datetime
from math import sqrt
from statistics import median
from typing import NamedTuple, Self

from pydantic import BaseModel, ConfigDict

from .limits import (
    QUALITY_BASELINE_MIN,
    QUALITY_BASELINE_WINDOW,
    QUALITY_REBASED_AFTER,
    QUALITY_TRUSTED_MIN,
)

WEIGHT = 0.2
"""What part of the moving mean the newest observation is."""

SIGMAS = 3.0
"""How many of its own standard deviations the moving mean may fall below the baseline."""

_SIGMA_FLOOR = 0.02
"""A spread that shots alone have; a device that repeats itself exactly is no closer watched."""

_CLIPPED = 4.0
"""So many standard deviations is all that one observation counts for."""

_MAD_TO_SIGMA = 1.4826

_RECENT = 5
"""Of so many observations the median says how well a device does: two bad ones do not move it."""


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
        The chart's moving mean of observed over expected success; ``None`` before the first.
    recent
        The newest observations as they were made, the oldest first.
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
    recent: tuple[float, ...] = ()
    window: tuple[float, ...] = ()
    observations: int = 0
    regressed_since: datetime | None = None
    last_at: datetime | None = None
    last_ratio: float | None = None
    last_job: str | None = None

    @property
    def level(self) -> float | None:
        """Observed over expected success of late; ``None`` before the first observation."""
        return median(self.recent) if self.recent else self.moving

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

        While the device does worse than it used to, what is observed makes no baseline. After
        `QUALITY_REBASED_AFTER` of that, what it does has become usual and a new one begins, unless
        it does so badly that its calibration is not trusted: no baseline may hide that.
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
                "recent": (*self.recent, round(ratio, 6))[-_RECENT:],
                "window": window,
                "observations": self.observations + 1,
                "regressed_since": since,
                "last_at": at,
                "last_ratio": round(ratio, 6),
                "last_job": job,
            }
        )

    def _rebased(self, at: datetime) -> Self:
        since, level = self.regressed_since, self.level
        if since is None or at - since < QUALITY_REBASED_AFTER:
            return self
        if level is not None and level < QUALITY_TRUSTED_MIN:
            return self
        return self.model_copy(update={"window": (), "moving": None, "regressed_since": None})
