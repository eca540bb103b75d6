"""Bringing a device in at once, wherever its region's function runs."""

from __future__ import annotations

from typing import Protocol

from bellpair_core.model.calibration import Ingested


class Ingestions(Protocol):
    """Has a device's properties brought into the catalogue now."""

    def ingest(self, device: str, region: str) -> Ingested:
        """Bring the device in, and wait until it is done.

        Parameters
        ----------
        region
            Where the device is asked.

        Raises
        ------
        TransientFault
            When it is not known what came of it.
        """
        ...
