"""Blobs in a dictionary."""

from __future__ import annotations

import hashlib
import zlib

from bellpair_core.model.blob import BlobRef
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.limits import INLINE_BLOB_BYTES_MAX


class MemoryBlobs:
    """Keeps large payloads under their digest; small ones travel in the reference.

    Attributes
    ----------
    stored
        Large payloads by SHA-256.
    puts
        How many times `put` was called, inline payloads included.
    reachable
        False makes every call for a stored payload a `TransientFault`.
    """

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        self.puts = 0
        self.reachable = True

    def put(self, data: bytes) -> BlobRef:
        """Keep ``data``."""
        self.puts += 1
        digest = hashlib.sha256(data).hexdigest()
        packed = zlib.compress(data)
        if len(packed) <= INLINE_BLOB_BYTES_MAX:
            return BlobRef(sha256=digest, size=len(data), inline=packed)
        self._reach()
        self.stored[digest] = data
        return BlobRef(sha256=digest, size=len(data))

    def get(self, ref: BlobRef) -> bytes:
        """The payload of ``ref``."""
        if ref.inline is not None:
            return zlib.decompress(ref.inline)
        self._reach()
        if ref.sha256 not in self.stored:
            raise TransientFault(f"no region has a copy of blob {ref.sha256}")
        return self.stored[ref.sha256]

    def _reach(self) -> None:
        if not self.reachable:
            raise TransientFault("the blob buckets cannot be reached")
