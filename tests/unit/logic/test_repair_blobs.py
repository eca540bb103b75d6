"""Repairs of blobs are bounded, and may be repeated and interrupted."""

from __future__ import annotations

import hashlib

import pytest

from bellpair_core.logic.jobs.repair_blobs import repair_all, repair_marked
from bellpair_core.model.limits import BLOBS_REPAIRED_MAX
from tests.fakes.memory_buckets import MemoryBuckets

HOME, PEER = "us-east-1", "us-west-2"
MANY = 2 * BLOBS_REPAIRED_MAX + 10


@pytest.fixture
def buckets() -> MemoryBuckets:
    return MemoryBuckets(HOME, PEER)


def fill(buckets: MemoryBuckets, number: int, away: str | None = None) -> list[str]:
    buckets.away = {away} - {None}  # type: ignore[assignment]
    digests = [buckets.put(f"payload {each} {away}".encode()).sha256 for each in range(number)]
    buckets.away = set()
    return digests


def test_one_call_repairs_so_many_and_says_how_many_are_left(buckets: MemoryBuckets) -> None:
    fill(buckets, MANY, away=PEER)

    done = [repair_marked(buckets, HOME, PEER) for _ in range(4)]

    assert [one.copied for one in done] == [BLOBS_REPAIRED_MAX, BLOBS_REPAIRED_MAX, 10, 0]
    assert [one.left for one in done] == [MANY - BLOBS_REPAIRED_MAX, 10, 0, 0]


def test_each_region_repairs_its_own_marks(buckets: MemoryBuckets) -> None:
    fill(buckets, 3, away=PEER)
    fill(buckets, 2, away=HOME)

    assert repair_marked(buckets, PEER, HOME).copied == 2
    assert repair_marked(buckets, HOME, PEER).copied == 3
    assert buckets.stored[HOME] == buckets.stored[PEER]


def test_a_blob_that_nobody_has_stays_marked_and_is_told(
    buckets: MemoryBuckets, caplog: pytest.LogCaptureFixture
) -> None:
    lost, _ = fill(buckets, 2, away=PEER)
    buckets.stored[HOME][lost] = b"something else"

    done = repair_marked(buckets, HOME, PEER)

    assert (done.copied, done.left, done.lost) == (1, 1, 1)
    assert buckets.marks[HOME] == {lost}
    assert lost in caplog.text


def test_a_whole_comparison_goes_on_where_the_last_call_stopped(buckets: MemoryBuckets) -> None:
    fill(buckets, MANY)
    buckets.stored[PEER].clear()
    calls, after = 0, ""
    while calls == 0 or after:
        done = repair_all(buckets, HOME, PEER, after)
        calls, after = calls + 1, done.after
        assert done.left == max(0, MANY - calls * BLOBS_REPAIRED_MAX)

    assert calls == 3
    assert buckets.stored[HOME] == buckets.stored[PEER]
    assert buckets.copies == MANY


def test_a_whole_comparison_of_what_is_whole_copies_nothing(buckets: MemoryBuckets) -> None:
    fill(buckets, 50)

    assert repair_all(buckets, HOME, PEER).account() == {
        "copied": 0,
        "left": 0,
        "lost": 0,
        "after": "",
    }
    assert buckets.copies == 0


def test_a_blob_that_is_damaged_where_it_is_alone_is_lost_and_keeps_nothing_up(
    buckets: MemoryBuckets,
) -> None:
    digests = fill(buckets, 20)
    buckets.stored[PEER].clear()
    buckets.stored[HOME][digests[0]] = b"something else"

    done = repair_all(buckets, HOME, PEER)

    assert (done.copied, done.lost, done.after) == (19, 1, "")
    assert hashlib.sha256(buckets.stored[PEER][digests[1]]).hexdigest() == digests[1]
