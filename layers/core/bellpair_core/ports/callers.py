"""The Internet outside: hosts' addresses, and calls to strangers' servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict


class CallOutcome(BaseModel):
    """What became of a call.

    Attributes
    ----------
    status
        The HTTP status that was answered; ``None`` where no answer came.
    problem
        What was wrong, for people; empty for a status of 200 to 299.
    """

    model_config = ConfigDict(frozen=True)

    status: int | None = None
    problem: str = ""


class HostNames(Protocol):
    """Looks up hosts."""

    def addresses(self, host: str, port: int) -> Sequence[str]:
        """All addresses of the host; none where there is no such host.

        Raises
        ------
        TransientFault
            When nobody could be asked.
        """
        ...


class Caller(Protocol):
    """Calls servers of the public Internet over HTTPS. What happens there is no exception."""

    def post(
        self, host: str, port: int, path: str, headers: Mapping[str, str], body: bytes
    ) -> CallOutcome:
        """Send a body to a host; no redirect is followed, and no address called that is not
        public.
        """
        ...
