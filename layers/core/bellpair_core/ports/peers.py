"""Asking regions' APIs how they are, and several things at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

Value = TypeVar("Value")


class PeerHealth(BaseModel):
    """What asking a region's API gave.

    Attributes
    ----------
    healthy
        Whether the API answered in time that its region can do its work.
    reason
        What it was instead, for people; empty when healthy.
    """

    model_config = ConfigDict(frozen=True)

    healthy: bool
    reason: str = ""


class Peers(Protocol):
    """Asks APIs over HTTP. Nothing that happens on the way is an exception."""

    def health(self, endpoint: str, timeout_s: float) -> PeerHealth:
        """Ask the API at ``endpoint`` how its region is.

        Parameters
        ----------
        timeout_s
            How long to wait for the whole answer, also of an API that takes the connection and
            then says nothing.
        """
        ...


class AtOnce(Protocol):
    """Makes independent calls at the same time."""

    def __call__(
        self, calls: Mapping[str, Callable[[], Value]], timeout_s: float
    ) -> Mapping[str, Value | Exception]:
        """Each call's value, or the exception that it raised, under the call's name.

        A call that is not over after ``timeout_s`` gives a `TimeoutError`; it is left to itself.
        """
        ...
