"""What ends the check: which step, where it failed, and where to read on."""

from __future__ import annotations

from pathlib import Path


class CheckFailed(Exception):
    """Something is not as it must be.

    Parameters
    ----------
    message
        What is wrong.
    place
        Where: a stack, a region, a command.
    remedy
        What to do now.
    log
        What the command wrote, if one ran.
    """

    def __init__(self, message: str, *, place: str, remedy: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.place = place
        self.remedy = remedy
        self.log = log
