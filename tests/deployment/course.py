"""State machines, run to their end in the local cloud's interpreter with scripted functions."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from ministack.services import stepfunctions

from bellpair_cdk.review.template import PLACEHOLDERS
from bellpair_local.ministack_seams import step_functions as seams

ACCOUNT = "000000000000"
"""The interpreter's own."""
STATES = f"arn:aws:states:us-east-1:{ACCOUNT}"
SHARDS = list(range(8))

Answer = Callable[[dict[str, Any]], Any]


class Raised(Exception):
    """What a function raises, by the name that the state machine knows it by."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


def always(error: str) -> Answer:
    """A function that raises each time."""

    def answer(event: dict[str, Any]) -> Any:
        raise Raised(error)

    return answer


def in_turn(*answers: Any) -> Answer:
    """A function that answers, or raises, these in turn, and then the last again and again."""
    left = list(answers)

    def answer(event: dict[str, Any]) -> Any:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, Raised):
            raise now
        return now

    return answer


@dataclass
class Course:
    """What one run called, and how it ended.

    Attributes
    ----------
    steps
        The steps of the function ``failover``, in their order; ``devices`` runs beside others.
    asked
        The event of each step's last call.
    adoptions
        The events that ``adopt`` got.
    """

    status: str = ""
    output: dict[str, Any] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    adoptions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def main_steps(self) -> list[str]:
        """The steps without the one that runs beside the adoption."""
        return [step for step in self.steps if step != "devices"]

    @property
    def pages(self) -> Counter[int]:
        """How often each shard was asked."""
        return Counter(event["shard"] for event in self.adoptions)


def run(
    patch: pytest.MonkeyPatch, definition: str, kind: str, scripted: dict[str, Answer]
) -> Course:
    """Run an operation of this kind; what is not scripted succeeds at once."""
    course, lock = Course(), threading.Lock()
    usual: dict[str, Answer] = {
        "drained": lambda _: {"drained": True},
        "promote": lambda _: {"epoch": 8},
        "resume": lambda _: {"epoch": 8, "shards": SHARDS},
        "adopt": lambda _: {"adopted": 1, "more": False},
    }

    def call(function: str, event: dict[str, Any]) -> Any:
        step = "adopt" if "AdoptArn" in function else event["step"]
        with lock:
            if step == "adopt":
                course.adoptions.append(event)
            else:
                course.steps.append(step)
                course.asked[step] = event
        return {**usual, **scripted}.get(step, lambda _: {})(event)

    operation = {"id": "op-1", "kind": kind, "by": "t/k", "reason": "test", "epoch": 7}
    execution = play(patch, definition, {"operation": operation}, call)
    course.status = execution["status"]
    course.output = json.loads(execution["output"])
    return course


def play(
    patch: pytest.MonkeyPatch,
    definition: str,
    given: dict[str, Any],
    call: Callable[[str, dict[str, Any]], Any],
) -> dict[str, Any]:
    """Run an execution to its end, and return the interpreter's record of it.

    Parameters
    ----------
    call
        Stands for every function: takes its name and its event, and answers or raises `Raised`.
    """

    def called(function: str, event: dict[str, Any]) -> Any:
        try:
            return call(function, event)
        except Raised as raised:
            raise stepfunctions._ExecutionError(raised.error, "scripted") from raised

    patch.setattr(stepfunctions, "_call_lambda", called)
    patch.setattr(stepfunctions, "_SFN_WAIT_SCALE", 0.0)
    patch.setattr(stepfunctions, "time", seams._ClockWithoutStartPause())
    machine, arn = f"{STATES}:stateMachine:machine", f"{STATES}:execution:machine:run"
    execution: dict[str, Any] = {
        "executionArn": arn,
        "stateMachineArn": machine,
        "name": "run",
        "status": "RUNNING",
        "startDate": 0,
        "input": json.dumps(given),
        "events": [],
    }
    definition = definition.replace(PLACEHOLDERS["AWS::AccountId"], ACCOUNT)
    machines, executions = stepfunctions._state_machines, stepfunctions._executions
    machines[machine] = {"name": "machine", "definition": definition}
    executions[arn] = execution
    try:
        stepfunctions._run_execution(arn)
    finally:
        del machines[machine], executions[arn]
    return execution
