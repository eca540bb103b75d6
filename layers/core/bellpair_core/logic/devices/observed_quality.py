"""What was observed of devices, for who brings them into the catalogue."""

from __future__ import annotations

import logging

from bellpair_core.model.errors import TransientFault
from bellpair_core.ports import Ledger

_LOG = logging.getLogger(__name__)


class ObservedQuality:
    """Reads devices' qualities, and remembers which devices do worse than they used to.

    So the catalogue's entry is written by one function alone, and what was observed reaches it
    with the next calibration.

    Attributes
    ----------
    regressed
        Of the devices asked for, those below their baseline.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.regressed: set[str] = set()

    def __call__(self, device: str) -> float | None:
        """Observed success of late over the expected; ``None`` where there is no word."""
        try:
            quality = self._ledger.quality(device)
        except TransientFault:
            _LOG.warning("the quality of device %s is not known", device, exc_info=True)
            return None
        if quality.regressed_since is not None:
            self.regressed.add(device)
        return quality.level
