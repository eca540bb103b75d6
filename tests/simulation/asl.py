"""An interpreter of the part of the Amazon States Language that our state machines use.

The definitions under ``statemachines/`` are run as they are, so what a retrier or a catcher
does is simulated too. What a definition uses and this does not know is refused at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

Json = Any

ROOT = Path(__file__).resolve().parents[2]
WAIT_FOR_TOKEN = "arn:aws:states:::lambda:invoke.waitForTaskToken"
INVOKE_BY_SDK = "arn:aws:states:::aws-sdk:lambda:invoke"
_UNCATCHABLE = frozenset({"States.DataLimitExceeded", "States.Runtime"})
_PLACE = re.compile(r"^\$\{(\w+)\}$")
_KNOWN = {
    "Task": {"Resource", "Parameters", "ResultPath", "ResultSelector", "TimeoutSeconds"}
    | {"Retry", "Catch", "HeartbeatSeconds"},
    "Choice": {"Choices", "Default"},
    "Map": {"ItemsPath", "ItemSelector", "ItemProcessor", "MaxConcurrency", "ResultPath"}
    | {"ResultSelector", "Retry", "Catch"},
    "Parallel": {"Branches", "ResultPath", "ResultSelector", "Retry", "Catch"},
    "Pass": {"Parameters", "Result", "ResultPath"},
    "Wait": {"Seconds", "SecondsPath"},
    "Succeed": set[str](),
    "Fail": {"Error", "Cause", "ErrorPath", "CausePath"},
}
_EVERYWHERE = {"Type", "Comment", "Next", "End", "InputPath", "OutputPath"}


class StateError(Exception):
    """An error as a state machine knows it: a name and a text."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.cause = cause


class Surroundings(Protocol):
    """What an execution needs of the region that it runs in."""

    def invoke(self, function: str, payload: Json, timeout: float | None) -> Json:
        """Run a function and give its answer, or raise `StateError`."""

    def invoke_and_wait(
        self, function: str, payload: Callable[[str], Json], timeout: float | None
    ) -> Json:
        """Run a function whose payload holds a task token; give what the token is answered."""

    def invoke_by_sdk(self, function: str, payload: Json, timeout: float | None) -> Json:
        """Run a function; its answer as the service's own API tells it.

        ``Payload`` is text, also where the function raised; then there is ``FunctionError``.
        """

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass."""

    def jitter(self) -> float:
        """Between 0 and 1, from the schedule's seed."""

    def together(self, bodies: Sequence[Body], at_once: int) -> list[Json]:
        """Run the bodies beside each other, so many at once; the first error ends all."""


Body = Callable[[Surroundings], Json]
"""One branch of a Parallel state, or one item of a Map."""


def definition(name: str, words: Mapping[str, Any]) -> Json:
    """The state machine ``statemachines/<name>.asl.json``, with its places filled in and checked.

    Raises
    ------
    ValueError
        When a place stays empty, or a state uses what this interpreter does not know.
    """

    def filled(value: Json) -> Json:
        if isinstance(value, dict):
            return {key: filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [filled(inner) for inner in value]
        place = _PLACE.match(value) if isinstance(value, str) else None
        if place is None:
            return value
        if place.group(1) not in words:
            raise ValueError(f"{name}: nothing is known of ${{{place.group(1)}}}")
        return words[place.group(1)]

    machine = filled(json.loads((ROOT / "statemachines" / f"{name}.asl.json").read_text()))
    _check(name, machine)
    return machine


def _check(name: str, machine: Json) -> None:
    for title, state in machine["States"].items():
        known = _KNOWN.get(state["Type"])
        if known is None:
            raise ValueError(f"{name}: the simulation knows no state of type {state['Type']}")
        if strange := set(state) - known - _EVERYWHERE:
            raise ValueError(f"{name}: the simulation does not know {sorted(strange)} of {title}")
        for inner in (*state.get("Branches", ()), *filter(None, [state.get("ItemProcessor")])):
            _check(name, inner)


def execute(machine: Json, data: Json, around: Surroundings, context: Json) -> Json:
    """Run a machine to its end and give its output.

    Raises
    ------
    StateError
        What no state caught.
    """
    states = machine["States"]
    name = machine["StartAt"]
    while True:
        state = states[name]
        kind = state["Type"]
        given = _picked(state.get("InputPath", "$"), data, context)
        if kind == "Succeed":
            return given
        if kind == "Fail":
            raise StateError(
                _read(state["ErrorPath"], given, context)
                if "ErrorPath" in state
                else state.get("Error", ""),
                _read(state["CausePath"], given, context)
                if "CausePath" in state
                else state.get("Cause", ""),
            )
        if kind == "Choice":
            data, name = given, _chosen(state, given, context)
            continue
        data, name = _with_patience(state, data, given, around, context)
        data = _picked(state.get("OutputPath", "$"), data, context)
        if name is None:
            return data


def _with_patience(
    state: Json, data: Json, given: Json, around: Surroundings, context: Json
) -> tuple[Json, str | None]:
    """Run one state; results and errors are placed in its input as it came."""
    tried = [0] * len(state.get("Retry", ()))
    while True:
        try:
            result = _RUN[state["Type"]](state, given, around, context)
        except StateError as error:
            wait = _retried(state, error, tried, around)
            if wait is not None:
                around.sleep(wait)
                continue
            for catcher in state.get("Catch", ()):
                if _matches(catcher["ErrorEquals"], error.error):
                    caught = {"Error": error.error, "Cause": error.cause}
                    return _placed(catcher.get("ResultPath", "$"), data, caught), catcher["Next"]
            raise
        if "ResultSelector" in state:
            result = _filled(state["ResultSelector"], result, context)
        return _placed(state.get("ResultPath", "$"), data, result), state.get("Next")


def _retried(
    state: Json, error: StateError, tried: list[int], around: Surroundings
) -> float | None:
    for number, retrier in enumerate(state.get("Retry", ())):
        if _matches(retrier["ErrorEquals"], error.error):
            if tried[number] >= retrier.get("MaxAttempts", 3):
                return None
            wait = retrier.get("IntervalSeconds", 1) * (
                float(retrier.get("BackoffRate", 2.0)) ** tried[number]
            )
            tried[number] += 1
            wait = min(wait, retrier.get("MaxDelaySeconds", wait))
            return float(wait * around.jitter() if "JitterStrategy" in retrier else wait)
    return None


def _matches(names: Sequence[str], error: str) -> bool:
    if error in names:
        return True
    if "States.TaskFailed" in names and error != "States.Timeout":
        return True
    return "States.ALL" in names and error not in _UNCATCHABLE


def _task(state: Json, data: Json, around: Surroundings, context: Json) -> Json:
    resource, timeout = state["Resource"], state.get("TimeoutSeconds")
    if resource == WAIT_FOR_TOKEN:

        def payload(token: str) -> Json:
            given = _filled(state["Parameters"], data, {**context, "Task": {"Token": token}})
            return given["Payload"]

        function = state["Parameters"]["FunctionName"]
        return around.invoke_and_wait(function, payload, timeout)
    given = _filled(state["Parameters"], data, context) if "Parameters" in state else data
    if resource == INVOKE_BY_SDK:
        return around.invoke_by_sdk(given["FunctionName"], given["Payload"], timeout)
    return around.invoke(resource, given, timeout)


def _map(state: Json, data: Json, around: Surroundings, context: Json) -> Json:
    items = _read(state.get("ItemsPath", "$"), data, context)

    def run(index: int, item: Json) -> Callable[[Surroundings], Json]:
        inner = {**context, "Map": {"Item": {"Index": index, "Value": item}}}
        given = _filled(state["ItemSelector"], data, inner) if "ItemSelector" in state else item
        return lambda around: execute(state["ItemProcessor"], given, around, inner)

    bodies = [run(index, item) for index, item in enumerate(items)]
    return around.together(bodies, state.get("MaxConcurrency") or len(bodies))


def _parallel(state: Json, data: Json, around: Surroundings, context: Json) -> Json:
    def run(branch: Json) -> Callable[[Surroundings], Json]:
        return lambda around: execute(branch, data, around, context)

    bodies = [run(branch) for branch in state["Branches"]]
    return around.together(bodies, len(bodies))


def _pass(state: Json, data: Json, around: Surroundings, context: Json) -> Json:
    if "Result" in state:
        return state["Result"]
    return _filled(state["Parameters"], data, context) if "Parameters" in state else data


def _wait(state: Json, data: Json, around: Surroundings, context: Json) -> Json:
    around.sleep(
        _read(state["SecondsPath"], data, context) if "SecondsPath" in state else state["Seconds"]
    )
    return data


_RUN: dict[str, Callable[[Json, Json, Surroundings, Json], Json]] = {
    "Task": _task,
    "Map": _map,
    "Parallel": _parallel,
    "Pass": _pass,
    "Wait": _wait,
}


def _chosen(state: Json, data: Json, context: Json) -> str:
    for rule in state["Choices"]:
        if _holds(rule, data, context):
            return str(rule["Next"])
    if "Default" not in state:
        raise StateError("States.NoChoiceMatched")
    return str(state["Default"])


def _holds(rule: Json, data: Json, context: Json) -> bool:
    if "And" in rule:
        return all(_holds(inner, data, context) for inner in rule["And"])
    if "Or" in rule:
        return any(_holds(inner, data, context) for inner in rule["Or"])
    if "Not" in rule:
        return not _holds(rule["Not"], data, context)
    (test,) = set(rule) - {"Variable", "Next", "Comment"}
    wanted = rule[test]
    try:
        value = _read(rule["Variable"], data, context)
    except StateError:
        if test == "IsPresent":
            return not wanted
        raise
    if test == "IsPresent":
        return bool(wanted)
    if test == "IsNull":
        return bool((value is None) == wanted)
    if test in ("StringEquals", "NumericEquals", "BooleanEquals"):
        return bool(value == wanted)
    numeric: dict[str, Callable[[Any, Any], bool]] = {
        "NumericGreaterThan": lambda a, b: a > b,
        "NumericGreaterThanEquals": lambda a, b: a >= b,
        "NumericLessThan": lambda a, b: a < b,
        "NumericLessThanEquals": lambda a, b: a <= b,
    }
    if test not in numeric:
        raise ValueError(f"the simulation does not know the comparison {test}")
    return numeric[test](value, wanted)


def _picked(path: str | None, data: Json, context: Json) -> Json:
    if path == "$":
        return data
    return {} if path is None else _read(path, data, context)


_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_CALL = re.compile(r"^States\.(\w+)\((.*)\)$")
_INTRINSIC: dict[str, Callable[..., Json]] = {
    "MathAdd": lambda one, other: one + other,
    "StringToJson": json.loads,
}


def _read(path: str, data: Json, context: Json) -> Json:
    """The value at a reference path, or of one of the intrinsic functions that we use."""
    if call := _CALL.match(path):
        arguments = [part.strip() for part in call.group(2).split(",")]
        values = [
            _read(argument, data, context) if argument.startswith("$") else json.loads(argument)
            for argument in arguments
        ]
        if call.group(1) not in _INTRINSIC:
            raise ValueError(f"the simulation does not know States.{call.group(1)}")
        return _INTRINSIC[call.group(1)](*values)
    value, rest = (context, path[2:]) if path.startswith("$$") else (data, path[1:])
    for step in _STEP.finditer(rest):
        name, index = step.groups()
        try:
            value = value[name] if name is not None else value[int(index)]
        except (KeyError, IndexError, TypeError):
            raise StateError("States.Runtime", f"nothing is at {path}") from None
    return value


def _filled(template: Json, data: Json, context: Json) -> Json:
    if isinstance(template, list):
        return [_filled(inner, data, context) for inner in template]
    if not isinstance(template, dict):
        return template
    return {
        key.removesuffix(".$"): _read(value, data, context)
        if key.endswith(".$")
        else _filled(value, data, context)
        for key, value in template.items()
    }


def _placed(path: str | None, data: Json, result: Json) -> Json:
    if path is None:
        return data
    if path == "$":
        return result
    name = path.removeprefix("$.")
    if "." in name:
        raise ValueError(f"the simulation does not know the result path {path}")
    return {**data, name: result}
