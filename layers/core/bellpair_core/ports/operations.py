"""Operations on the pair of regions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Operations(Protocol):
    """Starts the state machine that carries an operation out."""

    def start(self, region: str, name: str, input: Mapping[str, Any]) -> bool:
        """Start it in ``region`` under ``name``; False if that name was used before.

        Parameters
        ----------
        input
            The `bellpair_core.model.pair.Order`, as JSON.

        Raises
        ------
        TransientFault
            When the region could not be reached; nothing is known of the start then.
        """
        ...
