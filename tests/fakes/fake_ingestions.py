"""A calibration function that does what the test says."""

from __future__ import annotations

from bellpair_core.model.calibration import Ingested
from bellpair_core.model.errors import TransientFault


class FakeIngestions:
    """Brings nothing in.

    Attributes
    ----------
    outcome
        What comes of it; ``None`` is that nobody knows.
    asked
        Device and region of each call.
    """

    def __init__(self) -> None:
        self.outcome: Ingested | None = Ingested(calibration_id="today", new=True)
        self.asked: list[tuple[str, str]] = []

    def ingest(self, device: str, region: str) -> Ingested:
        """Say what came of bringing the device in."""
        self.asked.append((device, region))
        if self.outcome is None:
            raise TransientFault("the region cannot be reached")
        return self.outcome
