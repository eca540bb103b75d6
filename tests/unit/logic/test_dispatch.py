"""Which jobs start, when and where."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bellpair_core.logic.devices.device_breaker import note_failure
from bellpair_core.logic.jobs.choose_device import DeviceLoad
from bellpair_core.logic.jobs.dispatch_jobs import queues_of
from bellpair_core.logic.jobs.dispatch_policy import choose
from bellpair_core.model.device import DeviceStatus
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import (
    ATTEMPTS_MAX,
    CHECK_AFTER,
    DISPATCH_BATCH,
    DISPATCH_TIME,
    JOB_DEADLINE,
    RESTART_PAUSE_MAX,
    SWEEP_TIME,
)
from bellpair_core.ports import WaitingJob
from tests.examples import NOON, device_example
from tests.unit.logic.workplace import Workplace


@pytest.fixture
def place() -> Workplace:
    return Workplace()


def waiting(number: int, device: str = "any", **changes: object) -> WaitingJob:
    values = {
        "job_id": f"job-{number}",
        "tenant": "acme",
        "device": device,
        "shots": 100,
        "num_qubits": 2,
        "accepted_at": NOON + timedelta(seconds=number),
    }
    return WaitingJob.model_validate(values | changes)


def starts(jobs: list[WaitingJob], *loads: DeviceLoad) -> list[tuple[str, str]]:
    return [(start.job.job_id, start.device.name) for start in choose(jobs, loads, {}, NOON)]


def test_the_first_accepted_starts_first_whatever_the_order_read() -> None:
    load = DeviceLoad(device_example("qpu", max_in_flight=2))

    assert starts([waiting(3), waiting(1), waiting(2)], load) == [
        ("job-1", "qpu"),
        ("job-2", "qpu"),
    ]


def test_a_full_device_starts_nothing_and_another_takes_what_may_go_anywhere() -> None:
    full = DeviceLoad(device_example("full", max_in_flight=1), frozenset({"job-0"}))
    free = DeviceLoad(device_example("free", max_in_flight=1))

    assert starts([waiting(1, "full"), waiting(2, "any")], full, free) == [("job-2", "free")]


def test_a_simulator_without_a_limit_takes_all() -> None:
    load = DeviceLoad(device_example("sv1"))

    assert len(starts([waiting(n) for n in range(60)], load)) == 60


def test_a_job_that_holds_a_place_already_starts_on_a_full_device() -> None:
    load = DeviceLoad(device_example("qpu", max_in_flight=1), frozenset({"job-2"}))

    assert starts([waiting(1), waiting(2)], load) == [("job-2", "qpu")]


@pytest.mark.parametrize(
    "device",
    [
        device_example("offline", status=DeviceStatus.OFFLINE),
        device_example("narrow", num_qubits=1),
        device_example("costly", shots_min=101),
        device_example("brief", shots_max=99),
    ],
    ids=lambda device: device.name,
)
def test_a_device_that_cannot_run_the_job_is_passed_over(device: object) -> None:
    assert starts([waiting(1)], DeviceLoad(device)) == []  # type: ignore[arg-type]


def test_a_limited_device_never_has_more_jobs_than_places(place: Workplace) -> None:
    jobs = [
        place.accept(str(n), device="ion-11", accepted_at=NOON + timedelta(seconds=n))
        for n in range(5)
    ]

    assert place.dispatch() == [jobs[0].id, jobs[1].id]
    assert place.dispatch() == []
    assert place.ledger.slots("ion-11") == {jobs[0].id, jobs[1].id}


def test_a_finished_job_gives_its_place_to_the_next(place: Workplace) -> None:
    jobs = [
        place.accept(str(n), device="ion-11", accepted_at=NOON + timedelta(seconds=n))
        for n in range(3)
    ]
    place.dispatch()
    place.finish(jobs[0], {"Error": "JobCancelled", "Cause": ""})

    assert "ion-11" in place.wakeups.queues
    assert place.dispatch() == [jobs[2].id]


def test_a_place_that_a_finished_job_kept_is_found_when_the_device_is_full(
    place: Workplace,
) -> None:
    for n in range(2):
        place.ledger.acquire_slot("ion-11", f"job-of-a-dead-dispatcher-{n}", 2)
    job = place.accept(device="ion-11")

    assert place.dispatch() == [job.id]


def test_a_dispatcher_that_died_with_a_place_in_hand_costs_nothing(place: Workplace) -> None:
    jobs = [place.accept(str(n), device="ion-11") for n in range(2)]
    for job in jobs:
        place.ledger.acquire_slot("ion-11", job.id, 2)

    assert set(place.dispatch()) == {job.id for job in jobs}


def test_a_wake_up_starts_what_waits_where_there_is_room(place: Workplace) -> None:
    simulated = place.accept("a", device="sv1")
    trapped = place.accept("b", device="ion-11")
    anywhere = place.accept("c", device="any")

    assert place.dispatch(queues={"ion-11"}) == [trapped.id]
    assert place.dispatch(queues={"sv1"}) == [simulated.id]
    assert place.dispatch(queues={"any"}) == [anywhere.id]


def test_a_wake_up_for_a_full_device_reads_no_queue(place: Workplace) -> None:
    for n in range(3):
        place.accept(str(n), device="ion-11")
    place.dispatch()
    place.ledger.waiting = None  # type: ignore[method-assign, assignment]

    assert place.dispatch(queues={"ion-11"}) == []


def test_many_jobs_start_in_one_pass(place: Workplace) -> None:
    for n in range(120):
        place.accept(str(n))

    assert len(place.dispatch()) == 120
    assert len(place.workflows.executions) == 120


def test_jobs_that_wait_for_a_lost_device_do_not_hide_those_behind_them(
    place: Workplace,
) -> None:
    (small,) = (device for device in place.catalogue.devices() if device.name == "ion-11")
    place.catalogue.put_device(
        small.model_copy(update={"num_qubits": 2, "seen_at": place.clock.advance(timedelta(1))})
    )
    note_failure(place.ledger, place.clock, "square-20", "its region is lost", at_once=True)
    for n in range(3 * DISPATCH_BATCH):
        place.accept(f"wide-{n}", device="any-qpu", num_qubits=3, accepted_at=NOON)
    behind = place.accept("narrow", device="any-qpu", num_qubits=2, accepted_at=place.clock())

    assert place.dispatch(queues={"any-qpu"}) == [behind.id]


def test_a_pass_ends_in_time_and_the_next_goes_on(place: Workplace) -> None:
    jobs = {place.accept(f"key-{n}").id for n in range(60)}
    start = place.workflows.start

    def slowly(job: Job) -> None:
        place.clock.advance(timedelta(seconds=1))
        start(job)

    place.workflows.start = slowly  # type: ignore[method-assign]

    first, second = place.dispatch(), place.dispatch()

    assert len(first) == DISPATCH_TIME.total_seconds()
    assert {*first, *second} == jobs


def test_a_passive_region_starts_nothing(place: Workplace) -> None:
    place.accept()

    assert place.dispatch("us-west-2") == []


def test_a_wake_up_names_its_queue_and_a_beat_means_all() -> None:
    assert queues_of([{"queue": "sv1"}, {"queue": "any"}]) == {"sv1", "any"}
    assert queues_of([{}]) is None


def test_the_sweeper_lets_alone_what_has_moved_lately(place: Workplace) -> None:
    place.accept()

    assert sum(place.sweep().values()) == 0


def test_the_sweeper_announces_a_waiting_job_whose_wake_up_was_lost(place: Workplace) -> None:
    place.accept()
    place.clock.advance(CHECK_AFTER + timedelta(minutes=1))

    assert place.sweep()["woken"] == 1
    assert place.wakeups.queues == ["sv1"]
    assert sum(place.sweep().values()) == 0


def test_the_sweeper_restarts_a_job_whose_execution_is_gone(place: Workplace) -> None:
    job = place.accept()
    place.dispatch()
    place.compile(job)
    place.workflows.ended.add(place.stored(job).execution_name)
    place.clock.advance(CHECK_AFTER + timedelta(minutes=1))

    assert place.sweep()["restarted"] == 1

    again = place.stored(job)
    assert place.workflows.running(again)
    place.compile(again)
    assert place.compiled == 1


def test_the_sweeper_leaves_a_running_execution_running(place: Workplace) -> None:
    job = place.accept()
    place.dispatch()
    place.clock.advance(CHECK_AFTER + timedelta(minutes=1))

    assert place.sweep()["fine"] == 1
    assert place.stored(job).attempt == 1


def test_a_job_that_cannot_be_looked_after_does_not_hold_up_the_others(
    place: Workplace,
) -> None:
    stuck = place.accept("stuck")
    place.dispatch()
    place.accept("waiting", device="ion-11")
    place.clock.advance(CHECK_AFTER + timedelta(minutes=1))
    place.workflows.reachable = False

    done = place.sweep()

    assert (done["failed"], done["woken"]) == (1, 1)
    place.workflows.reachable = True
    assert place.sweep()["fine"] == 1
    assert place.stored(stuck).status is JobStatus.COMPILING


def test_a_job_of_a_device_that_is_offered_no_more_fails(place: Workplace) -> None:
    job = place.accept(device="gone-7")
    place.clock.advance(CHECK_AFTER + timedelta(minutes=1))

    assert place.sweep()["ended"] == 1
    error = place.stored(job).error
    assert error is not None
    assert error.code == "device-unknown"


def test_a_job_whose_executions_all_end_too_early_is_given_up(place: Workplace) -> None:
    job = place.accept()
    place.dispatch()
    for _ in range(ATTEMPTS_MAX):
        place.workflows.ended.add(place.stored(job).execution_name)
        place.clock.advance(RESTART_PAUSE_MAX)
        place.sweep()

    error = place.stored(job).error
    assert error is not None
    assert error.code == "gave-up"
    assert place.stored(job).attempt == ATTEMPTS_MAX


def test_a_job_outlives_an_outage_of_hours_that_nobody_notes(place: Workplace) -> None:
    job = place.accept()
    place.dispatch()
    began = place.clock()
    while place.clock() - began < timedelta(hours=6):
        place.workflows.ended.add(place.stored(job).execution_name)
        place.clock.advance(timedelta(minutes=1))
        place.sweep()

    assert place.stored(job).status is JobStatus.COMPILING
    assert 6 < place.stored(job).attempt < ATTEMPTS_MAX


def test_jobs_that_cannot_be_looked_at_do_not_hide_those_behind_them(place: Workplace) -> None:
    stuck = [place.accept(f"stuck-{n}") for n in range(1700)]
    place.dispatch()
    place.clock.advance(timedelta(minutes=1))
    behind = place.accept(
        "behind", device="ion-11", check_at=place.clock(), accepted_at=place.clock()
    )
    place.clock.advance(CHECK_AFTER + timedelta(minutes=2))
    place.workflows.reachable = False

    done = place.sweep()

    assert (done["failed"], done["woken"]) == (len(stuck), 1)
    assert place.stored(behind).version == 2


def test_a_pass_has_an_end_and_no_shard_is_always_the_last(place: Workplace) -> None:
    jobs = [place.accept(f"key-{n}", device="ion-11") for n in range(200)]
    place.clock.advance(CHECK_AFTER + timedelta(minutes=1))
    replace = place.ledger.replace

    def slowly(old: Job, new: Job) -> None:
        place.clock.advance(timedelta(seconds=1))
        replace(old, new)

    place.ledger.replace = slowly  # type: ignore[method-assign]
    passes = 0
    while any(place.stored(job).version == 1 for job in jobs):
        passes += 1
        assert place.sweep()["woken"] <= SWEEP_TIME.total_seconds()
        place.clock.advance(timedelta(seconds=25))

    assert passes <= 7


def test_tasks_out_of_reach_do_not_hold_up_the_ends_of_their_jobs(place: Workplace) -> None:
    jobs = [place.accept(f"key-{n}") for n in range(3)]
    place.dispatch()
    for job in jobs:
        place.compile(job)
        place.launch(job)
    place.clock.advance(JOB_DEADLINE + timedelta(seconds=1))
    place.tasks.reachable = False

    done = place.sweep()

    assert (done["ended"], done["failed"]) == (3, 0)
    assert {place.stored(job).status for job in jobs} == {JobStatus.FAILED}


def test_a_place_on_one_device_is_free_when_its_job_runs_on_another(place: Workplace) -> None:
    for n in range(2):
        elsewhere = place.accept(f"any-{n}", device="any")
        place.ledger.acquire_slot("ion-11", elsewhere.id, 2)
    place.dispatch(queues={"any", "sv1"})
    job = place.accept("trapped", device="ion-11")

    assert place.dispatch() == [job.id]


def test_a_claim_that_only_met_the_sweeper_is_tried_again(place: Workplace) -> None:
    job = place.accept(device="ion-11")
    looked_at = job.moved(place.clock())
    replace = place.ledger.replace

    def interrupted(old: Job, new: Job) -> None:
        place.ledger.replace = replace  # type: ignore[method-assign]
        replace(job, looked_at)
        replace(old, new)

    place.ledger.replace = interrupted  # type: ignore[method-assign]

    assert place.dispatch() == [job.id]
    assert place.ledger.slots("ion-11") == {job.id}


def test_a_job_past_its_deadline_fails_and_its_task_is_cancelled(place: Workplace) -> None:
    job = place.accept()
    place.dispatch()
    place.compile(job)
    place.launch(job)
    place.clock.advance(JOB_DEADLINE + timedelta(seconds=1))

    assert place.sweep()["ended"] == 1

    end = place.stored(job)
    assert end.status is JobStatus.FAILED
    assert end.error is not None
    assert end.error.code == "deadline-exceeded"
    assert place.tasks.cancelled == [place.task_arn(job)]


def test_a_place_that_was_taken_anew_is_not_freed_by_a_look_from_before(place: Workplace) -> None:
    jobs = [place.accept(str(n), device="any-qpu", avoid=("ion-11",)) for n in range(2)]
    first, last = sorted(jobs, key=lambda job: job.id)
    for job in jobs:
        place.ledger.acquire_slot("ion-11", job.id, 2)
    read = place.ledger.job

    def taken_anew(job_id: str) -> Job | None:
        if job_id == last.id:
            place.ledger.job = read  # type: ignore[method-assign]
            place.ledger.acquire_slot("ion-11", first.id, 2)
        return read(job_id)

    place.ledger.job = taken_anew  # type: ignore[method-assign]
    place.dispatch(region="us-east-1")

    assert place.ledger.slots("ion-11") == {first.id}
