"""Values that may be a little old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bellpair_core.model.limits import CACHE_SECONDS
from bellpair_core.ports import Clock

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """A value that is read again once it is too old.

    Parameters
    ----------
    read
        Reads the value afresh.
    clock
        Tells its age.
    """

    def __init__(self, read: Callable[[], Value], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._kept: tuple[datetime, Value] | None = None

    @property
    def last(self) -> Value | None:
        """The value as it was last read, however long ago; ``None`` before the first read."""
        return self._kept[1] if self._kept else None

    def __call__(self, within_s: float = CACHE_SECONDS) -> Value:
        """The value, at most ``within_s`` seconds old."""
        now = self._clock()
        # A clock that was set back must not keep a value for longer than it may live.
        if self._kept is None or not (
            timedelta(0) <= now - self._kept[0] <= timedelta(seconds=within_s)
        ):
            # The age counts from before the read: what is read may be as old as its request.
            self._kept = (now, self._read())
        return self._kept[1]
