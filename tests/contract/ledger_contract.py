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

from bellpair_core.model.beat import Beat
from bellpair_core.model.errors import LedgerConflict
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import OPEN_SHARDS
from bellpair_core.model.pair import Operation, OperationKind, PairRecord
from bellpair_core.ports import JobExists, Ledger, OpenJob
from tests.examples import NOON, job_example

Seen = TypeVar("Seen")


def eventually(look: Callable[[], Seen], wanted: Seen, within_s: float = 60.0) -> Seen:
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


def promoted(record: PairRecord, name: str = "op-1") -> PairRecord:
    """The record after a promotion."""
    kind = OperationKind.FAILOVER
    operation = Operation(id=name, kind=kind, by="a test", reason="lost", started_at=NOON)
    return record.promoted(NOON, operation)


class LedgerContract:
    """Conditional writes to one item, and indexes over them."""

    def test_without_a_pair_record_the_primary_region_is_active_at_epoch_one(
        self, ledger: Ledger
    ) -> None:
        pair = ledger.pair()

        assert (pair.active, pair.passive, pair.epoch) == ("us-east-1", "us-west-2", 1)
        assert pair.mode == "accepting"

    def test_a_pair_record_is_replaced_and_read_back_unchanged(self, ledger: Ledger) -> None:
        first = ledger.pair()
        second = promoted(first)
        third = second.held(NOON, second.operation or pytest.fail("no operation"))

        ledger.replace_pair(first, second)
        assert ledger.pair() == second
        ledger.replace_pair(second, third)
        assert ledger.pair() == third

    def test_of_two_changes_of_one_pair_record_one_has_no_effect(self, ledger: Ledger) -> None:
        first = ledger.pair()
        second = promoted(first)
        ledger.replace_pair(first, second)

        for old in (first, second.model_copy(update={"epoch": 1})):
            with pytest.raises(LedgerConflict):
                ledger.replace_pair(old, promoted(old, "op-2"))
        unseen = second.model_copy(update={"version": second.version + 1})
        with pytest.raises(LedgerConflict):
            ledger.replace_pair(unseen, promoted(unseen, "op-3"))

        assert ledger.pair() == second

    def test_a_change_of_the_pair_that_was_made_may_be_repeated(self, ledger: Ledger) -> None:
        first = ledger.pair()
        second = promoted(first)

        for _ in range(2):
            ledger.replace_pair(first, second)

        assert ledger.pair() == second

    def test_a_region_that_never_beat_has_no_beat(self, ledger: Ledger) -> None:
        assert ledger.beat("us-west-2") is None

    def test_the_last_beat_of_each_region_is_kept(self, ledger: Ledger) -> None:
        def beat(region: str, counter: int) -> Beat:
            endpoint = f"https://{region}.example/api"
            return Beat(region=region, counter=counter, healthy=True, endpoint=endpoint, at=NOON)

        for counter in (1, 2):
            ledger.put_beat(beat("us-east-1", counter))
        ledger.put_beat(beat("us-west-2", 7))

        assert ledger.beat("us-east-1") == beat("us-east-1", 2)
        assert ledger.beat("us-west-2") == beat("us-west-2", 7)

    def test_a_device_without_a_history_has_a_clean_breaker(self, ledger: Ledger) -> None:
        breaker = ledger.breaker("ion-11")

        assert (breaker.device, breaker.version, breaker.clean) == ("ion-11", 0, True)

    def test_a_devices_quality_is_replaced_by_its_version(self, ledger: Ledger) -> None:
        first = ledger.quality("ion-11")
        assert (first.device, first.version, first.moving) == ("ion-11", 0, None)

        second = first.observed(0.9, NOON, "job-1")
        ledger.replace_quality(first, second)
        third = second.observed(0.8, NOON, "job-2")
        with pytest.raises(LedgerConflict):
            ledger.replace_quality(first, first.observed(0.7, NOON, "job-3"))
        ledger.replace_quality(second, third)

        assert ledger.quality("ion-11") == third
        assert ledger.quality("square-20").moving is None

    def test_a_breaker_is_replaced_by_its_version(self, ledger: Ledger) -> None:
        first = ledger.breaker("ion-11")
        second = first.failed(NOON, "it is offline", at_once=True)
        ledger.replace_breaker(first, second)

        for old in (first, second.model_copy(update={"version": 2})):
            with pytest.raises(LedgerConflict):
                ledger.replace_breaker(old, old.failed(NOON, "another one"))
        ledger.replace_breaker(first, second)

        assert ledger.breaker("ion-11") == second
        assert ledger.breaker("square-20").clean

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

    def test_unfinished_jobs_are_listed_whenever_they_are_due(self, ledger: Ledger) -> None:
        waiting, running, finished = accepted(3)
        adopted = job_example("adopted", check_at=NOON + timedelta(days=1))
        for job in (waiting, running, finished, adopted):
            ledger.insert(job)
        ledger.replace(running, running.moved(NOON, JobStatus.COMPILING))
        ledger.replace(finished, finished.moved(NOON, JobStatus.CANCELLED))
        ledger.replace(adopted, adopted.adopted(NOON, 2, "us-west-2"))

        def listed() -> set[OpenJob]:
            shards = range(OPEN_SHARDS)
            return {job for shard in shards for job in ledger.open_jobs(shard, 9).jobs}

        wanted = {
            OpenJob(job_id=waiting.id, status=JobStatus.QUEUED, epoch=1, region="us-east-1"),
            OpenJob(job_id=running.id, status=JobStatus.COMPILING, epoch=1, region="us-east-1"),
            OpenJob(job_id=adopted.id, status=JobStatus.QUEUED, epoch=2, region="us-west-2"),
        }
        assert eventually(listed, wanted) == wanted

    def test_pages_of_unfinished_jobs_give_each_once(self, ledger: Ledger) -> None:
        jobs = accepted(40)
        for job in jobs:
            ledger.insert(job)

        def all_pages() -> list[str]:
            found: list[str] = []
            for shard in range(OPEN_SHARDS):
                position = None
                while True:
                    page = ledger.open_jobs(shard, 2, position)
                    assert len(page.jobs) <= 2
                    found += [job.job_id for job in page.jobs]
                    if (position := page.position) is None:
                        break
            return sorted(found)

        wanted = sorted(job.id for job in jobs)
        assert eventually(all_pages, wanted) == wanted

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

    def test_who_gives_a_place_back_learns_who_had_one(self, ledger: Ledger) -> None:
        ledger.acquire_slot("ion-11", "job-a", limit=2)
        ledger.acquire_slot("ion-11", "job-b", limit=2)

        assert ledger.release_slot("ion-11", "job-b") == {"job-a", "job-b"}
        assert ledger.release_slot("ion-11", "job-b") == {"job-a"}

    def test_a_device_that_was_never_used_has_no_places_taken(self, ledger: Ledger) -> None:
        assert ledger.release_slot("square-20", "job-a") == frozenset()

        assert ledger.slots("square-20") == frozenset()
