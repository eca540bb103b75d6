"""What the client does when answers are lost, late, or not what was hoped for."""

from __future__ import annotations

import random

import pytest

from bellpair import AuthError, Client, RateLimited, RegionPassive, Unavailable, Unreachable
from bellpair.errors import BellpairError
from bellpair.pacing import FIRST_PAUSE
from tests.unit.sdk.conftest import BELL
from tests.unit.sdk.fake_api import KEY, OPERATOR_KEY, FakeLedger, FakeRegion, Fault, problem
from tests.unit.sdk.fake_clock import FakeClock


def test_a_lost_answer_to_a_submission_makes_one_job(
    client: Client, east: FakeRegion, west: FakeRegion, ledger: FakeLedger
) -> None:
    east.faults.append(Fault(lose_answer=True))

    job = client.submit(BELL, 100)

    assert list(ledger.jobs) == [job.id]
    posts = [seen for seen in [*east.seen, *west.seen] if seen.method == "POST"]
    assert len(posts) >= 2
    assert len({seen.headers["idempotency-key"] for seen in posts}) == 1


def test_two_submissions_are_two_jobs(client: Client, ledger: FakeLedger) -> None:
    assert client.submit(BELL, 100).id != client.submit(BELL, 100).id
    assert len(ledger.jobs) == 2


def test_a_dead_endpoint_is_left_for_the_other_at_once_and_for_good(
    dead_url: str, west: FakeRegion, ledger: FakeLedger, clock: FakeClock
) -> None:
    ledger.active = "us-west-2"
    told: list[BellpairError] = []
    client = Client(
        [dead_url, west.url], KEY, clock=clock, on_retry=lambda error, _: told.append(error)
    )

    with client:
        client.submit(BELL, 100)
        client.devices()

    assert clock.sleeps == []
    assert west.paths() == ["POST /v1/jobs", "GET /v1/devices"]
    assert len(told) == 1, "the second request must not have tried the dead endpoint again"
    assert isinstance(told[0], Unreachable)


def test_a_silent_endpoint_leaves_time_for_the_other(
    silent_url: str, west: FakeRegion, ledger: FakeLedger, clock: FakeClock
) -> None:
    ledger.active = "us-west-2"
    with Client([silent_url, west.url], KEY, timeout=0.6, clock=clock) as client:
        job = client.submit(BELL, 100)
    assert job.id in ledger.jobs


def test_the_passive_region_sends_the_client_to_the_active_one_where_it_stays(
    client: Client, east: FakeRegion, west: FakeRegion, ledger: FakeLedger
) -> None:
    ledger.active = "us-west-2"

    client.submit(BELL, 100)
    client.submit(BELL, 100)

    assert east.paths() == ["POST /v1/jobs"]
    assert west.paths() == ["POST /v1/jobs", "POST /v1/jobs"]


def test_a_pair_without_an_active_half_names_the_region_that_should_be(
    lone_client: Client, ledger: FakeLedger
) -> None:
    ledger.active = "us-west-2"
    with pytest.raises(RegionPassive) as caught:
        lone_client.submit(BELL, 100)
    assert caught.value.active_region == "us-west-2"
    assert caught.value.code == "region-passive"


def test_while_the_active_half_is_down_its_failure_is_what_gets_reported(
    dead_url: str, west: FakeRegion, clock: FakeClock
) -> None:
    pair = [dead_url, west.url]
    with Client(pair, KEY, timeout=3, clock=clock) as client, pytest.raises(Unreachable) as caught:
        client.submit(BELL, 100)
    assert dead_url in str(caught.value)
    assert len(west.seen) > 1, "the other half must be asked again: it may have been promoted"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_passing_troubles_are_retried(
    lone_client: Client, east: FakeRegion, clock: FakeClock, status: int
) -> None:
    east.faults.extend([Fault(status), Fault(status)])

    assert lone_client.devices()

    assert len(clock.sleeps) == 2
    assert 0 <= clock.sleeps[0] <= FIRST_PAUSE
    assert 0 <= clock.sleeps[1] <= 2 * FIRST_PAUSE


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 500, 501])
def test_lasting_troubles_are_not_retried(
    client: Client, east: FakeRegion, west: FakeRegion, clock: FakeClock, status: int
) -> None:
    east.faults.append(Fault(status))
    with pytest.raises(BellpairError):
        client.devices()
    assert (len(east.seen), len(west.seen), clock.sleeps) == (1, 0, [])


def test_retry_after_in_seconds_is_the_least_wait(
    lone_client: Client, east: FakeRegion, clock: FakeClock
) -> None:
    east.faults.append(Fault(429, headers={"Retry-After": "7"}))
    lone_client.devices()
    (pause,) = clock.sleeps
    assert 7 <= pause <= 7 + FIRST_PAUSE


def test_retry_after_as_a_date_is_the_least_wait(
    lone_client: Client, east: FakeRegion, clock: FakeClock
) -> None:
    # The fake clock starts at 2026-01-01 12:00:00 UTC.
    east.faults.append(Fault(503, headers={"Retry-After": "Thu, 01 Jan 2026 12:00:09 GMT"}))
    lone_client.devices()
    (pause,) = clock.sleeps
    assert 9 <= pause <= 9 + FIRST_PAUSE


@pytest.mark.parametrize("nonsense", ["soon", "-5", "", "nan", "inf"])
def test_a_retry_after_without_sense_does_no_harm(
    lone_client: Client, east: FakeRegion, clock: FakeClock, nonsense: str
) -> None:
    east.faults.append(Fault(503, headers={"Retry-After": nonsense}))
    lone_client.devices()
    (pause,) = clock.sleeps
    assert 0 <= pause <= FIRST_PAUSE


def test_a_wish_beyond_the_deadline_is_reported_instead_of_waited_for(
    lone_client: Client, east: FakeRegion, clock: FakeClock
) -> None:
    east.faults.append(Fault(429, problem(429, "too-many", "Slow."), {"Retry-After": "3600"}))
    with pytest.raises(RateLimited) as caught:
        lone_client.devices()
    assert caught.value.retry_after == 3600
    assert clock.sleeps == []


def test_a_throttled_client_waits_and_stays_where_it_is(
    client: Client, east: FakeRegion, west: FakeRegion, clock: FakeClock
) -> None:
    east.faults.append(Fault(429, problem(429, "throttled", "Slow."), {"Retry-After": "1"}))

    client.devices()

    assert (len(east.seen), west.seen) == (2, [])
    assert len(clock.sleeps) == 1


def test_retries_end_at_the_deadline(
    lone_client: Client, east: FakeRegion, clock: FakeClock
) -> None:
    east.faults.extend([Fault(503)] * 1000)
    with pytest.raises(Unavailable):
        lone_client.devices()
    assert 20 < clock.now < 30
    assert max(clock.sleeps) <= 5


def test_pauses_differ_between_clients(east: FakeRegion) -> None:
    pauses = []
    for seed in (1, 2):
        east.faults.extend([Fault(503)] * 3)
        clock = FakeClock()
        with Client([east.url], KEY, clock=clock, chance=random.Random(seed)) as client:
            client.devices()
        pauses.append(clock.sleeps)
    assert pauses[0] != pauses[1]


def test_a_tenant_is_not_made_again_when_the_answer_is_lost(
    east: FakeRegion, ledger: FakeLedger, clock: FakeClock
) -> None:
    east.faults.append(Fault(lose_answer=True))
    with Client([east.url], OPERATOR_KEY, clock=clock) as operator, pytest.raises(Unreachable):
        operator.create_tenant("acme")
    assert ledger.tenants == ["acme"]


def test_a_tenant_is_made_through_the_active_region(
    east: FakeRegion, west: FakeRegion, ledger: FakeLedger
) -> None:
    ledger.active = "us-west-2"
    with Client([east.url, west.url], OPERATOR_KEY) as operator:
        assert operator.create_tenant("acme", "tenant-admin").role == "tenant-admin"
    assert ledger.tenants == ["acme"]


def test_without_a_key_nothing_is_sent(east: FakeRegion) -> None:
    with Client([east.url], None) as client, pytest.raises(AuthError, match="BELLPAIR_API_KEY"):
        client.devices()
    assert east.seen == []


def test_redirects_are_not_followed_with_the_key(
    lone_client: Client, east: FakeRegion, west: FakeRegion
) -> None:
    east.faults.append(Fault(302, headers={"Location": f"{west.url}/v1/devices"}))
    with pytest.raises(BellpairError):
        lone_client.devices()
    assert west.seen == []


def test_connections_are_kept_alive(lone_client: Client, east: FakeRegion) -> None:
    for _ in range(3):
        lone_client.devices()
    assert len({seen.client for seen in east.seen}) == 1
