"""Whatever call fails, before or after its effect, the job ends well and is paid for once.

A small driver plays the state machine, the devices, the beats and the sweeper over the very
logic that the functions run; every port is wrapped so that a schedule decides which calls fail.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import copy
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from bellpair_core.model.errors import (
    CalibrationSuperseded,
    DeviceUnavailable,
    Fenced,
    TransientFault,
)
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import RECOMPILES_MAX
from bellpair_core.ports import TaskState, TaskStatus
from tests.unit.logic.workplace import BELL_RESULT, Workplace

ROUNDS = 60
PLACES = 2
STAGE_TRIES = 3
PORTS = ("ledger", "blobs", "tasks", "workflows", "wakeups", "catalogue")
CALLS_AT_MOST = 80
SEEDS = range(300)
FIRST, OTHER = "ion-11", "square-20"
KNOWN_OVER = {TaskStatus.FAILED, TaskStatus.CANCELLED}
HOME = {FIRST: "us-east-1", OTHER: "us-west-2"}
CALIBRATIONS = 6
"""New calibrations, more than a job may be compiled again for; the last one has room for it."""
LOOPS = 20
"""Times that a job is compiled in one execution, at the very most."""
BACK_AFTER = 20
"""Rounds after which a device that is away comes back."""


class Died(Exception):
    """The process that made the call is gone, and its execution with it."""


class Unreliable:
    """A port whose calls fail when the schedule says so.

    Parameters
    ----------
    schedule
        Called for each call; gives ``None`` to let it pass, or an exception and whether it is
        raised before the call has its effect.
    """

    def __init__(self, port: Any, schedule: Callable[[], tuple[Exception, bool] | None]) -> None:
        self._port = port
        self._schedule = schedule

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        if not callable(value):
            return value

        def call(*arguments: Any, **named: Any) -> Any:
            fate = self._schedule()
            if fate is not None and fate[1]:
                raise fate[0]
            answer = value(*arguments, **named)
            if fate is not None:
                raise fate[0]
            return answer

        return call


class Region:
    """A workplace with unreliable ports, and all that drives jobs through it.

    Parameters
    ----------
    trouble
        What befalls the device that the job goes to first: ``"offline"`` refuses tasks, unknown
        to the catalogue, ``"failing"`` fails them. The job may then go to another QPU.
        ``"recalibrated"`` has another calibration brought in each time something was compiled, so
        that the job is compiled again as often as it may be; ``"cramped"`` one without room for
        the program each other time. ``"lost"`` fails the first task for a qubit that is gone, as
        the device says when it is asked.
    """

    def __init__(
        self, schedule: Callable[[], tuple[Exception, bool] | None], trouble: str = ""
    ) -> None:
        self.place = Workplace()
        self.trouble = trouble
        self.sound = {name: getattr(self.place, name) for name in PORTS}
        self.calibrations = 0
        elsewhere = trouble in ("offline", "failing")
        self.job = self.place.accept(device="any-qpu" if elsewhere else FIRST)
        if trouble == "offline":
            self.sound["tasks"].offline.add(self._arn(FIRST))
        for name in PORTS:
            setattr(self.place, name, Unreliable(self.sound[name], schedule))

    def stored(self) -> Job:
        """The job as it really is."""
        found: Job = self.sound["ledger"].job(self.job.id)
        return found

    def live(self) -> None:
        """Beats, executions, devices and sweeps, until the job is over or time is up."""
        for number in range(ROUNDS):
            if number == BACK_AFTER:
                self.sound["tasks"].offline.clear()
            self._try(self.place.dispatch)
            if self.stored().status is JobStatus.QUEUED:
                # One that waits for room waits for this.
                self._recalibrate()
            for name, job in list(self.sound["workflows"].executions.items()):
                if name not in self.sound["workflows"].ended:
                    self._execute(job, name)
                    self.sound["workflows"].ended.add(name)
            self.place.clock.advance(timedelta(minutes=11))
            self._try(self.place.sweep)
            if self.stored().status.terminal:
                return

    def started_behind_it(self, count: int, device: str) -> int:
        """How many of ``count`` more jobs a beat starts, with every port working again."""
        for name in PORTS:
            setattr(self.place, name, self.sound[name])
        for number in range(count):
            self.place.accept(f"behind-{number}", device=device)
        return len(self.place.dispatch())

    def _execute(self, job: Job, name: str) -> None:
        try:
            failure = self._work(job, name)
            self._stage(lambda: self.place.finish(job, failure))
        except (Died, TransientFault, Fenced):
            return

    def _work(self, job: Job, name: str) -> dict[str, str] | None:
        """All stages but the last; what the state machine catches for it, if anything."""
        try:
            for number in range(LOOPS):
                self._compiled_and_launched(job, f"token of {name} {number}")
                try:
                    self._heard_and_processed(job, self._finished_task())
                except CalibrationSuperseded:
                    continue
                break
        except DeviceUnavailable as error:
            cause = json.dumps({"errorMessage": str(error)})
            return {"Error": "DeviceUnavailable", "Cause": cause}
        return None

    def _heard_and_processed(self, job: Job, state: TaskState) -> None:
        self._try(lambda: self.place.hear(state))
        self._stage(lambda: self.place.process(job, state.arn))

    def _compiled_and_launched(self, job: Job, token: str) -> None:
        for number in range(LOOPS):
            self._stage(lambda: self.place.compile(job))
            self._recalibrate()
            try:
                # The token is the state's: each time it is entered there is another.
                self._stage(lambda number=number: self.place.launch(job, f"{token} {number}"))
            except CalibrationSuperseded:
                continue
            return
        raise AssertionError("the job is compiled again and again")

    def _recalibrate(self) -> None:
        """The device's calibration is another one from now on."""
        if self.trouble not in ("recalibrated", "cramped") or self.calibrations == CALIBRATIONS:
            return
        self.calibrations += 1
        cramped = self.trouble == "cramped" and self.calibrations % 2
        self._publish(
            f"calibration {self.calibrations}",
            qubits=(0,) if cramped else (0, 1),
            two_qubit_error={"0-1": self.calibrations / 100},
        )

    def _publish_loss(self) -> None:
        self._publish("without qubit 0", qubits=(1, 2))

    def _publish(self, calibration: str, **facts: Any) -> None:
        publisher = copy(self.place)
        publisher.catalogue, publisher.blobs = self.sound["catalogue"], self.sound["blobs"]
        publisher.calibrate(FIRST, calibration, **facts)

    def _stage(self, run: Callable[[], object]) -> None:
        for left in reversed(range(STAGE_TRIES)):
            try:
                run()
                return
            except TransientFault:
                if not left:
                    raise

    def _finished_task(self) -> TaskState:
        tasks = self.sound["tasks"]
        arn = list(tasks.programs)[-1]
        state: TaskState = tasks.poll(arn)
        if state.status.terminal:
            return state
        if self.trouble == "failing" and f":{HOME[FIRST]}:" in arn:
            failed: TaskState = tasks.fail(arn, "too warm")
            return failed
        if self.trouble == "lost" and len(tasks.programs) == 1:
            self.place.ingestions.publishing = self._publish_loss
            lost: TaskState = tasks.fail(arn, "qubit 0 does not work any more")
            return lost
        measured = [1, 2] if self.trouble == "lost" else BELL_RESULT["measuredQubits"]
        done: TaskState = tasks.complete(arn, {**BELL_RESULT, "measuredQubits": measured})
        return done

    def _arn(self, name: str) -> str:
        device = self.place.settings.device(name)
        assert device is not None
        return device.arn

    def _try(self, run: Callable[[], object]) -> None:
        try:
            run()
        except (TransientFault, Died):
            return


def once(number: int, error: Exception, before: bool) -> Callable[[], Any]:
    """A schedule in which only the call of this number fails."""
    calls = iter(range(10**9))
    return lambda: (error, before) if next(calls) == number else None


def seeded(seed: int) -> Callable[[], Any]:
    """A schedule in which about one call in twelve fails."""
    random = Random(seed)

    def schedule() -> tuple[Exception, bool] | None:
        if random.random() > 0.08:
            return None
        error = Died() if random.random() < 0.3 else TransientFault("unreachable")
        return error, random.random() < 0.5

    return schedule


def assert_ended_well(region: Region) -> None:
    end = region.stored()
    assert end.status is JobStatus.SUCCEEDED, [event.type for event in end.events]
    assert len(region.sound["tasks"].programs) == 1
    assert [event.type for event in end.events].count("succeeded") == 1
    assert end.usage.device_usd <= end.price.of(end.shots, 3600)
    assert region.started_behind_it(PLACES, FIRST) == PLACES


def assert_ended_well_elsewhere(region: Region) -> None:
    end = region.stored()
    tasks = region.sound["tasks"]
    fates = [tasks.poll(arn).status for arn in tasks.programs]
    assert end.status is JobStatus.SUCCEEDED, [event.type for event in end.events]
    # A task made when the device was back may have been recalled; nothing else is paid for.
    assert set(fates[:-1]) <= KNOWN_OVER
    assert len(fates) <= 2
    assert fates[-1] is TaskStatus.COMPLETED
    assert [event.type for event in end.events].count("succeeded") == 1
    assert region.started_behind_it(PLACES, OTHER) == PLACES
    assert region.job.id not in region.sound["ledger"].slots(FIRST)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("error", [TransientFault("unreachable"), Died()], ids=["fault", "death"])
@pytest.mark.parametrize("number", range(CALLS_AT_MOST))
def test_one_failing_call_costs_no_job_and_no_second_task(
    number: int, error: Exception, before: bool
) -> None:
    region = Region(once(number, error, before))

    region.live()

    assert_ended_well(region)


@pytest.mark.parametrize("trouble", ["offline", "failing"])
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("error", [TransientFault("unreachable"), Died()], ids=["fault", "death"])
@pytest.mark.parametrize("number", range(CALLS_AT_MOST))
def test_one_failing_call_on_the_way_to_another_device_costs_no_job_and_no_second_task(
    number: int, error: Exception, before: bool, trouble: str
) -> None:
    region = Region(once(number, error, before), trouble)

    region.live()

    assert_ended_well_elsewhere(region)


@pytest.mark.parametrize(
    ("trouble", "seed"),
    [
        *(("", seed) for seed in SEEDS),
        *(("offline", seed) for seed in SEEDS[:100]),
        *(("failing", seed) for seed in SEEDS[:100]),
    ],
)
def test_many_failing_calls_cost_no_job_and_no_second_task(seed: int, trouble: str) -> None:
    region = Region(seeded(seed), trouble)

    region.live()

    if trouble:
        assert_ended_well_elsewhere(region)
    else:
        assert_ended_well(region)


def assert_compiled_again_and_ended_well(region: Region) -> None:
    assert_ended_well(region)
    assert region.stored().recompiles <= RECOMPILES_MAX


@pytest.mark.parametrize("trouble", ["recalibrated", "cramped"])
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("error", [TransientFault("unreachable"), Died()], ids=["fault", "death"])
@pytest.mark.parametrize("number", range(CALLS_AT_MOST))
def test_one_failing_call_while_calibrations_change_costs_no_job_and_no_second_task(
    number: int, error: Exception, before: bool, trouble: str
) -> None:
    region = Region(once(number, error, before), trouble)

    region.live()

    assert_compiled_again_and_ended_well(region)


@pytest.mark.parametrize("trouble", ["recalibrated", "cramped"])
@pytest.mark.parametrize("seed", SEEDS[:100])
def test_many_failing_calls_while_calibrations_change_cost_no_job_and_no_second_task(
    seed: int, trouble: str
) -> None:
    region = Region(seeded(seed), trouble)

    region.live()

    assert_compiled_again_and_ended_well(region)


@pytest.mark.parametrize("number", range(CALLS_AT_MOST))
def test_one_death_on_the_way_round_a_lost_part_costs_no_job_and_nothing_twice(
    number: int,
) -> None:
    region = Region(once(number, Died(), False), "lost")

    region.live()

    tasks = region.sound["tasks"]
    assert region.stored().status is JobStatus.SUCCEEDED
    fates = [tasks.poll(arn).status for arn in tasks.programs]
    assert fates == [TaskStatus.FAILED, TaskStatus.COMPLETED]
    assert region.started_behind_it(PLACES, FIRST) == PLACES
