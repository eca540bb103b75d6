"""Payloads, named by their content."""

from __future__ import annotations

from typing import Protocol

from bellpair_core.model.blob import BlobRef


class Blobs(Protocol):
    """Keeps payloads in both regions, small ones inside the reference itself."""

    def put(self, data: bytes) -> BlobRef:
        """Keep ``data`` in both regions before returning; in one where the peer is down."""
        ...

    def get(self, ref: BlobRef) -> bytes:
        """The payload of ``ref``, from the nearest copy.

        Raises
        ------
        TransientFault
            When no region's copy could be read now.
        """
        ...
