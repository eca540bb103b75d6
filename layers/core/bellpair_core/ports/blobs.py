"""Payloads, named by their content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from bellpair_core.model.blob import BlobRef


class Blobs(Protocol):
    """Keeps payloads in both regions, small ones inside the reference itself."""

    def put(self, data: bytes) -> BlobRef:
        """Keep ``data`` in both regions before returning; in one where the peer is down.

        A payload that one region only has is marked there, before this returns, so that
        `BlobCopies` finds it.

        Raises
        ------
        TransientFault
            When no region took it, or it could not be marked.
        """
        ...

    def get(self, ref: BlobRef) -> bytes:
        """The payload of ``ref``, from the nearest copy.

        Raises
        ------
        TransientFault
            When no region's copy could be read now.
        """
        ...


class BlobCopies(Protocol):
    """The copies of blobs in each region's bucket, for who brings them together again.

    Everything here may raise `TransientFault` when a bucket cannot be reached.
    """

    def marked(self, region: str) -> Iterator[str]:
        """Digests of the blobs that the region's bucket has marked as being there only."""
        ...

    def digests(self, region: str, after: str = "") -> Iterator[str]:
        """Digests of all blobs in the region's bucket that come after ``after``, in order."""
        ...

    def copy(self, digest: str, source: str, target: str) -> bool:
        """Copy a blob from one region to another.

        Returns
        -------
        bool
            False, and nothing is written, when the source has no such blob or it is damaged.
        """
        ...

    def unmark(self, digest: str, region: str) -> None:
        """Take the mark away; nothing happens if there is none."""
        ...
