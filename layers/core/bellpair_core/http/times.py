"""Times as the API shows them."""

from __future__ import annotations

from datetime import UTC, datetime


def shown_time(at: datetime) -> str:
    """A time in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def shown_time_or_none(at: datetime | None) -> str | None:
    """The same, where there is a time."""
    return shown_time(at) if at is not None else None
