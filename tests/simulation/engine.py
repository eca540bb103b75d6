"""One region's state machines: executions that die and freeze with the region."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bellpair_core.model.job import Job

from .asl import Body, Json, StateError, execute
from .scheduler import Activity, Died

if TYPE_CHECKING:
    from .region import Region


def _machine(job: Job) -> str:
    return "job" if job.function is None else "hybrid"


@dataclass
class _Waiting:
    """A state that waits for its token."""

    activity: Activity
    ticket: int = 0
    answered: bool = False
    output: Any = None


class Engine:
    """Runs executions by name; `Workflows` and `Surroundings` of its region.

    Parameters
    ----------
    machines
        Definitions by name.
    """

    def __init__(self, region: Region, machines: Mapping[str, Json]) -> None:
        self._region = region
        self._scheduler = region.scheduler
        self._machines = machines
        self._executions: dict[str, Activity] = {}
        self._waiting: dict[str, _Waiting] = {}
        self._tokens = 0

    def begin(self, machine: str, name: str, given: Json) -> bool:
        """Start an execution; False if its name was used."""
        key = f"{machine}/{name}"
        if key in self._executions:
            return False
        definition = self._machines[machine]
        context = {"Execution": {"Name": name, "Input": given}}

        def body() -> None:
            try:
                execute(definition, given, self, context)
            except StateError as error:
                self._region.history.note("failed", f"{error.error} {error.cause}")
                raise
            self._region.history.note("ended", "the execution is over")

        title = f"{machine} {name}" if machine == "failover" else f"{machine} {name[-8:]}"
        self._executions[key] = self._scheduler.spawn(self._region, title, body, lasting=True)
        return True

    def start(self, job: Job) -> None:
        """See `Workflows.start`."""
        given = {
            "job_id": job.id,
            "epoch": job.epoch,
            "attempt": job.attempt,
            "trace_id": job.trace_id or "",
        }
        self.begin(_machine(job), job.execution_name, given)

    def running(self, job: Job) -> bool:
        """See `Workflows.running`."""
        execution = self._executions.get(f"{_machine(job)}/{job.execution_name}")
        return execution is not None and not execution.done

    def answer(self, token: str, output: Mapping[str, Any]) -> bool:
        """See `Workflows.answer`."""
        waiting = self._waiting.get(token)
        if waiting is None or waiting.answered:
            return False
        waiting.answered, waiting.output = True, dict(output)
        self._scheduler.resume_at(self._scheduler.now, waiting.activity, waiting.ticket)
        return True

    def forget(self) -> None:
        """The region is lost, and what it remembered."""
        self._executions.clear()
        self._waiting.clear()

    def invoke(self, function: str, payload: Json, timeout: float | None) -> Json:
        """See `Surroundings.invoke`."""
        invocation = self._invoked(function, payload)
        if not self._scheduler.wait(invocation, timeout):
            raise StateError("States.Timeout")
        return self._answer(invocation)

    def invoke_by_sdk(self, function: str, payload: Json, timeout: float | None) -> Json:
        """See `Surroundings.invoke_by_sdk`."""
        invocation = self._invoked(function, payload)
        if not self._scheduler.wait(invocation, timeout):
            raise StateError("States.Timeout")
        error = invocation.error
        if error is None:
            return {"Payload": json.dumps(invocation.value)}
        name = error.reason if isinstance(error, Died) else type(error).__name__
        told = {"errorType": name, "errorMessage": str(error)}
        return {"FunctionError": "Unhandled", "Payload": json.dumps(told)}

    def invoke_and_wait(
        self, function: str, payload: Callable[[str], Json], timeout: float | None
    ) -> Json:
        """See `Surroundings.invoke_and_wait`."""
        scheduler = self._scheduler
        activity = scheduler.current
        assert activity is not None
        self._tokens += 1
        token = f"{self._region.name}-{self._tokens}"
        waiting = self._waiting[token] = _Waiting(activity)
        deadline = scheduler.now + (timeout or 1e9)
        invocation = None
        try:
            invocation = self._invoked(function, payload(token))
            while not waiting.answered:
                if invocation.done:
                    self._answer(invocation)
                if scheduler.now >= deadline:
                    raise StateError("States.Timeout")
                waiting.ticket = scheduler.stand(deadline - scheduler.now)
                if not invocation.done:
                    invocation.waiters.append((activity, waiting.ticket))
                scheduler.stood()
            return waiting.output
        finally:
            self._waiting.pop(token, None)

    def sleep(self, seconds: float) -> None:
        """See `Surroundings.sleep`."""
        self._scheduler.sleep(seconds)

    def jitter(self) -> float:
        """See `Surroundings.jitter`."""
        return self._region.random.random()

    def together(self, bodies: Sequence[Body], at_once: int) -> list[Json]:
        """See `Surroundings.together`."""
        results: list[Json] = [None] * len(bodies)
        left = list(enumerate(bodies))[::-1]

        def work() -> None:
            while left:
                index, body = left.pop()
                results[index] = body(self)

        assert self._scheduler.current is not None
        name = self._scheduler.current.name
        workers = [
            self._scheduler.spawn(self._region, f"{name} {number}", work, lasting=True)
            for number in range(min(at_once, len(bodies)))
        ]
        for worker in workers:
            self._scheduler.wait(worker)
            if worker.error is not None:
                for other in workers:
                    self._scheduler.after(0, other.kill)
                raise worker.error
        return results

    def _invoked(self, function: str, payload: Json) -> Activity:
        region = self._region
        weather = region.wire.weather
        if weather.refused and region.random.random() < weather.refused / 4:
            raise StateError("Lambda.TooManyRequestsException")
        invocation = region.invoke(function, payload)
        if weather.unanswered and region.random.random() < weather.unanswered / 4:
            # It runs, and the state machine believes that it does not.
            raise StateError("Lambda.SdkClientException")
        return invocation

    @staticmethod
    def _answer(invocation: Activity) -> Json:
        error = invocation.error
        if error is None:
            return invocation.value
        if isinstance(error, Died):
            raise StateError(error.reason)
        raise StateError(type(error).__name__, json.dumps({"errorMessage": str(error)}))
