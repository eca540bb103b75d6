"""A calibration function that does what the test says."""

from __future__ import annotations

from collections.abc import Callable

from bellpair_core.model.calibration import Ingested
from bellpair_core.model.errors import TransientFault


class FakeIngestions:
    """Brings nothing in.

    Parameters
    ----------
    known
        What a device's calibration is called, for a test that says nothing else.

    Attributes
    ----------
    outcome
        What comes of it; ``None`` is that nobody knows.
    publishing
        Called before the answer, where a device has something new to say.
    asked
        Device and region of each call.
    """

    def __init__(self, known: Callable[[str], str | None] | None = None) -> None:
        self.outcome: Ingested | None = Ingested(calibration_id="today", new=True)
        self.publishing: Callable[[], None] = lambda: None
        self.asked: list[tuple[str, str]] = []
        self._known = known

    def ingest(self, device: str, region: str) -> Ingested:
        """Say what came of bringing the device in."""
        self.asked.append((device, region))
        if self.outcome is None:
            raise TransientFault("the region cannot be reached")
        self.publishing()
        if self._known is not None:
            return Ingested(calibration_id=self._known(device))
        return self.outcome
