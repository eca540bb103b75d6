"""How many functions are at work at once, and whose turn it is."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from bellpair_core.logic.jobs import function_places
from bellpair_core.logic.jobs.dispatch_functions import in_turn
from bellpair_core.model.job import FUNCTIONS_QUEUE, Job, JobStatus
from bellpair_core.model.limits import (
    CHECK_AFTER,
    FUNCTION_PLACE_SHARDS,
    FUNCTIONS_AT_ONCE_MAX,
    FUNCTIONS_OF_TENANT_AT_ONCE_MAX,
    RESTARTS_AT_ONCE,
)
from bellpair_core.ports import WaitingJob
from tests.examples import NOON
from tests.unit.logic.functions.function_place import FunctionPlace

ION = "ion-11"


@pytest.fixture
def place() -> FunctionPlace:
    return FunctionPlace()


def waiting(number: int, tenant: str) -> WaitingJob:
    return WaitingJob(
        job_id=f"job-{number}",
        tenant=tenant,
        device="any",
        shots=0,
        num_qubits=0,
        accepted_at=NOON + timedelta(seconds=number),
    )


def invoked(place: FunctionPlace, count: int, tenant: str = "acme", **changes: object) -> list[Job]:
    """Functions of a tenant, accepted one after the other."""
    jobs = []
    for number in range(count):
        place.clock.advance(timedelta(seconds=1))
        key, at = f"{tenant} {number}", place.clock()
        jobs.append(place.invoke(key, tenant=tenant, accepted_at=at, timeout_s=36000, **changes))
    return jobs


def at_work(place: FunctionPlace) -> set[str]:
    """Ids of the functions that have a place."""
    shards = range(FUNCTION_PLACE_SHARDS)
    held = [place.ledger.slots(f"{FUNCTIONS_QUEUE}#{shard}") for shard in shards]
    return {holder.split("/")[0] for holders in held for holder in holders}


def few(monkeypatch: pytest.MonkeyPatch, in_all: int, of_tenant: int) -> None:
    """There are so few places, all of them in one item."""
    monkeypatch.setattr(function_places, "FUNCTION_PLACE_SHARDS", 1)
    monkeypatch.setattr(function_places, "_IN_ALL", in_all)
    monkeypatch.setattr(function_places, "_OF_TENANT", of_tenant)


def test_tenants_take_turns_and_their_own_functions_keep_their_order() -> None:
    queue = [waiting(n, "acme") for n in range(4)] + [waiting(n, "umbra") for n in (10, 11)]

    names = [job.job_id for job in in_turn(list(reversed(queue)), {})]

    assert names == ["job-0", "job-10", "job-1", "job-11", "job-2", "job-3"]


def test_who_has_fewer_at_work_comes_first() -> None:
    queue = [waiting(1, "acme"), waiting(2, "umbra"), waiting(3, "umbra")]

    assert [job.job_id for job in in_turn(queue, {"acme": 1})] == ["job-2", "job-1", "job-3"]


def test_a_tenant_has_its_part_of_the_places_and_leaves_the_rest_to_others(
    place: FunctionPlace,
) -> None:
    invoked(place, 2 * FUNCTIONS_OF_TENANT_AT_ONCE_MAX)
    others = invoked(place, 20, tenant="umbra")

    started = place.dispatch(queues={FUNCTIONS_QUEUE})

    whose = Counter(place.ledger.jobs[job_id].tenant for job_id in started)
    assert whose == {"acme": FUNCTIONS_OF_TENANT_AT_ONCE_MAX, "umbra": len(others)}
    assert at_work(place) == set(started)


def test_no_more_are_at_work_than_there_are_places(place: FunctionPlace) -> None:
    for tenant in ("acme", "umbra", "initech"):
        invoked(place, FUNCTIONS_OF_TENANT_AT_ONCE_MAX + 20, tenant=tenant)

    place.dispatch(queues={FUNCTIONS_QUEUE})

    running = [job for job in place.ledger.jobs.values() if job.status is JobStatus.EXECUTING]
    assert len(running) == FUNCTIONS_AT_ONCE_MAX


def test_the_end_of_one_wakes_the_queue_and_starts_the_first_that_waits(
    place: FunctionPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch, 2, 2)
    first, second, third, _ = invoked(place, 4)
    begun = place.begin(first)
    assert place.dispatch(queues={FUNCTIONS_QUEUE}) == []

    assert place.play(first, begun) == "finished"
    assert place.resume(first) == {"next": "finish"}
    assert place.finish(first) == "succeeded"

    assert place.wakeups.queues == [FUNCTIONS_QUEUE]
    assert at_work(place) == {second.id}
    assert place.dispatch(queues={FUNCTIONS_QUEUE}) == [third.id]


def test_an_end_that_nobody_can_have_waited_for_wakes_nobody(place: FunctionPlace) -> None:
    job = place.invoke()

    place.play(job, place.begin(job))
    place.finish(job)

    assert not at_work(place)
    assert place.wakeups.queues == []


def test_functions_that_wait_for_their_tasks_hold_no_place(
    place: FunctionPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch, 3, 3)
    place.tasks.at_once = False
    jobs = {job.id: job for job in invoked(place, 10, device="sv1")}
    parked: list[str] = []

    while started := place.dispatch(queues={FUNCTIONS_QUEUE}):
        assert len(started) <= 3
        for job_id in started:
            job, token = jobs[job_id], f"token {job_id}"
            assert place.play(job, place.resume(job)) == "suspended"
            assert place.park(job, token) != "nothing"
            parked.append(job_id)

    assert parked == list(jobs)
    assert len(place.workflows.waiting) == 10
    assert not at_work(place)


def test_one_that_goes_on_takes_a_place_again_and_goes_on_without_where_there_is_none(
    place: FunctionPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch, 1, 1)
    place.tasks.at_once = False
    first, second = invoked(place, 2, device="sv1")
    for job in (first, second):
        assert place.play(job, place.begin(job)) == "suspended"
        place.park(job, f"token {job.id}")
    for arn in place.tasks.unfinished():
        place.tasks.run(arn)

    assert place.resume(first, turn=1)["next"] == "run"
    assert at_work(place) == {first.id}
    assert place.resume(second, turn=1)["next"] == "run"
    assert at_work(place) == {first.id}
    invoked(place, 1, tenant="umbra")
    assert place.dispatch(queues={FUNCTIONS_QUEUE}) == []


def test_a_paused_function_leaves_its_place(
    place: FunctionPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch, 1, 1)
    job, other = place.invoke("capped", max_cost_usd=0.0), place.invoke("other")
    assert place.play(job, place.begin(job)) == "suspended"
    assert place.stored(job).status is JobStatus.PAUSED

    assert place.resume(job, turn=1) == {"next": "leave"}

    assert place.wakeups.queues == [FUNCTIONS_QUEUE]
    assert place.dispatch(queues={FUNCTIONS_QUEUE}) == [other.id]


def test_places_that_were_not_given_back_are_found(
    place: FunctionPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch, 2, 2)
    ended = place.invoke("ended")
    take = partial(place.ledger.acquire_slot, f"{FUNCTIONS_QUEUE}#0", limit=2)
    take(f"{ended.id}/acme")
    place.ledger.replace(ended, ended.moved(NOON, JobStatus.CANCELLED))
    take("job-of-nobody/acme")
    job = place.invoke("next")

    assert place.dispatch(queues={FUNCTIONS_QUEUE}) == []
    assert place.dispatch() == [job.id]
    assert at_work(place) == {job.id}


def test_who_has_a_place_and_waits_was_about_to_start(
    place: FunctionPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch, 1, 1)
    job = place.invoke()
    place.ledger.acquire_slot(f"{FUNCTIONS_QUEUE}#0", f"{job.id}/acme", 1)

    assert place.dispatch() == [job.id]


def test_a_place_taken_for_a_job_that_was_cancelled_meanwhile_is_given_back(
    place: FunctionPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = place.invoke()
    (seen,) = place.ledger.waiting(FUNCTIONS_QUEUE, 1)
    place.ledger.replace(job, job.moved(NOON, JobStatus.CANCELLED))
    monkeypatch.setattr(place.ledger, "waiting", lambda queue, limit: [seen])

    assert place.dispatch(queues={FUNCTIONS_QUEUE}) == []
    assert not at_work(place)


def test_a_function_that_rests_after_failed_executions_holds_no_place(
    place: FunctionPlace,
) -> None:
    job = place.invoke(timeout_s=36000)
    place.dispatch(queues={FUNCTIONS_QUEUE})

    for restarts in range(RESTARTS_AT_ONCE + 2):
        assert (place.stored(job).restarts, at_work(place)) == (restarts, {job.id})
        place.workflows.ended.add(place.stored(job).execution_name)
        place.clock.advance(CHECK_AFTER + timedelta(minutes=1))
        place.sweep()

    assert place.stored(job).restarts == RESTARTS_AT_ONCE + 1
    assert not at_work(place)
