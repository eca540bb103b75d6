"""What becomes of a job when its device goes away before, while or after it has a task there."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bellpair_core.model.breaker import BreakerState
from bellpair_core.model.device import DeviceStatus
from bellpair_core.model.errors import (
    DeviceUnavailable,
    ErrorCode,
    Fenced,
    JobFailed,
    TransientFault,
)
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import (
    BREAKER_PAUSE,
    CHECK_AFTER,
    CHECK_WAITING_AFTER,
    GENERATIONS_MAX,
    TASK_UNKNOWN_MAX,
)
from tests.unit.logic.workplace import BELL_RESULT, REGION, Workplace

ION, SQUARE = "ion-11", "square-20"


@pytest.fixture
def place() -> Workplace:
    return Workplace()


def arn_of(place: Workplace, name: str) -> str:
    device = place.settings.device(name)
    assert device is not None
    return device.arn


def compiled(place: Workplace, device: str) -> Job:
    """A job that is about to be launched, as its execution was started with it."""
    job = place.accept(device=device)
    place.dispatch()
    place.compile(job)
    return place.stored(job)


def unavailable(error: DeviceUnavailable) -> dict[str, str]:
    """What the state machine hands on of it."""
    return {"Error": "DeviceUnavailable", "Cause": json.dumps({"errorMessage": str(error)})}


def turned_round(place: Workplace, job: Job, token: str = "token") -> Job:
    """The job after a launch that its device refused, and its last stage."""
    with pytest.raises(DeviceUnavailable) as raised:
        place.launch(job, token)
    assert place.finish(job, unavailable(raised.value)) == "queued"
    return place.stored(job)


def fail_task(place: Workplace, job: Job, reason: str = "the ion was lost") -> Job:
    """The device fails the job's task, and the execution ends."""
    arn = place.task_arn(job)
    place.tasks.fail(arn, reason)
    with pytest.raises(DeviceUnavailable) as raised:
        place.process(job, arn)
    place.finish(job, unavailable(raised.value))
    return place.stored(job)


def afresh(job: Job) -> Job:
    """The job for the stages of whichever execution comes next."""
    return job.model_copy(update={"attempt": 0})


def words(job: Job) -> list[str]:
    return [event.type for event in job.events]


def test_a_refused_launch_is_taken_back_and_another_device_runs_the_job(
    place: Workplace,
) -> None:
    job = compiled(place, "any-qpu")
    place.tasks.offline.add(arn_of(place, ION))

    back = turned_round(place, job)

    assert back.status is JobStatus.QUEUED
    assert (back.task, back.compiled, back.device_used, back.generation) == (None, None, None, 1)
    assert place.ledger.slots(ION) == frozenset()
    assert place.ledger.breaker(ION).state is BreakerState.OPEN
    assert {ION, "any", "any-qpu"} <= set(place.wakeups.queues)

    again = place.start(afresh(back))
    assert again.device_used == SQUARE
    assert again.task is not None
    assert again.task.generation == 2
    assert len(place.tasks.programs) == 1
    assert "withdrawn" in words(again)


def test_a_refusal_after_a_repeated_request_binds_the_job_to_the_device(
    place: Workplace,
) -> None:
    job = compiled(place, "any-qpu")
    place.tasks.offline.add(arn_of(place, ION))
    place.tasks.repeats_requests = True

    with pytest.raises(TransientFault):
        place.launch(job)

    stuck = place.stored(job)
    assert stuck.task is not None
    assert stuck.waiting_for == f"device {ION} is offline"


def test_an_intent_that_somebody_else_wrote_is_not_taken_back(place: Workplace) -> None:
    job = compiled(place, "any-qpu")
    place.tasks.reachable = False
    with pytest.raises(TransientFault):
        place.launch(job)
    place.tasks.reachable = True
    place.tasks.offline.add(arn_of(place, ION))

    with pytest.raises(TransientFault):
        place.launch(job, "second token")

    stuck = place.stored(job)
    assert stuck.task is not None
    assert stuck.task.generation == 1


@pytest.mark.parametrize("who", ["adopter", "repetition", "owner"])
def test_an_intent_is_not_taken_back_once_the_record_moved(place: Workplace, who: str) -> None:
    job = compiled(place, "any-qpu")
    launch = place.tasks.launch
    place.tasks.offline.add(arn_of(place, ION))

    def moved_meanwhile(*arguments: object) -> str:
        now = place.stored(job)
        assert now.task is not None
        moved = {
            "adopter": lambda: now.adopted(place.clock(), 2, "us-west-2"),
            "repetition": lambda: now.moved(
                place.clock(), task=now.task.model_copy(update={"wake_token": "another"})
            ),
            "owner": lambda: now.moved(place.clock(), cancel_requested=True),
        }[who]()
        place.ledger.replace(now, moved)
        return launch(*arguments)  # type: ignore[arg-type]

    place.tasks.launch = moved_meanwhile  # type: ignore[method-assign, assignment]

    with pytest.raises((TransientFault, Fenced)):
        place.launch(job)
    assert place.stored(job).task is not None


def test_a_generation_taken_back_is_never_used_again(place: Workplace) -> None:
    job = compiled(place, ION)
    place.tasks.offline.add(arn_of(place, ION))
    turned_round(place, job)
    place.tasks.offline.clear()
    place.clock.advance(BREAKER_PAUSE)

    again = place.start(afresh(job))

    assert again.task is not None
    assert (again.task.generation, again.generation) == (2, 2)


def test_a_job_for_one_device_waits_for_it_and_finishes(place: Workplace) -> None:
    job = compiled(place, ION)
    place.tasks.offline.add(arn_of(place, ION))
    place.tell_status(ION, DeviceStatus.OFFLINE)

    back = turned_round(place, job)
    assert place.dispatch() == []

    place.tasks.offline.clear()
    place.clock.advance(BREAKER_PAUSE)
    place.tell_status(ION, DeviceStatus.ONLINE)
    again = place.start(afresh(back), "later")
    place.tasks.complete(place.task_arn(again), BELL_RESULT)
    place.process(again, place.task_arn(again))
    assert place.finish(again) == "succeeded"
    assert place.ledger.breaker(ION).clean


def test_a_device_that_is_offline_is_not_compiled_for(place: Workplace) -> None:
    job = place.accept(device=ION)
    place.dispatch()
    place.tell_status(ION, DeviceStatus.OFFLINE)

    with pytest.raises(DeviceUnavailable, match="ion-11 is offline"):
        place.compile(job)
    assert place.compiled == 0


def test_jobs_on_their_way_turn_round_when_the_breaker_opens(place: Workplace) -> None:
    jobs = [place.accept(str(n), device=ION) for n in range(2)]
    place.dispatch()
    for job in jobs:
        place.compile(job)
    place.tasks.offline.add(arn_of(place, ION))
    turned_round(place, jobs[0])
    launches = place.tasks.launches

    turned_round(place, jobs[1], "other")

    assert place.tasks.launches == launches
    assert place.stored(jobs[1]).generation == 0


def test_a_doubtful_device_is_asked_before_a_job_is_bound_to_it(place: Workplace) -> None:
    first, second = (place.accept(str(n), device="any-qpu") for n in range(2))
    place.dispatch()
    for job in (first, second):
        assert place.compile(job)
    place.tasks.reachable = False
    with pytest.raises(TransientFault):
        place.launch(first)

    on_its_way = place.stored(second)
    place.ledger.replace(on_its_way, on_its_way.moved(place.clock(), device_used=ION))
    back = turned_round(place, second, "other")

    assert (back.task, back.generation) == (None, 0)


def test_a_probe_that_finds_nobody_opens_the_breaker_for_longer(place: Workplace) -> None:
    job = compiled(place, ION)
    place.tasks.offline.add(arn_of(place, ION))
    turned_round(place, job)
    place.clock.advance(BREAKER_PAUSE)
    assert place.dispatch() == [job.id]
    assert place.ledger.breaker(ION).probe == job.id
    place.compile(place.stored(job))

    back = turned_round(place, place.stored(job), "probe")

    breaker = place.ledger.breaker(ION)
    assert breaker.state is BreakerState.OPEN
    assert breaker.retry_at == place.clock() + 2 * BREAKER_PAUSE
    assert back.generation == 1


def test_an_outage_of_the_device_service_is_noted_once_and_cleared(place: Workplace) -> None:
    job = place.accept(device=ION)
    place.start(job)
    place.tasks.reachable = False
    for number in range(3):
        with pytest.raises(TransientFault):
            place.launch(job, f"poll {number}")

    stuck = place.stored(job)
    assert stuck.waiting_for == f"the device service of {REGION} does not answer"
    assert words(stuck).count("waiting") == 1
    assert place.ledger.breaker(ION).state is BreakerState.OPEN

    place.tasks.reachable = True
    place.launch(job, "answered")
    assert place.stored(job).waiting_for is None
    assert not place.stored(job).recalled


def test_a_job_whose_device_service_is_away_is_soon_looked_at_again(place: Workplace) -> None:
    job = place.accept(device=ION)
    place.start(job)
    place.tasks.reachable = False
    for number in range(2):
        with pytest.raises(TransientFault):
            place.launch(job, f"poll {number}")

        assert place.stored(job).check_at == place.clock() + CHECK_WAITING_AFTER
        place.clock.advance(timedelta(seconds=30))


def test_a_throttled_request_is_held_against_nobody(place: Workplace) -> None:
    job = compiled(place, ION)

    def throttled(*arguments: object) -> str:
        raise TransientFault("too many requests", throttled=True)

    place.tasks.launch = throttled  # type: ignore[method-assign, assignment]

    with pytest.raises(TransientFault):
        place.launch(job)
    assert place.ledger.breaker(ION).clean
    assert place.stored(job).waiting_for is None


def test_a_task_that_waits_at_a_device_gone_offline_is_recalled(place: Workplace) -> None:
    job = place.accept(device="any-qpu")
    place.start(job)
    arn = place.task_arn(job)
    place.tell_status(ION, DeviceStatus.OFFLINE)

    place.launch(job, "poll")

    assert place.stored(job).recalled
    assert place.tasks.cancelled == [arn]
    with pytest.raises(DeviceUnavailable) as raised:
        place.process(job, arn)
    place.finish(job, unavailable(raised.value))
    again = place.start(job, "elsewhere")
    assert again.device_used == SQUARE
    assert (again.avoid, again.recalled) == ((), False)
    assert place.ledger.breaker(ION).clean


def test_a_recalled_task_that_ran_all_the_same_is_used(place: Workplace) -> None:
    job = place.accept(device="any-qpu")
    place.start(job)
    arn = place.task_arn(job)
    place.tell_status(ION, DeviceStatus.OFFLINE)
    place.tasks.cancel = lambda task_arn: None  # type: ignore[method-assign]
    place.launch(job, "poll")
    place.tasks.complete(arn, BELL_RESULT)

    place.process(job, arn)

    assert place.finish(job) == "succeeded"
    assert len(place.tasks.programs) == 1


@pytest.mark.parametrize("device", [ION, "any-qpu"])
def test_a_task_is_left_where_it_waits_if_no_other_device_would_take_it(
    place: Workplace, device: str
) -> None:
    job = place.accept(device=device)
    place.start(job)
    place.tell_status(ION, DeviceStatus.OFFLINE)
    place.tell_status(SQUARE, DeviceStatus.OFFLINE)

    place.launch(job, "poll")

    assert place.tasks.cancelled == []
    assert place.stored(job).waiting_for == "device ion-11 is offline"


def test_a_task_that_failed_is_followed_by_one_elsewhere(place: Workplace) -> None:
    job = place.accept(device="any-qpu")
    place.start(job)

    back = fail_task(place, job)

    assert back.avoid == (ION,)
    assert place.ledger.breaker(ION).failures == 1
    again = place.start(job, "elsewhere")
    assert again.device_used == SQUARE
    assert len(place.tasks.programs) == 2


def test_a_job_that_all_devices_failed_fails_and_says_which(place: Workplace) -> None:
    job = place.accept(device="any-qpu")
    place.start(job)
    fail_task(place, job)
    place.start(job, "elsewhere")
    place.tasks.fail(place.task_arn(job), "too warm")

    with pytest.raises(JobFailed, match=r"too warm.*tried: ion-11, square-20"):
        place.process(job, place.task_arn(job))


def test_no_job_has_more_tasks_than_it_may(place: Workplace) -> None:
    job = place.accept(device="any-qpu")
    place.start(job)
    before = place.stored(job)
    place.ledger.replace(before, before.moved(place.clock(), generation=GENERATIONS_MAX))
    place.tasks.fail(place.task_arn(job), "too warm")

    with pytest.raises(JobFailed, match="too warm"):
        place.process(job, place.task_arn(job))


def test_a_named_device_that_failed_a_task_and_went_away_is_waited_for(
    place: Workplace,
) -> None:
    job = place.accept(device=ION)
    place.start(job)
    place.tell_status(ION, DeviceStatus.OFFLINE)

    back = fail_task(place, job)

    assert (back.status, back.avoid) == (JobStatus.QUEUED, ())


def test_a_task_that_may_be_running_keeps_its_job_from_going_back(place: Workplace) -> None:
    job = place.accept(device="any-qpu")
    place.start(job)

    with pytest.raises(TransientFault):
        place.finish(job, {"Error": "DeviceUnavailable", "Cause": "{}"})
    assert place.stored(job).status is JobStatus.EXECUTING


def test_a_job_that_is_to_be_cancelled_ends_instead_of_going_back(place: Workplace) -> None:
    job = place.accept(device="any-qpu")
    place.dispatch()
    now = place.stored(job)
    place.ledger.replace(now, now.moved(place.clock(), cancel_requested=True))

    assert place.finish(job, {"Error": "DeviceUnavailable", "Cause": "{}"}) == "cancelled"


def test_a_repeated_end_leaves_a_job_alone_that_went_on(place: Workplace) -> None:
    job = compiled(place, "any-qpu")
    place.tasks.offline.add(arn_of(place, ION))
    turned_round(place, job)
    failure = {"Error": "DeviceUnavailable", "Cause": "{}"}

    assert place.finish(job, failure) == "queued"
    place.dispatch()
    went_on = place.stored(job)
    with pytest.raises(Fenced):
        place.finish(job, failure)

    assert place.stored(job) == went_on
    assert place.ledger.slots(SQUARE) == {job.id}


def test_of_two_executions_at_one_epoch_only_the_last_may_act(place: Workplace) -> None:
    place.accept(device=ION)
    place.dispatch()
    (slow,) = place.workflows.executions.values()
    place.compile(slow)
    place.workflows.ended.add(slow.execution_name)
    place.clock.advance(CHECK_AFTER + timedelta(minutes=1))
    assert place.sweep()["restarted"] == 1
    restarted = place.stored(slow)

    for act in (
        lambda: place.compile(slow),
        lambda: place.launch(slow),
        lambda: place.process(slow, "arn"),
        lambda: place.finish(slow, {"Error": "JobFailed", "Cause": "{}"}),
    ):
        with pytest.raises(Fenced):
            act()
    assert place.stored(slow) == restarted
    assert place.tasks.launches == 0


def test_a_stage_that_is_late_does_not_touch_a_job_that_was_sent_back(place: Workplace) -> None:
    job = compiled(place, "any-qpu")
    place.tasks.offline.add(arn_of(place, ION))
    back = turned_round(place, job)

    for act in (lambda: place.compile(job), lambda: place.launch(job, "late")):
        with pytest.raises(Fenced):
            act()
    assert place.stored(job) == back


def test_a_kept_result_needs_no_device_service_any_more(place: Workplace) -> None:
    job = place.accept(device=ION)
    place.start(job)
    arn = place.task_arn(job)
    place.tasks.complete(arn, BELL_RESULT)
    place.process(job, arn)
    place.tasks.reachable = False

    place.launch(job, "after a restart")

    told = place.workflows.answers["after a restart"]
    assert told == {"task_arn": arn, "task_status": "COMPLETED"}
    place.process(job, arn)
    assert place.finish(job) == "succeeded"


def test_a_place_left_by_a_stage_that_died_is_free_for_others(place: Workplace) -> None:
    for number in range(2):
        job = place.accept(f"went-{number}", device="any-qpu", avoid=(ION,))
        place.ledger.acquire_slot(ION, job.id, 2)
    trapped = place.accept("trapped", device=ION)

    assert trapped.id in place.dispatch()


def test_a_probes_launch_lets_the_others_follow_before_it_has_a_result(place: Workplace) -> None:
    first = compiled(place, ION)
    place.accept("second", device=ION)
    place.tasks.offline.add(arn_of(place, ION))
    turned_round(place, first)
    place.tasks.offline.clear()
    place.clock.advance(BREAKER_PAUSE)
    probe = place.dispatch()
    assert len(probe) == 1
    job = place.ledger.job(probe[0])
    assert job is not None
    place.compile(job)

    place.launch(job)

    assert place.ledger.breaker(ION).clean
    assert len(place.dispatch()) == 1


def test_an_unreadable_program_binds_the_job_to_no_device(place: Workplace) -> None:
    job = compiled(place, "any-qpu")
    read = place.blobs.get

    def lost(*arguments: object) -> bytes:
        raise TransientFault("no copy can be read")

    place.blobs.get = lost  # type: ignore[method-assign, assignment]
    with pytest.raises(TransientFault):
        place.launch(job)

    stuck = place.stored(job)
    assert (stuck.task, stuck.generation) == (None, 0)
    assert stuck.waiting_for == "the job's payloads are out of reach"

    place.blobs.get = read  # type: ignore[method-assign]
    place.launch(job)
    assert place.stored(job).waiting_for is None
    assert place.task_arn(job)


def test_a_retired_device_fails_a_job_that_is_sure_to_have_no_task(place: Workplace) -> None:
    job = compiled(place, ION)
    place.tasks.retired.add(arn_of(place, ION))

    with pytest.raises(JobFailed, match="Device ion-11 is retired"):
        place.launch(job)
    assert place.stored(job).task is None


@pytest.mark.parametrize("doubt", ["found", "repeated"])
def test_a_retired_device_fails_no_job_that_may_have_a_task(place: Workplace, doubt: str) -> None:
    job = compiled(place, ION)
    if doubt == "found":
        place.tasks.reachable = False
        with pytest.raises(TransientFault):
            place.launch(job)
        place.tasks.reachable = True
    place.tasks.repeats_requests = doubt == "repeated"
    place.tasks.retired.add(arn_of(place, ION))

    with pytest.raises(TransientFault):
        place.launch(job)

    stuck = place.stored(job)
    assert stuck.task is not None
    assert stuck.waiting_for == f"device {ION} is retired"


def test_a_program_refused_at_a_repeated_launch_fails_the_job(place: Workplace) -> None:
    job = compiled(place, ION)
    place.tasks.reachable = False
    with pytest.raises(TransientFault):
        place.launch(job)
    place.tasks.reachable = True
    place.tasks.refusal = JobFailed(ErrorCode.DEVICE_REFUSED, "no such gate")

    with pytest.raises(JobFailed, match="no such gate"):
        place.launch(job)


@pytest.mark.parametrize("stage", ["launch", "process"])
def test_a_task_that_its_service_does_not_know_is_waited_for_a_while(
    place: Workplace, stage: str
) -> None:
    job = place.start(place.accept(device=ION))
    arn = place.task_arn(job)
    place.tasks.unknown.add(arn)

    def ask() -> None:
        if stage == "launch":
            place.launch(job, "poll")
        else:
            place.process(job, arn)

    for _ in range(3):
        with pytest.raises(TransientFault):
            ask()
        place.clock.advance(TASK_UNKNOWN_MAX / 4)

    stuck = place.stored(job)
    assert stuck.waiting_for == "the device service does not know the task"
    assert words(stuck).count("waiting") == 1
    assert place.ledger.breaker(ION).clean
    place.clock.advance(TASK_UNKNOWN_MAX / 4)
    with pytest.raises(JobFailed, match="has no task"):
        ask()


@pytest.mark.parametrize("between", ["known", "out of reach"])
def test_only_a_task_that_is_unknown_without_a_break_is_given_up(
    place: Workplace, between: str
) -> None:
    job = place.start(place.accept(device=ION))
    place.tasks.unknown.add(place.task_arn(job))
    with pytest.raises(TransientFault):
        place.launch(job, "poll")

    if between == "known":
        place.tasks.unknown.clear()
        place.launch(job, "known")
        assert place.stored(job).waiting_for is None
    else:
        place.tasks.reachable = False
        with pytest.raises(TransientFault):
            place.launch(job, "silence")
        place.tasks.reachable = True
    place.tasks.unknown.add(place.task_arn(job))
    place.clock.advance(TASK_UNKNOWN_MAX)

    with pytest.raises(TransientFault, match="does not know"):
        place.launch(job, "unknown again")


def test_the_sweepers_restarts_do_not_start_the_wait_for_an_unknown_task_anew(
    place: Workplace,
) -> None:
    job = place.start(place.accept(device=ION))
    place.tasks.unknown.add(place.task_arn(job))
    with pytest.raises(TransientFault):
        place.launch(job, "poll")
    place.workflows.ended.add(job.execution_name)
    place.clock.advance(TASK_UNKNOWN_MAX)
    assert place.sweep()["restarted"] == 1

    with pytest.raises(JobFailed, match="has no task"):
        place.launch(place.stored(job), "after a restart")
