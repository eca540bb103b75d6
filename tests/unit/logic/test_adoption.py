"""Jobs change hands when a region is promoted, once and without a loss."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from bellpair_core.logic.jobs.amend_job import owned_job
from bellpair_core.model.errors import Fenced, LedgerConflict, TransientFault
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import (
    ADOPTION_WINDOW,
    ATTEMPTS_MAX,
    BREAKER_FAILURES,
    CHECK_ADOPTED_AFTER,
    CHECK_AFTER,
    CHECK_WAITING_AFTER,
)
from bellpair_core.ports import TaskStatus
from tests.unit.logic.workplace import BELL_RESULT, Workplace

WEST = "us-west-2"


@pytest.fixture
def east() -> Workplace:
    """The region that is active at first."""
    return Workplace()


@pytest.fixture
def west(east: Workplace) -> Workplace:
    """The region that is promoted."""
    return east.peer()


def owner(place: Workplace, job: Job) -> tuple[str, int]:
    stored = place.stored(job)
    return stored.region, stored.epoch


def test_a_waiting_job_is_adopted_and_its_queue_woken_once(
    east: Workplace, west: Workplace
) -> None:
    jobs = [east.accept(f"key-{n}") for n in range(5)]
    west.promote()

    assert west.adopt() == {"adopted": 5, "failed": 0}

    assert {owner(west, job) for job in jobs} == {(WEST, 2)}
    # One wake-up for each shard that has such jobs, not one for each job.
    assert set(west.wakeups.queues) == {"sv1"}
    assert len(west.wakeups.queues) <= 5
    assert set(west.dispatch()) == {job.id for job in jobs}


def test_a_job_on_a_device_goes_on_with_its_task_in_the_new_region(
    east: Workplace, west: Workplace
) -> None:
    job = east.accept()
    east.dispatch()
    east.compile(job)
    east.launch(job, "token of the east")
    task = east.task_arn(job)
    west.promote()

    west.adopt()
    (mine,) = west.workflows.executions.values()
    west.compile(mine)
    west.launch(mine, "token of the west")
    state = west.tasks.complete(task, BELL_RESULT)

    assert (mine.epoch, west.compiled, len(west.tasks.programs)) == (2, 0, 1)
    assert west.hear(state, WEST) == "answered"
    assert list(west.workflows.answers) == ["token of the west"]


def test_the_old_region_hears_the_event_and_does_nothing(east: Workplace, west: Workplace) -> None:
    job = east.accept()
    east.dispatch()
    east.compile(job)
    east.launch(job)
    west.promote()
    west.adopt()

    heard = east.hear(east.tasks.complete(east.task_arn(job), BELL_RESULT))

    assert heard == f"region {WEST} owns the job"
    assert east.workflows.answers == {}


def test_whatever_the_old_region_still_does_to_the_job_is_fenced(
    east: Workplace, west: Workplace
) -> None:
    job = east.accept()
    east.dispatch()
    before = east.stored(job)
    west.promote()
    west.adopt()

    with pytest.raises(Fenced):
        owned_job(east.ledger, job.id, before.epoch)
    with pytest.raises(LedgerConflict):
        east.ledger.replace(before, before.moved(east.clock(), JobStatus.FAILED))
    assert owner(east, job) == (WEST, 2)


def test_finished_jobs_are_left_alone(east: Workplace, west: Workplace) -> None:
    job = east.accept()
    ended = east.stored(job).moved(east.clock(), JobStatus.CANCELLED)
    east.ledger.replace(job, ended)
    west.promote()

    assert west.adopt() == {"adopted": 0, "failed": 0}
    assert west.stored(job) == ended


def test_adoption_repeated_or_done_twice_at_once_changes_nothing_more(
    east: Workplace, west: Workplace
) -> None:
    for n in range(7):
        east.accept(f"key-{n}")
    east.dispatch()
    west.promote()

    west.adopt()
    records = dict(west.ledger.jobs)

    assert west.adopt() == {"adopted": 0, "failed": 0}
    assert west.ledger.jobs == records
    assert len(west.workflows.executions) == 7


def test_a_call_takes_a_page_and_says_whether_there_is_more(
    east: Workplace, west: Workplace
) -> None:
    for n in range(40):
        east.accept(f"key-{n}")
    west.promote()

    assert west.adopt(limit=2) == {"adopted": 40, "failed": 0}


def test_a_region_that_is_not_active_at_that_epoch_adopts_nothing(
    east: Workplace, west: Workplace
) -> None:
    job = east.accept()
    west.promote()
    east.promote()

    for place, epoch in ((west, 2), (east, 2), (west, 3)):
        with pytest.raises(Fenced):
            place.adopt(epoch)
    assert owner(east, job) == ("us-east-1", 1)
    assert east.adopt() == {"adopted": 1, "failed": 0}
    assert owner(east, job) == ("us-east-1", 3)


def test_a_job_that_moves_meanwhile_is_read_again(east: Workplace, west: Workplace) -> None:
    job = east.accept()
    west.promote()
    replace = west.ledger.replace

    def interrupted(old: Job, new: Job) -> None:
        west.ledger.replace = replace  # type: ignore[method-assign]
        replace(old, old.moved(east.clock(), JobStatus.CANCELLED))
        replace(old, new)

    west.ledger.replace = interrupted  # type: ignore[method-assign]

    assert west.adopt() == {"adopted": 0, "failed": 0}
    assert west.stored(job).status is JobStatus.CANCELLED


def test_one_bad_job_does_not_keep_the_others_from_being_adopted(
    east: Workplace, west: Workplace
) -> None:
    for n in range(6):
        east.accept(f"key-{n}")
    east.dispatch()
    west.promote()
    read, bad = west.ledger.job, east.accept("bad").id

    def failing(job_id: str) -> Job | None:
        if job_id == bad:
            raise ValueError("not a job")
        return read(job_id)

    west.ledger.job = failing  # type: ignore[method-assign]

    assert west.adopt() == {"adopted": 6, "failed": 1}
    west.ledger.job = read  # type: ignore[method-assign]
    assert west.sweep()["adopted"] == 1


def test_a_crash_between_claim_and_start_is_healed_by_the_next_sweep(
    east: Workplace, west: Workplace
) -> None:
    job = east.accept()
    east.dispatch()
    west.promote()
    west.workflows.reachable = False
    assert west.adopt() == {"adopted": 1, "failed": 1}
    west.workflows.reachable = True

    west.clock.advance(CHECK_ADOPTED_AFTER)

    assert west.sweep()["restarted"] == 1
    assert west.workflows.running(west.stored(job))


def test_a_late_arrival_is_adopted_by_the_dispatchers_claim_in_one_write(
    east: Workplace, west: Workplace
) -> None:
    west.promote()
    west.adopt()
    late = east.accept("late")
    writes = west.ledger.writes

    assert west.dispatch() == [late.id]

    stored = west.stored(late)
    assert (stored.epoch, stored.region, stored.status) == (2, WEST, JobStatus.COMPILING)
    assert west.ledger.writes == writes + 1
    assert [event.type for event in stored.events] == ["queued", "adopted", "compiling"]


def test_a_late_arrival_that_runs_already_is_found_by_the_sweep_after_a_promotion(
    east: Workplace, west: Workplace
) -> None:
    west.promote()
    west.adopt()
    late = east.accept("late")
    running = late.moved(east.clock(), JobStatus.COMPILING, device_used="sv1", attempt=1)
    east.ledger.replace(late, running)

    assert west.sweep()["adopted"] == 1
    assert west.workflows.running(west.stored(late))


def test_long_after_a_promotion_a_late_arrival_is_found_when_it_falls_due(
    east: Workplace, west: Workplace
) -> None:
    west.promote()
    west.clock.advance(ADOPTION_WINDOW + timedelta(minutes=1))
    late = east.accept("late", check_at=west.clock() + CHECK_AFTER)

    assert west.sweep()["adopted"] == 0
    west.clock.advance(CHECK_AFTER)
    assert west.sweep()["adopted"] == 1
    assert west.wakeups.queues == ["sv1"]
    assert owner(west, late) == (WEST, 2)


def test_the_region_that_is_passive_now_sweeps_and_starts_nothing(
    east: Workplace, west: Workplace
) -> None:
    east.accept()
    west.promote()
    east.clock.advance(CHECK_AFTER + timedelta(minutes=1))

    assert sum(east.sweep().values()) == 0
    assert east.dispatch() == []


def test_a_job_of_a_later_epoch_is_left_to_those_who_know_of_it(east: Workplace) -> None:
    job = east.accept(epoch=3, region="us-east-1")
    east.clock.advance(CHECK_AFTER + timedelta(minutes=1))

    assert east.dispatch() == []
    assert sum(east.sweep().values()) == 0
    assert east.stored(job) == job


def test_nothing_is_dispatched_during_a_pause(east: Workplace) -> None:
    east.accept()
    record = east.ledger.pair_record
    east.ledger.pair_record = record.model_copy(update={"mode": "paused"})

    assert east.dispatch() == []

    east.ledger.pair_record = record
    assert len(east.dispatch()) == 1


def waiting_for_a_service_out_of_reach(place: Workplace, key: str = "first") -> Job:
    """A job whose task is at a device service that does not answer, and no execution waits."""
    job = place.accept(key)
    place.dispatch()
    place.compile(job)
    place.launch(job)
    stored = place.stored(job)
    waits = stored.moved(place.clock(), waiting_for="the device service of us-east-1")
    place.ledger.replace(stored, waits)
    place.workflows.ended.add(waits.execution_name)
    return waits


def test_a_job_whose_device_service_is_out_of_reach_is_waited_for_without_a_restart(
    east: Workplace,
) -> None:
    job = waiting_for_a_service_out_of_reach(east)
    east.tasks.reachable = False

    for _ in range(ATTEMPTS_MAX + 2):
        east.clock.advance(CHECK_AFTER + timedelta(minutes=1) + CHECK_WAITING_AFTER)
        assert east.sweep()["waiting"] == 1

    stored = east.stored(job)
    assert (stored.status, stored.restarts, stored.attempt) == (JobStatus.EXECUTING, 0, 1)


def test_once_the_service_answers_the_job_goes_on_and_the_wait_is_not_counted(
    east: Workplace,
) -> None:
    job = waiting_for_a_service_out_of_reach(east)
    east.clock.advance(CHECK_AFTER + timedelta(minutes=1))

    assert east.sweep()["restarted"] == 1

    stored = east.stored(job)
    assert (stored.restarts, stored.attempt) == (0, 2)
    assert stored.waiting_for is None
    assert east.workflows.running(stored)


def test_tasks_lost_with_their_region_keep_no_job_off_a_device_that_every_region_serves(
    east: Workplace, west: Workplace
) -> None:
    job = east.accept()
    east.start(job)
    west.promote()
    west.adopt()
    mine = west.stored(job)
    west.tasks.reachable = False

    for n in range(BREAKER_FAILURES):
        with pytest.raises(TransientFault):
            west.launch(mine, f"token {n}")

    assert west.stored(job).waiting_for == "the device service of us-east-1 does not answer"
    assert west.ledger.breaker("sv1").clean
    west.tasks.reachable = True
    new = west.accept("second", epoch=2, region=WEST)
    assert west.dispatch() == [new.id]


def test_a_job_whose_payload_is_in_the_lost_region_waits_for_it(east: Workplace) -> None:
    large = east.blobs.put(Random(7).randbytes(50_000))
    job = east.accept()
    east.ledger.replace(job, job.moved(east.clock(), program=large))
    copies, east.blobs.stored = east.blobs.stored, {}
    east.dispatch()

    for _ in range(ATTEMPTS_MAX + 2):
        with pytest.raises(TransientFault):
            east.compile(east.stored(job))
        assert east.stored(job).waiting_for == "the job's payloads are out of reach"
        east.workflows.ended.add(east.stored(job).execution_name)
        east.clock.advance(CHECK_AFTER + timedelta(minutes=1))
        assert east.sweep()["restarted"] == 1

    east.blobs.stored = dict.fromkeys(copies, b"OPENQASM 3.0;")
    east.compile(east.stored(job))
    assert (east.stored(job).waiting_for, east.stored(job).restarts) == (None, 0)


def test_an_adoption_that_reaches_nothing_ends_soon_and_is_repeated(
    east: Workplace, west: Workplace
) -> None:
    for n in range(200):
        east.accept(f"key-{n}")
    west.promote()
    tried = 0

    def unreachable(old: Job, new: Job) -> None:
        nonlocal tried
        tried += 1
        raise TransientFault("the ledger cannot be reached")

    replace, west.ledger.replace = west.ledger.replace, unreachable  # type: ignore[method-assign]
    with pytest.raises(TransientFault):
        west.adopt()
    assert tried == 3

    west.ledger.replace = replace  # type: ignore[method-assign]
    assert west.adopt() == {"adopted": 200, "failed": 0}


def test_a_silent_service_is_asked_once_in_a_sweep(east: Workplace) -> None:
    for n in range(4):
        waiting_for_a_service_out_of_reach(east, f"key-{n}")
    east.tasks.reachable = False
    asked: list[bool] = []
    describe = east.tasks.describe

    def counted(device_arn: str, region: str, *, patient: bool = True) -> dict[str, Any]:
        asked.append(patient)
        return describe(device_arn, region, patient=patient)

    east.tasks.describe = counted  # type: ignore[method-assign]
    east.clock.advance(CHECK_AFTER + timedelta(minutes=1))

    assert east.sweep()["waiting"] == 4
    assert asked == [False]


def test_two_sweeps_at_once_start_one_execution(east: Workplace) -> None:
    job = east.accept()
    east.dispatch()
    east.workflows.ended.add(east.stored(job).execution_name)
    east.clock.advance(CHECK_AFTER + timedelta(minutes=1))
    replace = east.ledger.replace

    def interrupted(old: Job, new: Job) -> None:
        east.ledger.replace = replace  # type: ignore[method-assign]
        east.clock.advance(timedelta(milliseconds=1))
        assert east.sweep()["restarted"] == 1
        replace(old, new)

    east.ledger.replace = interrupted  # type: ignore[method-assign]

    assert east.sweep()["fine"] == 1
    assert (east.stored(job).attempt, len(east.workflows.executions)) == (2, 2)


def test_the_task_whose_event_was_lost_is_asked_for_again(east: Workplace) -> None:
    job = east.accept()
    east.dispatch()
    east.compile(job)
    east.launch(job)
    east.tasks.complete(east.task_arn(job), BELL_RESULT)
    east.workflows.ended.add(east.stored(job).execution_name)
    east.clock.advance(CHECK_AFTER + timedelta(minutes=1))
    east.sweep()

    east.launch(east.stored(job), "second token")

    assert east.workflows.answers["second token"]["task_status"] == TaskStatus.COMPLETED.value
