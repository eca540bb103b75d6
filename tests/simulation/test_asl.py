"""The interpreter does what the States Language says, for the part that we use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from .asl import INVOKE_BY_SDK, WAIT_FOR_TOKEN, StateError, Surroundings, definition, execute

pytestmark = pytest.mark.simulation


class Script:
    """Surroundings whose functions answer by a script, in turn; an exception is raised."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Any]] = []
        self.slept: list[float] = []

    def invoke(self, function: str, payload: Any, timeout: float | None) -> Any:
        self.asked.append((function, payload))
        answer = self.answers[function].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def invoke_and_wait(
        self, function: str, payload: Callable[[str], Any], timeout: float | None
    ) -> Any:
        return self.invoke(function, payload("the token"), timeout)

    def invoke_by_sdk(self, function: str, payload: Any, timeout: float | None) -> Any:
        return {"Payload": self.invoke(function, payload, timeout)}

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def jitter(self) -> float:
        return 0.5

    def together(self, bodies: Sequence[Callable[[Surroundings], Any]], at_once: int) -> list[Any]:
        return [body(self) for body in bodies]


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def test_a_task_places_its_result_beside_its_input() -> None:
    script = Script(double=[4])
    task = {"Type": "Task", "Resource": "double", "ResultPath": "$.twice", "End": True}

    assert execute(machine(Only=task), {"n": 2}, script, {}) == {"n": 2, "twice": 4}


def test_parameters_are_read_from_the_input_and_from_the_context() -> None:
    script = Script(f=[None])
    task = {
        "Type": "Task",
        "Resource": WAIT_FOR_TOKEN,
        "Parameters": {
            "FunctionName": "f",
            "Payload": {"n.$": "$.a.n", "token.$": "$$.Task.Token", "fixed": 1},
        },
        "End": True,
    }

    execute(machine(Only=task), {"a": {"n": 2}}, script, {})

    assert script.asked == [("f", {"n": 2, "token": "the token", "fixed": 1})]


def test_a_function_that_is_invoked_as_the_sdk_does_answers_with_text() -> None:
    script = Script(worker=['{"n": 2}'])
    task = {
        "Type": "Task",
        "Resource": INVOKE_BY_SDK,
        "Parameters": {"FunctionName.$": "$.who", "Payload": {"run.$": "$.n"}},
        "ResultPath": "$.run",
        "Next": "Read",
    }
    read = {
        "Type": "Pass",
        "Parameters": {"answer.$": "States.StringToJson($.run.Payload)"},
        "ResultPath": "$.said",
        "End": True,
    }

    end = execute(machine(Only=task, Read=read), {"who": "worker", "n": 1}, script, {})

    assert script.asked == [("worker", {"run": 1})]
    assert end["said"] == {"answer": {"n": 2}}


def test_a_result_is_placed_in_the_input_as_it_came_to_the_state() -> None:
    state = {"Type": "Pass", "InputPath": "$.inner", "ResultPath": "$.kept", "End": True}

    end = execute(machine(Only=state), {"inner": 1, "other": 2}, Script(), {})

    assert end == {"inner": 1, "other": 2, "kept": 1}


def retrying(**retrier: Any) -> dict[str, Any]:
    return machine(
        Only={
            "Type": "Task",
            "Resource": "f",
            "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, **retrier}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Lost"}],
            "End": True,
        },
        Lost={"Type": "Succeed"},
    )


def test_a_retrier_waits_longer_each_time() -> None:
    script = Script(f=[StateError("Busy"), StateError("Busy"), StateError("Busy"), "done"])

    assert execute(retrying(BackoffRate=3, MaxDelaySeconds=10), {}, script, {}) == "done"
    assert script.slept == [2, 6, 10]


def test_a_retrier_that_is_used_up_leaves_the_error_to_the_catchers() -> None:
    script = Script(f=[StateError("Busy", "why")] * 3)

    end = execute(retrying(MaxAttempts=2, JitterStrategy="FULL"), {"n": 1}, script, {})

    assert end == {"n": 1, "error": {"Error": "Busy", "Cause": "why"}}
    assert script.slept == [1, 2]


def test_what_nobody_catches_ends_the_execution() -> None:
    bare = machine(Only={"Type": "Task", "Resource": "f", "End": True})

    with pytest.raises(StateError, match="Busy"):
        execute(bare, {}, Script(f=[StateError("Busy")]), {})


def test_a_map_gives_each_item_its_own_input() -> None:
    script = Script(f=["x", "y"])
    each = machine(Inner={"Type": "Task", "Resource": "f", "End": True})
    state = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemSelector": {"item.$": "$$.Map.Item.Value", "all.$": "$.more"},
        "ItemProcessor": each,
        "End": True,
    }

    end = execute(machine(Only=state), {"items": [7, 8], "more": True}, script, {})

    assert end == ["x", "y"]
    assert script.asked == [("f", {"item": 7, "all": True}), ("f", {"item": 8, "all": True})]


@pytest.mark.parametrize(
    ("given", "chosen"),
    [({"kind": "a"}, "A"), ({"kind": "b", "yes": True}, "B"), ({"kind": "c"}, "C")],
)
def test_a_choice_takes_the_first_rule_that_holds(given: dict[str, Any], chosen: str) -> None:
    ends = {name: {"Type": "Pass", "Result": name, "End": True} for name in "ABC"}
    rules = [
        {"Variable": "$.kind", "StringEquals": "a", "Next": "A"},
        {"And": [{"Variable": "$.yes", "IsPresent": True}], "Next": "B"},
    ]
    choice = {"Type": "Choice", "Choices": rules, "Default": "C"}

    assert execute(machine(Start=choice, **ends), given, Script(), {}) == chosen


def test_a_definition_with_an_unknown_word_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing is known of"):
        definition("job", {})
