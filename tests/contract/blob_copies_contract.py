"""What every pair of blob buckets does; a test class inherits it and gives ``buckets``."""

from __future__ import annotations

import hashlib
from random import Random
from typing import Protocol

import pytest

from bellpair_core.logic.jobs.repair_blobs import repair_all, repair_marked
from bellpair_core.model.errors import TransientFault
from bellpair_core.ports import BlobCopies, Blobs

HOME, PEER = "us-east-1", "us-west-2"


class BlobStore(Blobs, BlobCopies, Protocol):
    """Both faces of the buckets."""


class Buckets(Protocol):
    """A store of two buckets in ``HOME`` and ``PEER``, and what may happen to them."""

    blobs: BlobStore

    def lose(self, region: str) -> None:
        """From now on the region cannot be reached."""

    def find(self, region: str) -> None:
        """The region can be reached again, with all that it had."""

    def drop(self, region: str, digest: str) -> None:
        """The region's copy is gone."""

    def damage(self, region: str, digest: str) -> None:
        """The region's copy is not what it was."""


def payload(number: int) -> bytes:
    """One that does not get smaller when it is packed."""
    return Random(number).randbytes(20_000)


def digest(number: int) -> str:
    return hashlib.sha256(payload(number)).hexdigest()


class BlobCopiesContract:
    """Payloads that one region has alone are found and brought to the other."""

    def test_a_payload_that_both_regions_took_is_not_marked(self, buckets: Buckets) -> None:
        assert not buckets.blobs.put(payload(1)).single_copy
        assert list(buckets.blobs.marked(HOME)) == []
        assert list(buckets.blobs.marked(PEER)) == []

    @pytest.mark.parametrize(("lost", "left"), [(PEER, HOME), (HOME, PEER)])
    def test_a_payload_that_one_region_took_is_marked_there(
        self, buckets: Buckets, lost: str, left: str
    ) -> None:
        buckets.lose(lost)

        ref = buckets.blobs.put(payload(1))

        assert ref.single_copy
        assert list(buckets.blobs.marked(left)) == [ref.sha256]
        buckets.find(lost)
        assert list(buckets.blobs.marked(lost)) == []
        assert list(buckets.blobs.digests(lost)) == []
        assert buckets.blobs.get(ref) == payload(1)

    def test_marked_payloads_are_copied_when_the_peer_is_back(self, buckets: Buckets) -> None:
        buckets.lose(PEER)
        refs = [buckets.blobs.put(payload(number)) for number in range(3)]
        away = repair_marked(buckets.blobs, HOME, PEER)
        buckets.find(PEER)

        done = repair_marked(buckets.blobs, HOME, PEER)

        assert (away.copied, away.left) == (0, 3)
        assert (done.copied, done.left) == (3, 0)
        assert list(buckets.blobs.marked(HOME)) == []
        buckets.lose(HOME)
        assert [buckets.blobs.get(ref) for ref in refs] == [payload(n) for n in range(3)]

    def test_a_mark_may_be_taken_away_twice(self, buckets: Buckets) -> None:
        buckets.blobs.unmark(digest(1), HOME)
        buckets.blobs.unmark(digest(1), HOME)

    def test_digests_come_in_order_and_after_any_of_them(self, buckets: Buckets) -> None:
        for number in range(5):
            buckets.blobs.put(payload(number))
        everything = sorted(map(digest, range(5)))

        assert list(buckets.blobs.digests(HOME)) == everything
        assert list(buckets.blobs.digests(PEER, everything[1])) == everything[2:]

    def test_a_region_that_came_back_empty_is_filled_again(self, buckets: Buckets) -> None:
        refs = [buckets.blobs.put(payload(number)) for number in range(4)]
        for number in range(3):
            buckets.drop(PEER, digest(number))
        buckets.drop(HOME, digest(3))

        done = repair_all(buckets.blobs, HOME, PEER)

        assert (done.copied, done.left, done.after) == (4, 0, "")
        assert list(buckets.blobs.digests(HOME)) == list(buckets.blobs.digests(PEER))
        for lost in (HOME, PEER):
            buckets.lose(lost)
            assert [buckets.blobs.get(ref) for ref in refs] == [payload(n) for n in range(4)]
            buckets.find(lost)

    def test_a_damaged_copy_is_not_copied_and_not_given(self, buckets: Buckets) -> None:
        ref = buckets.blobs.put(payload(1))
        buckets.damage(HOME, ref.sha256)

        assert not buckets.blobs.copy(ref.sha256, HOME, PEER)
        assert buckets.blobs.get(ref) == payload(1)
        assert buckets.blobs.copy(ref.sha256, PEER, HOME)

    def test_what_is_not_there_is_not_copied(self, buckets: Buckets) -> None:
        assert not buckets.blobs.copy(digest(1), HOME, PEER)
        assert list(buckets.blobs.digests(PEER)) == []

    def test_a_region_out_of_reach_is_a_transient_fault(self, buckets: Buckets) -> None:
        buckets.blobs.put(payload(1))
        buckets.lose(PEER)

        with pytest.raises(TransientFault):
            buckets.blobs.copy(digest(1), HOME, PEER)
        with pytest.raises(TransientFault):
            repair_all(buckets.blobs, HOME, PEER)
