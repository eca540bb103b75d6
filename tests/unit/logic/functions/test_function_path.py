"""A function's way from its queue to its result."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest

from bellpair_core.logic.jobs.cancel_job import cancel_job
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.device import DeviceStatus
from bellpair_core.model.errors import ErrorCode, Fenced, JobCancelled, JobFailed
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import LOOPS_MAX
from bellpair_core.model.tenant import Principal, Role
from bellpair_core.model.usage import Usage
from bellpair_core.ports import TaskStatus
from tests.unit.logic.functions.function_place import (
    CALLS,
    FunctionPlace,
    loop,
    sample,
)


@pytest.fixture
def place() -> FunctionPlace:
    return FunctionPlace()


def output(place: FunctionPlace, job: object) -> object:
    ref = place.stored(job).result  # type: ignore[arg-type]
    assert ref is not None
    return json.loads(place.blobs.get(ref))


def test_a_function_runs_through_when_results_come_at_once(place: FunctionPlace) -> None:
    job = place.invoke()
    begun = place.begin(job)

    assert (begun["worker"], begun["tenant"]) == ("worker-python", "acme")
    assert place.play(job, begun) == "finished"
    assert place.resume(job) == {"next": "finish"}
    assert place.finish(job) == "succeeded"

    assert len(output(place, job)) == CALLS  # type: ignore[arg-type]
    assert len(place.tasks.made) == CALLS
    assert place.lines(job)[-1].ended == "finished"
    stored = place.stored(job)
    assert stored.usage.device_usd == pytest.approx(place.lines(job)[-1].spent_usd)
    assert place.lines(job)[-1].calls == CALLS
    assert "".join(line.output for line in place.lines(job)) == "".join(
        f"call {n}\n" for n in range(CALLS)
    )


def test_all_that_turns_and_the_broker_consumed_is_on_the_account(place: FunctionPlace) -> None:
    job = place.invoke()
    assert place.play(job, place.begin(job)) == "finished"
    # Behind the last line there is only the end of the last request.
    on_lines = place.asked - 1
    assert place.resume(job) == {"next": "finish"}
    place.finish(job)

    usage = place.stored(job).usage
    assert usage.lambda_gb_s == pytest.approx(on_lines)
    # The worker; of the broker "open", a request for each call, and "finish".
    assert usage.lambda_requests == 1 + 1 + CALLS + 1
    # The start, Begin, Prepare, Decide, Run, Read, Outcome, Finish.
    assert usage.state_transitions == 8


def test_what_a_function_consumed_that_waited_is_on_its_account(place: FunctionPlace) -> None:
    place.tasks.at_once = False
    job = place.invoke()
    assert place.play(job, place.begin(job)) == "suspended"
    place.park(job)
    assert place.resume(job, turn=1) == {"next": "wait"}
    place.park(job)
    for arn in place.tasks.unfinished():
        place.tasks.run(arn)
    place.tasks.at_once = True
    assert place.play(job, place.resume(job, turn=2)) == "finished"
    assert place.resume(job) == {"next": "finish"}
    place.finish(job)

    usage = place.stored(job).usage
    assert usage.lambda_gb_s >= place.asked - 5
    # The start, Begin, Finish; twice Prepare, Decide, Run, Read, Outcome; Park and Again behind
    # the first of them; Prepare, Decide, Park, Again of the turn that only looked.
    assert usage.state_transitions == 3 + 2 * 5 + 2 + 4
    # Two workers; `resume` and `park` twice; of the broker twice "open", a request for each call,
    # and "finish".
    assert usage.lambda_requests == 2 + 4 + 2 + CALLS + 1


def test_a_call_costs_two_lines_and_one_read_of_the_job(place: FunctionPlace) -> None:
    job = place.invoke()
    begun = place.begin(job)
    broker = place.broker()
    run = loop(job.id, begun, calls=2)
    request = run.send(broker.answer(next(run)))
    request = run.send(broker.answer(request))
    writes, reads = place.journal.writes, place.journal.reads
    jobs_read, jobs_written = place.ledger.reads, place.ledger.writes

    broker.answer(request)

    assert place.journal.writes - writes == 2
    assert place.journal.reads == reads
    assert place.ledger.writes == jobs_written
    assert place.ledger.reads - jobs_read == 1


def test_a_function_waits_without_a_process_and_is_woken_by_the_last_of_its_tasks(
    place: FunctionPlace,
) -> None:
    place.tasks.at_once = False
    job = place.invoke(device="ion-11")
    assert place.play(job, place.begin(job)) == "suspended"

    assert place.resume(job, turn=1) == {"next": "wait"}
    assert "1 tasks" in place.park(job)
    assert place.hear(place.tasks.poll(place.tasks.unfinished()[0])) == "not over yet"
    state = place.tasks.run(place.tasks.unfinished()[0])
    assert place.hear(state) == "answered"
    assert place.hear(state) == "answered before"

    assert place.resume(job, turn=2)["next"] == "run"
    assert len(place.tasks.made) == 1
    assert not place.ledger.slots("ion-11")


def test_tasks_that_end_before_anybody_waits_wake_the_execution_at_once(
    place: FunctionPlace,
) -> None:
    place.tasks.at_once = False
    job = place.invoke()
    assert place.play(job, place.begin(job)) == "suspended"
    state = place.tasks.run(place.tasks.unfinished()[0])
    assert place.hear(state) == "nobody waits"

    assert place.park(job) == "nothing"
    assert "token" in place.workflows.answers


def test_the_same_output_whether_or_not_it_was_suspended(place: FunctionPlace) -> None:
    job = place.invoke()
    place.play(job, place.begin(job))
    other = FunctionPlace()
    other.tasks.at_once = False
    slow = other.invoke()
    begun = other.begin(slow)
    turn = 0
    while other.play(slow, begun) == "suspended":
        other.tasks.run(other.tasks.unfinished()[0])
        turn += 1
        begun = other.resume(slow, turn=turn)

    assert turn == CALLS
    assert output(other, slow) == output(place, job)


def test_a_run_is_fenced_once_another_has_begun(place: FunctionPlace) -> None:
    job = place.invoke()
    first = loop(job.id, place.begin(job))
    broker = place.broker()
    request = first.send(broker.answer(next(first)))
    second = place.resume(job, turn=1, crash={"Error": "Runtime.ExitError"})

    assert drive_on(first, request, broker) == "refused: fenced"
    assert not place.tasks.made
    assert place.play(job, second, broker) == "finished"


def drive_on(run, request, broker):  # type: ignore[no-untyped-def]
    try:
        while True:
            request = run.send(broker.answer(request))
    except StopIteration as end:
        return end.value


def test_a_wrong_ticket_gets_nothing(place: FunctionPlace) -> None:
    job = place.invoke()
    begun = place.begin(job)

    answer = place.broker().answer(
        {"job_id": job.id, "run": begun["run"], "ticket": "guessed", "tail": 1, "op": "open"}
    )

    assert answer["refused"]["code"] == "fenced"


def test_a_run_of_an_adopted_job_is_fenced_before_it_spends(place: FunctionPlace) -> None:
    job = place.invoke()
    run = loop(job.id, place.begin(job))
    broker = place.broker()
    request = run.send(broker.answer(next(run)))
    other = place.peer()
    other.promote()
    other.adopt()

    assert drive_on(run, request, broker) == "refused: fenced"
    assert not place.tasks.made
    adopted = other.stored(job)
    assert other.play(adopted, other.resume(adopted)) == "finished"


def test_a_simulators_call_is_made_anew_when_its_region_is_lost(place: FunctionPlace) -> None:
    place.tasks.at_once = False
    job = place.invoke()
    assert place.play(job, place.begin(job)) == "suspended"
    other = place.peer()
    other.promote()
    other.adopt()
    place.tasks.away.add("us-east-1")
    place.tasks.at_once = True
    adopted = other.stored(job)

    assert other.resume(adopted) == {"next": "wait"}
    begun = other.resume(adopted, turn=1)

    assert begun["next"] == "run"
    assert other.play(adopted, begun) == "finished"
    assert [task.region for task in place.tasks.made] == ["us-east-1"] + ["us-west-2"] * CALLS


def test_a_qpus_call_is_never_made_anew(place: FunctionPlace) -> None:
    place.tasks.at_once = False
    job = place.invoke(device="ion-11")
    assert place.play(job, place.begin(job)) == "suspended"
    other = place.peer()
    other.promote()
    other.adopt()
    place.tasks.away.add("us-east-1")
    adopted = other.stored(job)

    for turn in range(5):
        assert other.resume(adopted, turn=turn) == {"next": "wait"}
    assert "does not answer" in (other.stored(job).waiting_for or "")
    place.tasks.away.clear()
    place.tasks.run(place.tasks.unfinished()[0])

    assert other.resume(adopted, turn=6)["next"] == "run"
    assert len(place.tasks.made) == 1
    assert other.stored(job).waiting_for is None


def test_a_job_that_is_to_be_cancelled_makes_no_further_call(place: FunctionPlace) -> None:
    place.tasks.at_once = False
    job = place.invoke(device="ion-11")
    broker = place.broker()
    run = loop(job.id, place.begin(job))
    request = run.send(broker.answer(next(run)))
    assert drive_on(run, request, broker) == "suspended"
    stored = place.stored(job)
    place.ledger.replace(stored, stored.moved(place.clock(), cancel_requested=True))

    assert broker.answer(request)["refused"]["code"] == "job-cancelled"
    assert place.park(job) == "nothing"
    with pytest.raises(JobCancelled):
        place.resume(job, turn=1)
    assert place.tasks.states() == [TaskStatus.CANCELLED]
    assert place.finish(job, {"Error": "JobCancelled", "Cause": ""}) == "cancelled"
    assert place.lines(job)[-1].ended == "cancelled"
    assert not place.ledger.slots("ion-11")


def test_the_cap_pauses_the_job_before_the_call_that_would_pass_it(place: FunctionPlace) -> None:
    job = place.invoke(max_cost_usd=1.0)
    begun = place.begin(job)

    assert place.play(job, begun) == "suspended"

    paused = place.stored(job)
    assert paused.status is JobStatus.PAUSED
    assert "max_cost_usd" in (paused.waiting_for or "")
    spent = place.lines(job)[-1].spent_usd
    made = len(place.tasks.made)
    assert 0 < spent <= 1.0
    assert paused.needs_usd is not None and paused.needs_usd > 1.0
    assert f"of at least {paused.needs_usd:.2f}" in (paused.waiting_for or "")
    assert place.park(job) == "nothing"
    assert place.resume(job, turn=1) == {"next": "leave"}
    assert place.adopt() == {"adopted": 0, "failed": 0}

    assert paused.function is not None
    raised = paused.function.model_copy(update={"max_cost_usd": 10.0})
    place.ledger.replace(
        paused, paused.moved(place.clock(), JobStatus.QUEUED, function=raised, waiting_for=None)
    )
    assert place.play(job, place.begin(job)) == "finished"
    assert len(place.tasks.made) == CALLS
    assert made < CALLS
    assert place.lines(job)[-1].spent_usd == pytest.approx(
        sum(0.3 + 0.01 * task.shots for task in place.tasks.made)
    )


def test_the_tenants_cap_is_shared_by_its_functions(place: FunctionPlace) -> None:
    place.monthly_cap = 2.5
    first, second = place.invoke("first"), place.invoke("second")
    assert place.play(first, place.begin(first)) == "finished"
    assert place.play(second, place.resume(second)) == "suspended"

    assert place.stored(second).status is JobStatus.PAUSED
    assert "tenant" in (place.stored(second).waiting_for or "")
    assert place.journal.spent("acme", "2026-01") <= 2.5


def test_a_call_that_ends_in_the_next_month_counts_for_the_one_that_it_was_made_in(
    place: FunctionPlace,
) -> None:
    place.monthly_cap, place.tasks.at_once = 100.0, False
    place.clock.advance(timedelta(days=30, hours=11, minutes=59))
    job = place.invoke(accepted_at=place.clock(), deadline=place.clock() + timedelta(days=2))
    assert place.play(job, place.begin(job)) == "suspended"
    assert place.journal.spent("acme", "2026-01") == pytest.approx(0.4)
    place.clock.advance(timedelta(minutes=10))
    place.tasks.fail(place.tasks.unfinished()[0], "out of order")

    assert place.resume(job, turn=1)["next"] == "run"

    assert place.journal.spent("acme", "2026-01") == pytest.approx(0.0)
    assert place.journal.spent("acme", "2026-02") == pytest.approx(0.0)


def kept_once(place: FunctionPlace, data: bytes) -> BlobRef:
    """A payload that one region only has."""
    digest = hashlib.sha256(data).hexdigest()
    place.blobs.stored[digest] = data
    return BlobRef(sha256=digest, size=len(data), single_copy=True)


def test_a_call_whose_programs_are_in_a_lost_region_waits_for_them_and_says_so(
    place: FunctionPlace,
) -> None:
    place.tasks.at_once = False
    job = place.invoke(device="sv1")
    place.tell_status("sv1", DeviceStatus.OFFLINE)
    assert place.play(job, place.begin(job)) == "suspended"
    log = place.journal.logs[job.id]
    (number,) = (n for n, line in enumerate(log) if line.call is not None)
    call = log[number].call
    programs = kept_once(place, place.blobs.get(call.programs))
    log[number] = log[number].model_copy(
        update={"call": call.model_copy(update={"programs": programs})}
    )
    place.tell_status("sv1", DeviceStatus.ONLINE)
    place.blobs.reachable = False

    for turn in (1, 2):
        assert place.resume(job, turn=turn) == {"next": "wait"}
        assert place.stored(job).waiting_for == "the job's payloads are out of reach"
        assert place.park(job) == "a device that takes tasks"
    assert not place.tasks.made

    place.blobs.reachable, place.tasks.at_once = True, True
    assert place.resume(job, turn=3) == {"next": "wait"}
    assert place.stored(job).waiting_for is None
    assert place.play(job, place.resume(job, turn=4)) == "finished"


def test_a_run_that_would_begin_with_what_is_in_a_lost_region_waits_for_it(
    place: FunctionPlace,
) -> None:
    job = place.invoke(inputs=kept_once(place, b'{"calls": 4}'))
    place.dispatch()
    place.blobs.reachable = False

    for turn in (0, 1):
        assert place.resume(job, turn=turn) == {"next": "wait"}
        assert place.park(job) == "the job's payloads are out of reach"
    stored = place.stored(job)
    assert stored.waiting_for == "the job's payloads are out of reach"
    assert [event.type for event in stored.events].count("waiting") == 1

    place.blobs.reachable = True
    assert place.play(job, place.resume(job, turn=2)) == "finished"
    assert place.stored(job).waiting_for is None


def test_a_call_made_before_the_tenant_had_a_cap_gives_nothing_back(place: FunctionPlace) -> None:
    place.tasks.at_once = False
    job = place.invoke()
    assert place.play(job, place.begin(job)) == "suspended"
    place.monthly_cap = 100.0
    place.tasks.fail(place.tasks.unfinished()[0], "out of order")

    assert place.resume(job, turn=1)["next"] == "run"

    assert place.journal.spent("acme", "2026-01") == pytest.approx(0.0)


def test_a_call_that_can_never_be_made_fails_for_the_function_to_catch(
    place: FunctionPlace,
) -> None:
    job = place.invoke()
    begun = place.begin(job)
    broker = place.broker()
    run = loop(job.id, begun)
    request = run.send(broker.answer(next(run)))
    update = sample(0, 10, device="moon-1")
    answer = broker.answer({**request, "updates": [update]})

    (operation,) = answer["operations"]
    assert operation["Status"] == "FAILED"
    error = operation["ChainedInvokeDetails"]["Error"]
    assert error["ErrorType"] == "CallFailed"
    assert "sv1" in error["ErrorMessage"]
    again = place.resume(job, turn=1, crash={"Error": "Runtime.ExitError"})
    opened = broker.answer(next(loop(job.id, again)))
    assert opened["operations"][0] == operation | {
        "StartTimestamp": opened["operations"][0]["StartTimestamp"],
        "EndTimestamp": opened["operations"][0]["EndTimestamp"],
    }


def test_a_failed_task_fails_its_call_and_cancels_the_others(place: FunctionPlace) -> None:
    place.tasks.at_once = False
    job = place.invoke()
    broker = place.broker()
    run = loop(job.id, place.begin(job))
    request = run.send(broker.answer(next(run)))
    broker.answer({**request, "updates": [sample(0, 10, count=3)]})
    place.tasks.fail(place.tasks.unfinished()[1], "too warm")

    assert place.resume(job, turn=1)["next"] == "run"

    assert sorted(place.tasks.states()) == ["CANCELLED", "CANCELLED", "FAILED"]
    result = place.lines(job)[-2].result
    assert result is not None and result.error is not None
    assert "too warm" in result.error["message"]
    assert place.lines(job)[-1].spent_usd == pytest.approx(2 * 0.4)


def test_a_call_of_more_tasks_than_the_device_takes_is_made_bit_by_bit(
    place: FunctionPlace,
) -> None:
    place.tasks.at_once = False
    job = place.invoke(device="square-20")
    broker = place.broker()
    run = loop(job.id, place.begin(job))
    request = run.send(broker.answer(next(run)))
    broker.answer({**request, "updates": [sample(0, 10, count=5)]})
    assert len(place.tasks.made) == 2

    turn = 0
    while place.tasks.unfinished():
        for arn in place.tasks.unfinished():
            place.tasks.run(arn)
        turn += 1
        answer = place.resume(job, turn=turn)

    assert answer["next"] == "run"
    assert len(place.tasks.made) == 5
    assert not place.ledger.slots("square-20")


def test_an_offline_device_keeps_the_call_waiting_until_it_is_back(place: FunctionPlace) -> None:
    arn = place.settings.device("ion-11").arn  # type: ignore[union-attr]
    place.tasks.offline.add(arn)
    job = place.invoke(device="ion-11")

    assert place.play(job, place.begin(job)) == "suspended"

    assert place.stored(job).waiting_for == "device ion-11 is offline"
    assert place.resume(job, turn=1) == {"next": "wait"}
    assert place.park(job) == "a device that takes tasks"
    place.tasks.offline.clear()
    place.clock.advance(timedelta(minutes=1))
    assert place.resume(job, turn=2) == {"next": "wait"}
    assert place.resume(job, turn=3)["next"] == "run"
    assert len(place.tasks.made) == 1


def test_runs_that_come_to_nothing_end_the_job(place: FunctionPlace) -> None:
    job = place.invoke()
    place.begin(job)
    crash = {"Error": "function-crashed", "Cause": "exit status 3"}
    place.resume(job, turn=1, crash=crash)
    place.resume(job, turn=2, crash=crash)

    with pytest.raises(JobFailed, match=r"function-crashed.*exit status 3"):
        place.resume(job, turn=3, crash=crash)


def test_a_repeated_turn_and_a_lost_platform_are_not_held_against_the_function(
    place: FunctionPlace,
) -> None:
    job = place.invoke()
    place.begin(job)
    for _ in range(10):
        place.resume(job, turn=1, crash={"Error": "function-crashed"})
    for turn in range(2, 10):
        place.resume(job, turn=turn, crash={"Error": "broker-unreachable"})


def test_a_run_that_got_further_counts_anew(place: FunctionPlace) -> None:
    job = place.invoke()
    begun = place.begin(job)
    broker = place.broker()
    for turn in range(1, 3):
        begun = place.resume(job, turn=turn, crash={"Error": "function-crashed"})
    run = loop(job.id, begun)
    run.send(broker.answer(run.send(broker.answer(next(run)))))

    for turn in range(3, 6):
        place.resume(job, turn=turn, crash={"Error": "function-crashed"})


def test_a_function_that_is_out_of_time_fails_and_its_tasks_are_cancelled(
    place: FunctionPlace,
) -> None:
    place.tasks.at_once = False
    job = place.invoke()
    assert place.play(job, place.begin(job)) == "suspended"
    place.clock.advance(timedelta(hours=2))

    with pytest.raises(JobFailed, match="function-timed-out"):
        place.resume(job, turn=1)
    assert place.tasks.states() == [TaskStatus.CANCELLED]
    place.sweep()
    assert place.stored(job).error.code is ErrorCode.FUNCTION_TIMED_OUT  # type: ignore[union-attr]


def test_what_the_function_says_of_its_failure_outlives_its_worker(place: FunctionPlace) -> None:
    job = place.invoke()
    begun = place.begin(job)
    broker = place.broker()
    run = loop(job.id, begun)
    request = run.send(broker.answer(next(run)))
    error = {"code": "function-failed", "message": "ValueError: no", "remedy": "Correct it."}
    broker.answer({**request, "op": "fail", "error": error, "output": "Traceback …"})

    with pytest.raises(JobFailed, match=r"function-failed\|ValueError: no\|Correct it."):
        place.resume(job, turn=1, crash={"Error": "Runtime.ExitError"})
    assert place.lines(job)[-1].output == "Traceback …"


def test_a_result_that_was_written_down_outlives_its_worker(place: FunctionPlace) -> None:
    job = place.invoke()
    begun = place.begin(job)
    broker = place.broker()
    run = loop(job.id, begun, calls=0)
    request = run.send(broker.answer(next(run)))
    kept = place.ledger
    place.ledger = Deaf(kept)  # type: ignore[assignment]
    with pytest.raises(RuntimeError):
        place.broker().answer(request)
    place.ledger = kept
    assert place.stored(job).result is None

    assert place.resume(job, turn=1, crash={"Error": "Runtime.ExitError"}) == {"next": "finish"}
    assert output(place, job) == []


class Deaf:
    """A ledger that takes no writes of jobs."""

    def __init__(self, ledger: object) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> object:
        if name == "replace":
            raise RuntimeError("gone")
        return getattr(self._ledger, name)


def test_many_turns_go_on_in_another_execution(place: FunctionPlace) -> None:
    job = place.invoke()
    place.begin(job)

    assert place.resume(job, turn=LOOPS_MAX) == {"next": "leave"}

    assert place.stored(job).attempt == 2
    assert place.stored(job).execution_name in place.workflows.executions
    begun = place.resume(place.stored(job))
    assert place.play(job, begun) == "finished"


def test_an_execution_that_was_taken_for_dead_is_fenced(place: FunctionPlace) -> None:
    job = place.invoke()
    place.dispatch()
    running = place.stored(job)
    place.workflows.ended.add(running.execution_name)
    place.clock.advance(timedelta(minutes=11))
    assert place.sweep()["restarted"] == 1

    with pytest.raises(Fenced):
        place.resume(running)


def cancelled(place: FunctionPlace, job: Job) -> Job:
    return cancel_job(
        Principal(tenant=job.tenant, key_id="0a1b2c3d", role=Role.USER),
        job.id,
        ledger=place.ledger,
        tasks=lambda: place.tasks,
        clock=place.clock,
        region=place.settings.region,
        pair=lambda within_s=0.0: place.ledger.pair_record,
        spent=Usage,
        journal=lambda: place.journal,
    )


def test_a_paused_job_is_cancelled_at_once(place: FunctionPlace) -> None:
    job = place.invoke(max_cost_usd=0.1)
    assert place.play(job, place.begin(job)) == "suspended"

    assert cancelled(place, job).status is JobStatus.CANCELLED


def test_a_cancellation_reaches_the_tasks_and_their_ends_wake_the_execution(
    place: FunctionPlace,
) -> None:
    place.tasks.at_once = False
    job = place.invoke(device="ion-11")
    assert place.play(job, place.begin(job)) == "suspended"
    place.park(job)

    assert cancelled(place, job).cancel_requested

    assert place.tasks.states() == [TaskStatus.CANCELLED]
    arn = place.tasks.cancelled[0]
    assert place.hear(place.tasks.poll(arn)) == "answered"
    with pytest.raises(JobCancelled):
        place.resume(job, turn=1)


def test_a_paused_job_waits_for_its_owner_until_its_time_is_over(place: FunctionPlace) -> None:
    job = place.invoke(max_cost_usd=0.1)
    place.play(job, place.begin(job))
    place.clock.advance(timedelta(minutes=11))
    assert place.sweep()["fine"] == 1
    assert place.stored(job).status is JobStatus.PAUSED
    place.clock.advance(timedelta(hours=1))
    place.sweep()

    assert place.stored(job).error.code is ErrorCode.FUNCTION_TIMED_OUT  # type: ignore[union-attr]


def test_a_waiting_function_is_dispatched_by_its_own_queue(place: FunctionPlace) -> None:
    job = place.invoke()

    assert place.dispatch(queues={"sv1", "any"}) == []
    assert place.dispatch(queues={"functions"}) == [job.id]
    assert place.dispatch(queues={"functions"}) == []
    assert place.stored(job).status is JobStatus.EXECUTING


def test_a_place_of_a_job_that_is_over_is_freed(place: FunctionPlace) -> None:
    job = place.invoke()
    place.ledger.acquire_slot("ion-11", f"{job.id}/3/0", 2)
    place.dispatch(queues={"functions"})
    assert place.ledger.slots("ion-11") == {f"{job.id}/3/0"}
    cancelled(place, job)
    running = place.stored(job)
    place.finish(running, {"Error": "JobCancelled", "Cause": ""})

    place.dispatch()

    assert not place.ledger.slots("ion-11")


def test_a_function_that_ends_though_one_of_its_calls_was_too_dear_has_ended(
    place: FunctionPlace,
) -> None:
    job = place.invoke(max_cost_usd=0.1)
    broker = place.broker()
    run = loop(job.id, place.begin(job))
    request = run.send(broker.answer(next(run)))
    answer = broker.answer(request)
    assert place.stored(job).status is JobStatus.PAUSED

    ended = {**request, "tail": answer["tail"], "op": "finish", "value": "[]"}
    assert broker.answer(ended)["tail"] == answer["tail"] + 1
    assert broker.answer(ended)["tail"] == answer["tail"] + 1
    assert place.resume(job, turn=1) == {"next": "finish"}
    assert place.finish(job) == "succeeded"
