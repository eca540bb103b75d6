"""Whatever fails, dies or comes back late, a function's calls are made once and none is lost.

A small driver plays the state machine, the workers, the devices, the events and the sweeper. Each
port is wrapped so that a schedule decides which calls fail, before or after their effect. Workers
that are taken for dead may go on as zombies, which take another course once they are fenced.
Requests to the broker may be made twice, one in the midst of the other, and so may turns.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from bellpair_core.model.errors import Fenced, JobCancelled, JobFailed, TransientFault
from bellpair_core.model.job import Job, JobStatus
from tests.unit.logic.functions.function_place import (
    CALLS,
    FunctionPlace,
    Request,
    Run,
    loop,
    sample,
)
from tests.unit.logic.test_crash_points import Died, Unreliable, once

PORTS = ("ledger", "journal", "blobs", "tasks", "workflows", "catalogue", "wakeups")
TURNS = 60
ROUNDS = 60
TRIES = 4
CALLS_AT_MOST = 100
EXCUSED = {"Error": "broker-unreachable", "Cause": ""}

Schedule = Callable[[], tuple[Exception, bool] | None]


def undisturbed(device: str) -> Any:
    """What the function returns when nothing goes wrong."""
    stage = Stage(lambda: None, Random(0), device)
    stage.live()
    return stage.output()


class Stage:
    """A place with unreliable ports, and all that drives a function's job through it."""

    def __init__(self, schedule: Schedule, random: Random, device: str, zombies: float = 0) -> None:
        self.place = FunctionPlace()
        self.random = random
        self.zombies: list[tuple[Run, Request, Callable[[], bool]]] = []
        self._stays = zombies
        self.place.tasks.at_once = device == "sv1"
        self.sound = {name: getattr(self.place, name) for name in PORTS}
        self.job = self.place.invoke(device=device)
        for name in PORTS:
            setattr(self.place, name, Unreliable(self.sound[name], schedule))
        self.place.journal = Interrupted(self.place.journal, self._interrupt)  # type: ignore[assignment]
        self.broker = self.place.broker()
        self._twins: list[Callable[[], object]] = []

    def stored(self) -> Job:
        """The job as it really is."""
        found: Job = self.sound["ledger"].job(self.job.id)
        return found

    def output(self) -> Any:
        """What the function returned."""
        job = self.stored()
        assert job.status is JobStatus.SUCCEEDED, [(e.type, e.message) for e in job.events]
        assert job.result is not None
        return json.loads(self.sound["blobs"].get(job.result))

    def live(self) -> None:
        """Dispatches, executions and sweeps, until the job is over or time is up."""
        for _ in range(ROUNDS):
            self._try(self.place.dispatch)
            for name, job in list(self.sound["workflows"].executions.items()):
                if name not in self.sound["workflows"].ended:
                    self._execute(job)
                    self.sound["workflows"].ended.add(name)
            self.place.clock.advance(timedelta(minutes=3))
            self._try(self.place.sweep)
            if self.stored().status.terminal:
                break
        while self.zombies:
            self._rouse(0)

    def _interrupt(self) -> None:
        """Somebody else does something just before a line is written."""
        # No two processes write at the very same time, and so never the very same line.
        self.place.clock.advance(timedelta(milliseconds=1))
        if self._stays and self._twins and self.random.random() < 0.15:
            self._try(self._twins.pop())
        elif self._stays and self.random.random() < 0.1:
            self._rouse(0)

    def _execute(self, job: Job) -> None:
        crash: Any = None
        try:
            for turn in range(TURNS):
                self._rouse()
                given = (turn, crash)
                resume = lambda: self.place.resume(job, *given)  # noqa: B023, E731
                self._twins = [resume]
                answer = self._stage(resume)
                crash = None
                if answer["next"] == "leave":
                    return
                if answer["next"] == "finish":
                    break
                if answer["next"] == "run":
                    outcome = self._run(job, answer)
                    if outcome == "finished":
                        break
                    if outcome == "crashed":
                        crash = EXCUSED
                        continue
                    if outcome != "suspended":
                        continue
                self._park(job, f"{job.execution_name} {turn}")
            self._stage(lambda: self.place.finish(job))
        except (JobFailed, JobCancelled) as error:
            failure = {"Error": type(error).__name__, "Cause": str(error)}
            self._try(lambda: self._stage(lambda: self.place.finish(job, failure)))
        except (Died, TransientFault, Fenced):
            return

    def _run(self, job: Job, begun: dict[str, Any]) -> str:
        def fenced() -> bool:
            last = self.sound["journal"].last(job.id)
            return bool(last.run != begun["run"] or last.ended)

        run = loop(job.id, begun, astray=fenced)
        request = next(run)
        while True:
            self._rouse()
            if self.random.random() < self._stays:
                self.zombies.append((run, request, fenced))
                return "crashed"
            try:
                answer = self._ask(request)
            except (Died, TransientFault):
                return "crashed"
            try:
                request = run.send(answer)
            except StopIteration as end:
                return str(end.value)

    def _ask(self, request: Request) -> dict[str, Any]:
        """Ask the broker, in one process or another, perhaps twice, again where it fails."""
        for left in reversed(range(TRIES)):
            if self.random.random() < 0.2:
                self.broker = self.place.broker()
            self._twins = [lambda: self.place.broker().answer(request)]
            try:
                answer = self.broker.answer(request)
                if self.random.random() < 0.1:
                    # The answer is lost, and the same request made to another process.
                    answer = self.place.broker().answer(request)
            except (Died, TransientFault):
                if not left:
                    raise
                continue
            return answer
        raise AssertionError

    def _rouse(self, chance: float = 0.5) -> None:
        """Let a zombie make its next request."""
        if not self.zombies or self.random.random() < chance:
            return
        run, request, fenced = self.zombies.pop(self.random.randrange(len(self.zombies)))
        if fenced() and request["op"] == "checkpoint":
            request = {**request, "updates": [sample(0, 999) | {"Id": request["updates"][0]["Id"]}]}
        try:
            answer = self.place.broker().answer(request)
            self.zombies.append((run, run.send(answer), fenced))
        except (StopIteration, Died, TransientFault):
            return

    def _park(self, job: Job, token: str) -> None:
        try:
            self._stage(lambda: self.place.park(job, token))
        except TransientFault:
            return
        if token in self.sound["workflows"].answers:
            return
        for arn in self.sound["tasks"].unfinished():
            state = self.sound["tasks"].run(arn)
            if self.random.random() < 0.8:
                self._try(lambda state=state: self.place.hear(state))
        if token not in self.sound["workflows"].answers:
            self.place.clock.advance(timedelta(minutes=1))

    def _stage(self, run: Callable[[], Any]) -> Any:
        for left in reversed(range(TRIES)):
            try:
                return run()
            except (TransientFault, Died):
                if not left:
                    raise TransientFault("for good") from None
        raise AssertionError

    def _try(self, run: Callable[[], Any]) -> None:
        try:
            run()
        except (TransientFault, Died):
            return


class Interrupted:
    """A journal that lets somebody else have a turn before each line."""

    def __init__(self, journal: Any, interrupt: Callable[[], None]) -> None:
        self._journal = journal
        self._interrupt = interrupt

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def append(self, job_id: str, line: Any) -> None:
        self._interrupt()
        self._journal.append(job_id, line)


def assert_made_once(stage: Stage, expected: Any, device: str) -> None:
    tasks, job = stage.sound["tasks"], stage.stored()
    assert stage.output() == expected
    assert len(tasks.made) == CALLS
    lines = stage.sound["journal"].lines(job.id)
    assert lines[-1].ended == "finished"
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    results = [line.result.operation for line in lines if line.result]
    assert sorted(results) == sorted(set(results))
    assert lines[-1].calls == CALLS
    cost = sum(0.3 + 0.01 * task.shots for task in tasks.made)
    assert lines[-1].spent_usd == pytest.approx(cost)
    assert job.usage.device_usd == pytest.approx(cost)
    for name in PORTS:
        setattr(stage.place, name, stage.sound[name])
    stage.place.dispatch()
    assert not stage.sound["ledger"].slots(device)


@pytest.fixture(scope="module", params=["sv1", "ion-11"])
def device(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def expected(device: str) -> Any:
    return undisturbed(device)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("error", [TransientFault("unreachable"), Died()], ids=["fault", "death"])
@pytest.mark.parametrize("number", range(CALLS_AT_MOST))
def test_one_failing_call_loses_nothing_and_repeats_nothing(
    number: int, error: Exception, before: bool, device: str, expected: Any
) -> None:
    stage = Stage(once(number, error, before), Random(number), device)

    stage.live()

    assert_made_once(stage, expected, device)


@pytest.mark.parametrize("seed", range(150))
def test_many_failing_calls_and_zombies_lose_nothing_and_repeat_nothing(
    seed: int, device: str, expected: Any
) -> None:
    random = Random(seed)

    def schedule() -> tuple[Exception, bool] | None:
        if random.random() > 0.05:
            return None
        error = Died() if random.random() < 0.3 else TransientFault("unreachable")
        return error, random.random() < 0.5

    stage = Stage(schedule, random, device, zombies=0.25)

    stage.live()

    assert_made_once(stage, expected, device)
