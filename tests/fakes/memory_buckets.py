"""Two regions' blob buckets in dictionaries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TypeVar

from bellpair_core.model.blob import BlobRef
from bellpair_core.model.errors import TransientFault

Kept = TypeVar("Kept")


class MemoryBuckets:
    """Keeps each payload in both regions' buckets, however small it is.

    Attributes
    ----------
    stored
        Payloads by digest, by region; a test may look and change.
    marks
        Digests that are marked as single copies, by region.
    away
        Regions that cannot be reached.
    copies
        How many copies were made.
    """

    def __init__(self, *regions: str) -> None:
        self.stored: dict[str, dict[str, bytes]] = {region: {} for region in regions}
        self.marks: dict[str, set[str]] = {region: set() for region in regions}
        self.away: set[str] = set()
        self.copies = 0

    def put(self, data: bytes) -> BlobRef:
        """Keep ``data`` in every region that can be reached."""
        digest = hashlib.sha256(data).hexdigest()
        reached = [region for region in self.stored if region not in self.away]
        if not reached:
            raise TransientFault("no region took the payload")
        for region in reached:
            self.stored[region][digest] = data
        single = len(reached) < len(self.stored)
        if single:
            self.marks[reached[0]].add(digest)
        return BlobRef(sha256=digest, size=len(data), single_copy=single)

    def get(self, ref: BlobRef) -> bytes:
        """The payload of ``ref``, from whichever region has it."""
        for region in self.stored.keys() - self.away:
            if (data := self._sound(ref.sha256, region)) is not None:
                return data
        raise TransientFault(f"no region has a copy of blob {ref.sha256}")

    def marked(self, region: str) -> Iterator[str]:
        """Digests marked in the region."""
        yield from sorted(self._reach(region, self.marks)[region])

    def digests(self, region: str, after: str = "") -> Iterator[str]:
        """Digests in the region after ``after``, in order."""
        yield from sorted(d for d in self._reach(region, self.stored)[region] if d > after)

    def copy(self, digest: str, source: str, target: str) -> bool:
        """Copy an undamaged blob."""
        if (data := self._sound(digest, source)) is None:
            return False
        self._reach(target, self.stored)[target][digest] = data
        self.copies += 1
        return True

    def unmark(self, digest: str, region: str) -> None:
        """Take a mark away."""
        self._reach(region, self.marks)[region].discard(digest)

    def _sound(self, digest: str, region: str) -> bytes | None:
        data = self._reach(region, self.stored)[region].get(digest)
        return data if data is not None and hashlib.sha256(data).hexdigest() == digest else None

    def _reach(self, region: str, kept: Kept) -> Kept:
        if region in self.away:
            raise TransientFault(f"the bucket of {region} cannot be reached")
        return kept
