"""A region's sign of life, left where the other region sees it even if it cannot reach it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Beat(BaseModel):
    """What a region's sentinel last said of itself.

    Attributes
    ----------
    counter
        Grows with each beat. Whether it grew is what tells life: no clock is compared.
    healthy
        Whether the region's own API answered its own sentinel.
    endpoint
        Base URL of the region's API.
    at
        When, by the region's own clock; for people.
    """

    model_config = ConfigDict(frozen=True)

    region: str
    counter: int
    healthy: bool
    endpoint: str
    at: datetime
