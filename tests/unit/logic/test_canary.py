"""Canaries tell a region that runs no jobs from one that is only slow or whose device ails."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bellpair_core.logic.pair.watch_peer import Round, Verdict, Watch
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.pair import Order
from bellpair_core.model.tenant import CANARY_TENANT
from tests.examples import ACME, job_example
from tests.unit.logic.two_sentinels import EAST, SENTINEL, WEST, TwoSentinels

LIMIT = int(SENTINEL.canary_limit_s)
EVERY = int(SENTINEL.canary_s)


@pytest.fixture
def pair() -> TwoSentinels:
    both = TwoSentinels(canaries=True)
    both.pass_time(2)
    return both


def canaries(pair: TwoSentinels) -> list[Job]:
    return [job for job in pair.ledger.jobs.values() if job.tenant == CANARY_TENANT]


def move(pair: TwoSentinels, job: Job, *statuses: JobStatus) -> None:
    """What the active region does to a job."""
    for status in statuses:
        old = pair.ledger.jobs[job.id]
        pair.ledger.replace(old, old.moved(pair.clock(), status))


def serve(pair: TwoSentinels, seconds: int) -> list[Round]:
    """Let time pass in which the active region ends each canary within a second or two."""
    found: list[Round] = []
    for _ in range(seconds):
        found += pair.pass_time(1)
        for job in canaries(pair):
            if not job.status.terminal:
                move(pair, job, JobStatus.CANCELLED)
    return found


def test_a_canary_is_a_tiny_job_for_the_active_region(pair: TwoSentinels) -> None:
    pair.pass_time(5)

    (job,) = canaries(pair)
    assert job.id.startswith("job-canary-1-")
    assert (job.epoch, job.region, job.device) == (1, EAST, "sv1")
    assert (job.shots, job.num_qubits, job.status) == (10, 2, JobStatus.QUEUED)
    assert pair.west.peer_wakeups.queues == ["sv1"]


def test_canaries_come_at_their_pace_and_only_from_the_passive_region(pair: TwoSentinels) -> None:
    found = serve(pair, 5 * EVERY)

    assert len(canaries(pair)) in (5, 6)
    assert pair.east.peer_wakeups.queues == []
    assert {one.verdict for one in found} == {Verdict.ALIVE}
    took = [one.canary_s for one in found if one.canary_s is not None]
    assert len(took) == len(canaries(pair))
    assert set(took) <= {1.0, 2.0}


def test_tenants_do_not_see_canaries(pair: TwoSentinels) -> None:
    pair.pass_time(5)

    assert canaries(pair)
    assert pair.ledger.jobs_of(ACME, limit=10).jobs == ()


def test_two_sentinels_at_once_send_one_canary(pair: TwoSentinels) -> None:
    second = Watch(SENTINEL)

    for _ in range(10):
        pair.pass_time(1)
        pair.west.probe(second)

    assert len(canaries(pair)) == 1


def test_a_region_that_runs_no_job_is_replaced(pair: TwoSentinels) -> None:
    found = pair.pass_time(LIMIT + SENTINEL.confirm_n + 2)

    (order,) = pair.west.orders
    assert order.stuck
    assert "canary" in order.reason
    stuck = [one for one in found if one.verdict is Verdict.STUCK]
    assert len(stuck) >= SENTINEL.confirm_n
    # The alarm looks at how long a canary is out that does not come to its end.
    assert all((one.canary_s or 0) >= LIMIT for one in stuck)


def test_a_region_whose_own_api_is_down_replaces_no_stuck_one(pair: TwoSentinels) -> None:
    pair.pass_time(5)
    pair.west.api = False

    found = pair.pass_time(LIMIT + 5 * SENTINEL.confirm_n)

    assert pair.west.orders == []
    assert found[-1].verdict is Verdict.UNSURE


def test_nobody_is_replaced_before_the_limit(pair: TwoSentinels) -> None:
    assert {one.verdict for one in pair.pass_time(LIMIT - 1)} == {Verdict.ALIVE}


def test_a_canary_that_fails_shows_a_region_that_works(pair: TwoSentinels) -> None:
    pair.pass_time(10)
    move(pair, canaries(pair)[0], JobStatus.FAILED)

    found = pair.pass_time(EVERY - 15)

    assert {one.verdict for one in found} == {Verdict.ALIVE}


def test_a_canary_that_comes_forward_is_given_its_time_again(pair: TwoSentinels) -> None:
    pair.pass_time(LIMIT - 5)
    (job,) = canaries(pair)
    move(pair, job, JobStatus.COMPILING)

    assert {one.verdict for one in pair.pass_time(LIMIT - 5)} == {Verdict.ALIVE}
    pair.pass_time(10)
    assert pair.west.orders[0].stuck


def test_a_region_that_is_slow_with_many_jobs_is_not_stuck(pair: TwoSentinels) -> None:
    for number in range(200):
        pair.ledger.insert(job_example(str(number)))
    others = iter([job for job in pair.ledger.jobs.values() if job.tenant == ACME])

    for _ in range(150):
        (found,) = pair.pass_time(1)
        assert found.verdict is Verdict.ALIVE
        move(pair, next(others), JobStatus.CANCELLED)

    assert pair.west.orders == []


def test_jobs_that_only_come_in_do_not_show_a_region_that_works(pair: TwoSentinels) -> None:
    for number in range(LIMIT + 10):
        pair.ledger.insert(job_example(str(number)))
        pair.pass_time(1)

    assert pair.west.orders


def test_a_lost_wake_up_of_a_canary_is_repeated(pair: TwoSentinels) -> None:
    pair.pass_time(LIMIT)

    assert 3 <= len(pair.west.peer_wakeups.queues) <= 5


@pytest.mark.parametrize("ails", ["breaker", "waiting"])
def test_a_device_that_ails_is_not_its_region(pair: TwoSentinels, ails: str) -> None:
    pair.pass_time(3)
    (job,) = canaries(pair)
    if ails == "breaker":
        breaker = pair.ledger.breaker("sv1")
        pair.ledger.replace_breaker(breaker, breaker.failed(pair.clock(), "offline"))
    else:
        pair.ledger.replace(job, job.moved(pair.clock(), waiting_for="the device service"))

    assert {one.verdict for one in pair.pass_time(3 * LIMIT)} == {Verdict.ALIVE}


def operation() -> Order:
    return Order.model_validate(
        {"id": "switchover-1-x", "kind": "switchover", "by": "o/k", "reason": "r", "epoch": 1}
    )


def test_a_canary_that_met_a_pause_says_nothing(pair: TwoSentinels) -> None:
    pair.pass_time(10)
    paused = pair.ledger.pair_record.paused(pair.clock(), operation().operation(pair.clock()))
    pair.ledger.pair_record = paused
    pair.pass_time(10)
    pair.ledger.pair_record = paused.resumed(pair.clock(), operation().operation(pair.clock()))

    found = pair.pass_time(EVERY - 20)

    assert {one.verdict for one in found} == {Verdict.ALIVE}


def test_no_canary_is_sent_into_a_pause() -> None:
    pair = TwoSentinels(canaries=True)
    pair.ledger.pair_record = pair.ledger.pair_record.paused(
        pair.clock(), operation().operation(pair.clock())
    )

    pair.pass_time(2 * EVERY)

    assert canaries(pair) == []


def test_a_region_that_was_promoted_is_judged_by_canaries_of_its_own_epoch(
    pair: TwoSentinels,
) -> None:
    pair.pass_time(LIMIT + 5)
    record = pair.ledger.pair_record
    pair.ledger.pair_record = record.promoted(pair.clock(), operation().operation(pair.clock()))

    found = pair.pass_time(5)

    assert {one.verdict for one in found} == {Verdict.ALIVE}
    assert {job.region for job in canaries(pair) if job.epoch == 2} == {WEST}
    assert pair.east.orders == []


def test_a_stage_without_a_simulator_has_no_canaries() -> None:
    pair = TwoSentinels(canaries=False)

    pair.pass_time(2 * EVERY)

    assert canaries(pair) == []


def test_a_sentinel_that_begins_goes_on_with_the_canary_that_is_out(pair: TwoSentinels) -> None:
    pair.pass_time(5)
    pair.west.watch = Watch(SENTINEL)
    pair.clock.advance(timedelta(seconds=1))

    pair.pass_time(LIMIT + 6)

    assert len(canaries(pair)) == 1
    assert pair.west.orders[0].stuck
