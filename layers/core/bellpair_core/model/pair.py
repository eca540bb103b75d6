"""The pair of regions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class PairMode(StrEnum):
    """Whether the active region takes new jobs."""

    ACCEPTING = "accepting"
    PAUSED = "paused"


class PairRecord(BaseModel):
    """Which region accepts and runs jobs.

    Attributes
    ----------
    active, passive
        AWS region names.
    epoch
        Grows by one at each promotion and never falls.
    """

    model_config = ConfigDict(frozen=True)

    active: str
    passive: str
    epoch: int = 1
    mode: PairMode = PairMode.ACCEPTING
    since: datetime | None = None
    reason: str = "initial"
