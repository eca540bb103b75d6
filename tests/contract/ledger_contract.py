"""What every ledger does, whatever it is made of.

A test class inherits `LedgerContract` and gives a fresh ``ledger`` as a fixture. Index reads
may lag behind, so they are asked again until a deadline.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep
from typing import TypeVar

import pytest

from bellpair_core.model.errors import LedgerConflict
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import OPEN_SHARDS
from bellpair_core.ports import JobExists, Ledger
from tests.examples import NOON, job_example

Seen = TypeVar("Seen")


def eventually(look: Callable[[], Seen], wanted: Seen, within_s: float = 5.0) -> Seen:
    """What ``look`` sees once it is ``wanted``, or at the deadline whatever it is."""
    deadline = monotonic() + within_s
    while (seen := look()) != wanted and monotonic() < deadline:
        sleep(0.02)
    return seen


def accepted(count: int, **changes: object) -> list[Job]:
    """Jobs accepted one second apart, the oldest first."""
    return [
        job_example(f"key-{n}", accepted_at=NOON + timedelta(seconds=n), **changes)
        for n in range(count)
    ]


class LedgerContract:
    """Conditional writes to one item, and indexes over them."""

    def test_without_a_pair_record_the_primary_region_is_active_at_epoch_one(
        self, ledger: Ledger
    ) -> None:
        pair = ledger.pair()

        assert (pair.active, pair.passive, pair.epoch) == ("us-east-1", "us-west-2", 1)
        assert pair.mode == "accepting"

    def test_a_stored_job_is_read_back_unchanged(self, ledger: Ledger) -> None:
        job = job_example(name="bell", tags={"team": "blue"}, program=job_example().program)

        ledger.insert(job)

        assert ledger.job(job.id) == job

    def test_an_unknown_job_is_none(self, ledger: Ledger) -> None:
        assert ledger.job("job-aaaaaaaaaaaaaaaaaaaaaaaaaa") is None

    def test_a_second_insert_changes_nothing_and_shows_the_stored_job(self, ledger: Ledger) -> None:
        first = job_example(shots=1)
        ledger.insert(first)

        with pytest.raises(JobExists) as refused:
            ledger.insert(job_example(shots=2))

        assert refused.value.existing == first
        assert ledger.job(first.id) == first

    def test_a_replacement_whose_answer_was_lost_may_be_repeated(self, ledger: Ledger) -> None:
        job = job_example()
        ledger.insert(job)
        claimed = job.moved(NOON, JobStatus.COMPILING)
        ledger.replace(job, claimed)

        ledger.replace(job, claimed)

        assert ledger.job(job.id) == claimed

    def test_a_replacement_of_the_present_version_is_stored(self, ledger: Ledger) -> None:
        job = job_example()
        ledger.insert(job)
        claimed = job.moved(NOON, JobStatus.COMPILING, device_used="sv1", attempt=1)

        ledger.replace(job, claimed)

        assert ledger.job(job.id) == claimed

    def test_a_replacement_of_a_past_version_is_refused(self, ledger: Ledger) -> None:
        job = job_example()
        ledger.insert(job)
        cancelled = job.moved(NOON, JobStatus.CANCELLED)
        ledger.replace(job, cancelled)

        with pytest.raises(LedgerConflict):
            ledger.replace(job, job.moved(NOON, JobStatus.COMPILING))

        assert ledger.job(job.id) == cancelled

    def test_a_replacement_of_another_epoch_is_refused(self, ledger: Ledger) -> None:
        job = job_example(epoch=2)
        ledger.insert(job)
        of_the_past = job.model_copy(update={"epoch": 1})

        with pytest.raises(LedgerConflict):
            ledger.replace(of_the_past, of_the_past.moved(NOON, JobStatus.COMPILING))

        assert ledger.job(job.id) == job

    def test_a_replacement_of_a_job_that_is_not_there_is_refused(self, ledger: Ledger) -> None:
        job = job_example()

        with pytest.raises(LedgerConflict):
            ledger.replace(job, job.moved(NOON, JobStatus.COMPILING))

        assert ledger.job(job.id) is None

    def test_a_queue_gives_the_first_accepted_first(self, ledger: Ledger) -> None:
        jobs = accepted(5)
        for job in reversed(jobs):
            ledger.insert(job)

        def waiting() -> list[str]:
            return [found.job_id for found in ledger.waiting("sv1", limit=3)]

        assert eventually(waiting, [job.id for job in jobs[:3]]) == [job.id for job in jobs[:3]]

    def test_a_waiting_job_says_what_the_dispatcher_needs(self, ledger: Ledger) -> None:
        job = job_example(tenant="blue", shots=7, num_qubits=3)
        ledger.insert(job)

        assert eventually(lambda: len(ledger.waiting("sv1", limit=9)), 1) == 1
        (found,) = ledger.waiting("sv1", limit=9)

        assert (found.job_id, found.tenant, found.device) == (job.id, "blue", "sv1")
        assert (found.shots, found.num_qubits, found.accepted_at) == (7, 3, NOON)

    def test_queues_are_apart_and_hold_only_queued_jobs(self, ledger: Ledger) -> None:
        queued, claimed = accepted(2)
        elsewhere = job_example("elsewhere", device="any")
        for job in (queued, claimed, elsewhere):
            ledger.insert(job)
        ledger.replace(claimed, claimed.moved(NOON, JobStatus.COMPILING))

        def waiting() -> list[str]:
            return [found.job_id for found in ledger.waiting("sv1", limit=9)]

        assert eventually(waiting, [queued.id]) == [queued.id]
        assert [found.job_id for found in ledger.waiting("any", limit=9)] == [elsewhere.id]

    def test_waiting_before_counts_the_jobs_accepted_earlier(self, ledger: Ledger) -> None:
        jobs = accepted(6)
        for job in jobs:
            ledger.insert(job)

        assert eventually(lambda: ledger.waiting_before(jobs[5]), 5) == 5
        assert eventually(lambda: ledger.waiting_before(jobs[2]), 2) == 2
        assert ledger.waiting_before(jobs[0]) == 0

    def test_pages_give_every_job_once_newest_first(self, ledger: Ledger) -> None:
        jobs = accepted(11)
        for job in jobs:
            ledger.insert(job)
        newest_first = [job.id for job in reversed(jobs)]

        def all_pages() -> list[str]:
            found: list[str] = []
            position = None
            for _ in range(len(jobs) + 2):
                page = ledger.jobs_of("acme", limit=4, position=position)
                assert len(page.jobs) <= 4
                found += [job.job_id for job in page.jobs]
                if (position := page.position) is None:
                    break
            return found

        assert eventually(all_pages, newest_first) == newest_first

    def test_a_page_that_takes_all_has_no_next(self, ledger: Ledger) -> None:
        for job in accepted(3):
            ledger.insert(job)

        assert eventually(lambda: len(ledger.jobs_of("acme", limit=9).jobs), 3) == 3
        assert ledger.jobs_of("acme", limit=9).position is None

    def test_a_job_accepted_meanwhile_does_not_disturb_the_next_page(self, ledger: Ledger) -> None:
        jobs = accepted(4)
        for job in jobs:
            ledger.insert(job)
        assert eventually(lambda: len(ledger.jobs_of("acme", limit=9).jobs), 4) == 4
        first = ledger.jobs_of("acme", limit=2)
        newer = job_example("newer", accepted_at=NOON + timedelta(minutes=1))
        ledger.insert(newer)

        second = ledger.jobs_of("acme", limit=2, position=first.position)

        assert [job.job_id for job in second.jobs] == [jobs[1].id, jobs[0].id]

    def test_a_listing_shows_only_its_tenant(self, ledger: Ledger) -> None:
        mine, other = job_example(), job_example(tenant="blue")
        ledger.insert(mine)
        ledger.insert(other)

        def listed() -> list[str]:
            return [job.job_id for job in ledger.jobs_of("acme", limit=9).jobs]

        assert eventually(listed, [mine.id]) == [mine.id]

    def test_a_listing_filters_by_status_and_device_before_the_limit(self, ledger: Ledger) -> None:
        on_sv1, failed = accepted(2)
        on_ion = job_example("ion", device="ion-11", accepted_at=NOON + timedelta(minutes=1))
        for job in (on_sv1, failed, on_ion):
            ledger.insert(job)
        ledger.replace(failed, failed.moved(NOON, JobStatus.FAILED))

        def listed(**filters: object) -> list[str]:
            page = ledger.jobs_of("acme", limit=1, **filters)  # type: ignore[arg-type]
            return [job.job_id for job in page.jobs]

        assert eventually(lambda: listed(status=JobStatus.FAILED), [failed.id]) == [failed.id]
        assert eventually(lambda: listed(device="ion-11"), [on_ion.id]) == [on_ion.id]
        wanted = [on_sv1.id]
        assert eventually(lambda: listed(status=JobStatus.QUEUED, device="sv1"), wanted) == wanted

    def test_a_summary_says_what_a_listing_shows(self, ledger: Ledger) -> None:
        job = job_example(name="bell", tags={"team": "blue"}, shots=5)
        ledger.insert(job)

        assert eventually(lambda: len(ledger.jobs_of("acme", limit=9).jobs), 1) == 1
        (seen,) = ledger.jobs_of("acme", limit=9).jobs

        assert (seen.job_id, seen.status, seen.device) == (job.id, JobStatus.QUEUED, "sv1")
        assert (seen.shots, seen.name, seen.tags) == (5, "bell", {"team": "blue"})
        assert (seen.accepted_at, seen.finished_at, seen.error_code) == (NOON, None, None)

    def test_unfinished_jobs_fall_due_after_their_check(self, ledger: Ledger) -> None:
        due, finished = accepted(2)
        later = job_example("later", check_at=NOON + timedelta(hours=1))
        for job in (due, finished, later):
            ledger.insert(job)
        ledger.replace(finished, finished.moved(NOON, JobStatus.CANCELLED))

        def found() -> set[str]:
            before = NOON + timedelta(minutes=30)
            return {
                due_id
                for shard in range(OPEN_SHARDS)
                for due_id in ledger.due(shard, before, limit=9)
            }

        assert eventually(found, {due.id}) == {due.id}

    def test_a_device_gives_no_more_places_than_its_limit(self, ledger: Ledger) -> None:
        assert ledger.acquire_slot("ion-11", "job-a", limit=2)
        assert ledger.acquire_slot("ion-11", "job-b", limit=2)

        assert not ledger.acquire_slot("ion-11", "job-c", limit=2)
        assert ledger.slots("ion-11") == {"job-a", "job-b"}

    def test_a_job_that_has_a_place_keeps_it_when_it_asks_again(self, ledger: Ledger) -> None:
        ledger.acquire_slot("ion-11", "job-a", limit=1)

        assert ledger.acquire_slot("ion-11", "job-a", limit=1)
        assert ledger.slots("ion-11") == {"job-a"}

    def test_a_released_place_can_be_taken_and_releasing_twice_is_harmless(
        self, ledger: Ledger
    ) -> None:
        ledger.acquire_slot("ion-11", "job-a", limit=1)
        ledger.release_slot("ion-11", "job-a")
        ledger.release_slot("ion-11", "job-a")

        assert ledger.acquire_slot("ion-11", "job-b", limit=1)
        assert ledger.slots("ion-11") == {"job-b"}

    def test_a_device_that_was_never_used_has_no_places_taken(self, ledger: Ledger) -> None:
        ledger.release_slot("square-20", "job-a")

        assert ledger.slots("square-20") == frozenset()
