"""What is held against a device, who writes it, and whom it keeps away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bellpair_core.logic.devices.device_breaker import (
    Breakers,
    breakers,
    note_failure,
    note_success,
    unreachable_devices,
)
from bellpair_core.logic.jobs.choose_device import DeviceLoad
from bellpair_core.logic.jobs.dispatch_policy import Start, choose
from bellpair_core.model.breaker import Breaker, BreakerState
from bellpair_core.model.device import DeviceKind, DeviceStatus
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.limits import BREAKER_FAILURES, BREAKER_PAUSE, CACHE_SECONDS
from bellpair_core.ports import WaitingJob
from bellpair_core.settings import DeviceSetting
from tests.examples import NOON, device_example
from tests.fakes import FakeClock, FakeTasks, MemoryLedger


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


def opened(ledger: MemoryLedger, clock: FakeClock, device: str = "qpu") -> Breaker:
    return note_failure(ledger, clock, device, "it is offline", at_once=True)


def waiting(number: int, device: str = "any-qpu", **changes: object) -> WaitingJob:
    values = {
        "job_id": f"job-{number}",
        "tenant": "acme",
        "device": device,
        "shots": 100,
        "num_qubits": 2,
        "accepted_at": NOON + timedelta(seconds=number),
    }
    return WaitingJob.model_validate(values | changes)


def qpu(name: str, holders: int = 0, places: int = 4, breaker: Breaker | None = None) -> DeviceLoad:
    device = device_example(name, kind=DeviceKind.QPU, max_in_flight=places)
    return DeviceLoad(device, frozenset(f"{name}-{n}" for n in range(holders)), breaker)


def placed(starts: list[Start]) -> list[tuple[str, str]]:
    return [(start.job.job_id, start.device.name) for start in starts]


def test_failures_in_a_row_open_it_and_a_success_between_starts_the_count_again(
    ledger: MemoryLedger, clock: FakeClock
) -> None:
    for _ in range(BREAKER_FAILURES - 1):
        note_failure(ledger, clock, "qpu", "it failed a task")
    note_success(ledger, clock, "qpu")
    assert ledger.breaker("qpu").clean

    for _ in range(BREAKER_FAILURES):
        note_failure(ledger, clock, "qpu", "it failed a task")

    assert ledger.breaker("qpu").state is BreakerState.OPEN
    assert ledger.breaker("qpu").reason == "it failed a task"


def test_a_crowd_that_meets_one_outage_writes_it_once(
    ledger: MemoryLedger, clock: FakeClock
) -> None:
    first = opened(ledger, clock)
    writes = ledger.writes

    for _ in range(100):
        note_failure(ledger, clock, "qpu", "it is offline", at_once=True)

    assert ledger.writes == writes
    assert ledger.breaker("qpu") == first


def test_two_who_note_a_failure_at_once_are_both_counted(
    ledger: MemoryLedger, clock: FakeClock
) -> None:
    replace = ledger.replace_breaker

    def interrupted(old: Breaker, new: Breaker) -> None:
        ledger.replace_breaker = replace  # type: ignore[method-assign]
        note_failure(ledger, clock, "qpu", "the other's")
        replace(old, new)

    ledger.replace_breaker = interrupted  # type: ignore[method-assign]

    assert note_failure(ledger, clock, "qpu", "mine").failures == 2


def test_the_happy_path_reads_seldom_and_writes_nothing(
    ledger: MemoryLedger, clock: FakeClock
) -> None:
    known = Breakers(ledger, clock)

    for _ in range(50):
        assert known("qpu").clean
        known.succeeded("qpu")

    assert (ledger.reads, ledger.writes) == (1, 0)
    clock.advance(timedelta(seconds=CACHE_SECONDS + 1))
    opened(ledger, clock)
    assert known("qpu").state is BreakerState.OPEN


def test_what_a_process_wrote_it_knows_at_once(ledger: MemoryLedger, clock: FakeClock) -> None:
    known = Breakers(ledger, clock)
    assert known("qpu").clean

    known.failed("qpu", "it is offline", at_once=True)
    assert known("qpu").state is BreakerState.OPEN
    known.succeeded("qpu")
    assert known("qpu").clean


def test_one_job_alone_tries_a_device_whose_time_has_come(
    ledger: MemoryLedger, clock: FakeClock
) -> None:
    breaker = opened(ledger, clock)
    jobs = [waiting(1), waiting(2)]
    assert choose(jobs, [qpu("qpu", breaker=breaker)], {}, clock()) == []
    later = clock.advance(BREAKER_PAUSE)

    starts = choose(jobs, [qpu("qpu", breaker=breaker)], {}, later)

    assert placed(starts) == [("job-1", "qpu")]
    assert starts[0].probes == breaker


def test_of_two_dispatchers_one_makes_its_job_the_probe(
    ledger: MemoryLedger, clock: FakeClock
) -> None:
    seen = opened(ledger, clock)
    clock.advance(BREAKER_PAUSE)
    one, other = Breakers(ledger, clock), Breakers(ledger, clock)

    assert one.probed("qpu", "job-1", seen)
    assert not other.probed("qpu", "job-2", seen)
    assert ledger.breaker("qpu").probe == "job-1"


def test_a_device_kept_free_does_not_keep_another_from_its_jobs(
    ledger: MemoryLedger, clock: FakeClock
) -> None:
    loads = [qpu("away", breaker=opened(ledger, clock, "away")), qpu("well")]

    assert placed(choose([waiting(1), waiting(2, "away")], loads, {}, NOON)) == [("job-1", "well")]


def test_nobody_tries_a_doubtful_device_who_could_go_to_a_sound_one(
    ledger: MemoryLedger, clock: FakeClock
) -> None:
    breaker = opened(ledger, clock, "doubtful")
    loads = [qpu("doubtful", breaker=breaker), qpu("sound", 3, 4)]
    later = clock.advance(BREAKER_PAUSE)

    starts = choose([waiting(1), waiting(2), waiting(3)], loads, {}, later)

    assert placed(starts) == [("job-1", "sound"), ("job-2", "doubtful")]


def test_a_job_for_any_qpu_goes_to_the_emptiest_and_to_no_simulator() -> None:
    loads = [DeviceLoad(device_example("sv1")), qpu("busy", 2, 4), qpu("idle", 1, 4)]

    starts = choose([waiting(n) for n in range(1, 4)], loads, {}, NOON)

    assert placed(starts) == [("job-1", "idle"), ("job-2", "busy"), ("job-3", "idle")]


def test_a_job_is_not_given_to_a_device_that_failed_it() -> None:
    loads = [qpu("failed"), qpu("other", 3, 4)]
    job = waiting(1, avoid=("failed",))

    assert placed(choose([job], loads, {}, NOON)) == [("job-1", "other")]
    assert choose([waiting(1, avoid=("failed", "other"))], loads, {}, NOON) == []


SETTINGS = (
    DeviceSetting(name="sv1", arn="everywhere"),
    DeviceSetting(name="ion-11", arn="ion", region="us-east-1"),
    DeviceSetting(name="ion-29", arn="ion-29", region="us-east-1"),
    DeviceSetting(name="square-20", arn="square", region="us-west-2"),
)


def test_a_dead_region_takes_its_devices_away_and_no_others(
    ledger: MemoryLedger, clock: FakeClock
) -> None:
    tasks = FakeTasks()
    tasks.reachable = False

    away = unreachable_devices(ledger, tasks, clock, SETTINGS, "us-east-1")

    assert away == ["ion-11", "ion-29"]
    states = {name: b.state for name, b in breakers(ledger, [d.name for d in SETTINGS]).items()}
    assert states == {
        "sv1": BreakerState.CLOSED,
        "ion-11": BreakerState.OPEN,
        "ion-29": BreakerState.OPEN,
        "square-20": BreakerState.CLOSED,
    }
    assert ledger.breaker("ion-11").reason == "the device service of us-east-1 does not answer"


def test_a_silent_service_is_asked_once_for_all_its_devices(
    ledger: MemoryLedger, clock: FakeClock
) -> None:
    class Silent(FakeTasks):
        asked = 0

        def health(self, *arguments: object) -> DeviceStatus:
            self.asked += 1
            raise TransientFault("no answer")

    tasks = Silent()
    unreachable_devices(ledger, tasks, clock, SETTINGS, "us-east-1")

    assert tasks.asked == 1


@pytest.mark.parametrize("busy", [False, True], ids=["well", "throttled"])
def test_a_service_that_answers_keeps_its_devices(
    ledger: MemoryLedger, clock: FakeClock, busy: bool
) -> None:
    class Answering(FakeTasks):
        def health(self, *arguments: object) -> DeviceStatus:
            if busy:
                raise TransientFault("too many requests", throttled=True)
            return DeviceStatus.ONLINE

    assert unreachable_devices(ledger, Answering(), clock, SETTINGS, "us-east-1") == []
    assert ledger.writes == 0


def probing(ledger: MemoryLedger, clock: FakeClock, seen: Breaker) -> Breakers:
    """A process whose job is the one that tries the device."""
    clock.advance(BREAKER_PAUSE)
    known = Breakers(ledger, clock)
    assert known.probed("qpu", "probe", seen)
    return known


def test_a_device_that_was_away_is_well_once_it_takes_the_probes_task(
    ledger: MemoryLedger, clock: FakeClock
) -> None:
    away = note_failure(ledger, clock, "qpu", "it is offline", at_once=True, away=True)
    known = probing(ledger, clock, away)

    known.launched("qpu", "another")
    assert ledger.breaker("qpu").state is BreakerState.HALF_OPEN
    known.launched("qpu", "probe")
    assert ledger.breaker("qpu").clean


@pytest.mark.parametrize("then_away", [False, True], ids=["only-tasks", "away-later-too"])
def test_a_device_that_failed_tasks_has_to_complete_one(
    ledger: MemoryLedger, clock: FakeClock, then_away: bool
) -> None:
    for _ in range(BREAKER_FAILURES):
        seen = note_failure(ledger, clock, "qpu", "it failed a task")
    known = probing(ledger, clock, seen)
    if then_away:
        offline = known.failed("qpu", "it is offline", at_once=True, away=True)
        clock.advance(BREAKER_PAUSE)
        known = probing(ledger, clock, offline)

    known.launched("qpu", "probe")
    assert ledger.breaker("qpu").state is BreakerState.HALF_OPEN
    known.succeeded("qpu")
    assert ledger.breaker("qpu").clean


def test_a_failed_task_among_silences_asks_for_a_completed_one() -> None:
    def after(*away: bool) -> bool:
        breaker = Breaker(device="qpu")
        for kind in away:
            breaker = breaker.failed(NOON, "a failure", away=kind)
        assert breaker.state is BreakerState.OPEN
        return breaker.away

    assert after(True, True, True)
    assert not after(True, False, True)
    assert not after(False, True, True)


def test_a_launch_costs_no_read_that_its_look_before_did_not(
    ledger: MemoryLedger, clock: FakeClock
) -> None:
    known = Breakers(ledger, clock)
    assert known.fresh("qpu").clean
    clock.advance(timedelta(seconds=CACHE_SECONDS + 1))

    known.launched("qpu", "job-1")

    assert (ledger.reads, ledger.writes) == (1, 0)
