"""Word to whoever listens outside the platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Announcements(Protocol):
    """Tells of changes of the pair, of jobs' ends and of devices that do worse."""

    def pair_changed(self, detail: Mapping[str, Any]) -> None:
        """Tell that an operation on the pair is over.

        Raises
        ------
        TransientFault
            When nobody took the word.
        """
        ...

    def job_ended(self, detail: Mapping[str, Any]) -> None:
        """Tell triggers that a job is over.

        Raises
        ------
        TransientFault
            When nobody took the word.
        """
        ...

    def fidelity_regressed(self, detail: Mapping[str, Any]) -> None:
        """Tell that a device does worse than it used to.

        Raises
        ------
        TransientFault
            When nobody took the word.
        """
        ...
