"""Bring blobs back into both regions."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby, islice, repeat
from operator import itemgetter

from bellpair_core.model.errors import TransientFault
from bellpair_core.model.limits import BLOBS_COMPARED_MAX, BLOBS_REPAIRED_MAX
from bellpair_core.ports import BlobCopies

_LOG = logging.getLogger(__name__)


@dataclass
class Repair:
    """What one call did.

    Attributes
    ----------
    copied
        Blobs that were brought into the region that lacked them.
    left
        Blobs that were found to lack a copy and still do.
    lost
        Those of ``left`` that no region has undamaged.
    after
        Where the next call has to go on comparing; empty when all was compared.
    """

    copied: int = 0
    left: int = 0
    lost: int = 0
    after: str = ""

    def account(self) -> dict[str, int | str]:
        """The figures by name."""
        return asdict(self)


def repair_marked(blobs: BlobCopies, region: str, peer: str) -> Repair:
    """Copy blobs that were put while the peer was away, and take their marks off.

    At most `BLOBS_REPAIRED_MAX` in one call. Where the peer is still away nothing changes; a
    repetition after a crash copies a blob once more, which changes nothing either.
    """
    done = Repair()
    reachable = True
    for tried, digest in enumerate(blobs.marked(region)):
        if not reachable or tried >= BLOBS_REPAIRED_MAX:
            done.left += 1
            continue
        try:
            if _copied(blobs, digest, region, peer, done):
                blobs.unmark(digest, region)
        except TransientFault:
            _LOG.warning("blobs wait for their copies in %s", peer, exc_info=True)
            done.left += 1
            reachable = False
    return done


def repair_all(blobs: BlobCopies, region: str, peer: str, after: str = "") -> Repair:
    """Compare all blobs of both regions, as when one came back empty, and copy what one lacks.

    At most `BLOBS_REPAIRED_MAX` are copied and `BLOBS_COMPARED_MAX` compared in one call; call
    again with the ``after`` of the answer until that is empty. Marks stay for `repair_marked`,
    which finds them settled.

    Raises
    ------
    TransientFault
        When a bucket cannot be reached.
    """
    done = Repair()
    tried = 0
    both = {region, peer}
    compared = _side_by_side(blobs, (region, peer), after)
    for digest, having in islice(compared, BLOBS_COMPARED_MAX):
        full = tried >= BLOBS_REPAIRED_MAX
        if not full:
            done.after = digest
        if having == both:
            continue
        if full:
            done.left += 1
            continue
        tried += 1
        (source,), (target,) = having, both - having
        _copied(blobs, digest, source, target, done)
    if tried < BLOBS_REPAIRED_MAX and next(compared, None) is None:
        done.after = ""
    return done


def _side_by_side(
    blobs: BlobCopies, regions: tuple[str, str], after: str
) -> Iterator[tuple[str, set[str]]]:
    """Each digest with the regions that have it, in the digests' order."""
    listings = [zip(blobs.digests(region, after), repeat(region)) for region in regions]
    for digest, found in groupby(heapq.merge(*listings), key=itemgetter(0)):
        yield digest, {region for _, region in found}


def _copied(blobs: BlobCopies, digest: str, source: str, target: str, done: Repair) -> bool:
    if blobs.copy(digest, source, target):
        done.copied += 1
        return True
    # A damaged copy may have a sound one beside it.
    if blobs.copy(digest, target, source):
        done.copied += 1
        return True
    _LOG.error("no region has blob %s undamaged", digest)
    done.left += 1
    done.lost += 1
    return False
