"""Step Functions, where MiniStack's differs from AWS in what an application relies on."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import deque
from typing import Any

MAX_PAYLOAD_BYTES = 256 * 1024
"""Limit of a state's input or output, and of an execution's input."""

_CLOSED_TOKENS_REMEMBERED = 10_000
_NO_TIMEOUT = 99_999_999.0


def install() -> None:
    """Correct MiniStack's Step Functions in this process."""
    from ministack.services import stepfunctions

    stepfunctions.time = _ClockWithoutStartPause()
    for correct in (
        _idempotent_start,
        _callback_tasks,
        _timeouts_by_path,
        _retry_delays,
        _large_results_fail,
    ):
        correct(stepfunctions)


class _ClockWithoutStartPause:
    """The time module, less the 0.15 s for which MiniStack pauses before each execution."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    @staticmethod
    def sleep(seconds: float) -> None:
        if seconds != 0.15:
            time.sleep(seconds)


def _idempotent_start(sfn: Any) -> None:
    """Starting a running execution again with the same name and input returns that execution.

    MiniStack raises ExecutionAlreadyExists. Inputs over the limit are refused as AWS does.
    """
    start = sfn._start_execution

    def start_execution(request: dict[str, Any]) -> Any:
        text = request.get("input", "{}")
        if len(text.encode()) > MAX_PAYLOAD_BYTES:
            return sfn.error_response_json(
                "ValidationException",
                f"Value at 'input' must have length less than or equal to {MAX_PAYLOAD_BYTES}",
                400,
            )
        name = request.get("name")
        machine = sfn._resolve_state_machine_arn(request.get("stateMachineArn", ""))
        if name and machine:
            arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
            known = sfn._executions.get(arn)
            if known and known["status"] == "RUNNING" and known["input"] == text:
                return sfn.json_response({"executionArn": arn, "startDate": known["startDate"]})
        return start(request)

    sfn._start_execution = start_execution


def _callback_tasks(sfn: Any) -> None:
    """A task that waits for its token fails when its function raises or stops its heartbeat.

    MiniStack swallows the function's error, so that the task waits until its timeout, and ignores
    HeartbeatSeconds. A token whose task has ended answers TaskTimedOut, as on AWS.
    """
    invoke_other = sfn._invoke_with_callback
    closed: deque[str] = deque(maxlen=_CLOSED_TOKENS_REMEMBERED)

    def invoke(resource: str, payload: Any, token: str, state: dict[str, Any]) -> Any:
        if "states:::lambda:invoke" not in resource:
            return invoke_other(resource, payload, token, state)
        deadline = time.monotonic() + float(state.get("TimeoutSeconds", _NO_TIMEOUT))
        task: dict[str, Any] = {
            "event": threading.Event(), "result": None, "error": None, "heartbeat": None
        }  # fmt: skip
        sfn._task_tokens[token] = task
        try:
            function = sfn._resolve_lambda_function_ref(payload["FunctionName"], optimized=True)
            sfn._call_lambda(function, payload.get("Payload", {}))
            _await_token(sfn, task, deadline, state.get("HeartbeatSeconds"))
        finally:
            sfn._task_tokens.pop(token, None)
            closed.append(token)
        if task["error"]:
            raise sfn._ExecutionError(task["error"]["Error"], task["error"]["Cause"])
        return json.loads(task["result"])

    sfn._invoke_with_callback = invoke

    def refusing_closed(answer: Any) -> Any:
        def call(request: dict[str, Any]) -> Any:
            token = request.get("taskToken")
            if token in closed and sfn._task_tokens.get(token) is None:
                return sfn.error_response_json(
                    "TaskTimedOut",
                    "The task associated with the token has already ended",
                    400,
                )
            return answer(request)

        return call

    for name in ("_send_task_success", "_send_task_failure", "_send_task_heartbeat"):
        setattr(sfn, name, refusing_closed(getattr(sfn, name)))


def _await_token(sfn: Any, task: dict[str, Any], deadline: float, heartbeat: float | None) -> None:
    while True:
        left = deadline - time.monotonic()
        before = task["heartbeat"]
        if task["event"].wait(timeout=max(0.0, min(left, heartbeat or left))):
            return
        if time.monotonic() >= deadline:
            raise sfn._ExecutionError("States.Timeout", "No callback came in time")
        if heartbeat and task["heartbeat"] == before:
            raise sfn._ExecutionError("States.HeartbeatTimeout", "No heartbeat came in time")


def _timeouts_by_path(sfn: Any) -> None:
    """TimeoutSecondsPath and HeartbeatSecondsPath, which MiniStack ignores."""
    execute = sfn._execute_task

    def execute_task(state: dict[str, Any], data: Any, execution: Any, ctx: Any) -> Any:
        for field in ("TimeoutSeconds", "HeartbeatSeconds"):
            if path := state.get(f"{field}Path"):
                state = {**state, field: sfn._resolve_path_or_ctx(path, data, ctx)}
        return execute(state, data, execution, ctx)

    sfn._execute_task = execute_task


def _retry_delays(sfn: Any) -> None:
    """MaxDelaySeconds and full jitter, which MiniStack ignores.

    Its caller computes ``IntervalSeconds * BackoffRate ** count``, so the wanted delay goes into
    the interval, with a rate of one.
    """
    find = sfn._find_matching_retrier

    def find_matching_retrier(retriers: Any, error: str, counts: dict[int, int]) -> Any:
        retrier, index = find(retriers, error, counts)
        if retrier is None:
            return retrier, index
        delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** counts.get(
            index, 0
        )
        delay = min(delay, retrier.get("MaxDelaySeconds", delay))
        if retrier.get("JitterStrategy") == "FULL":
            delay = random.uniform(0, delay)
        return {**retrier, "IntervalSeconds": delay, "BackoffRate": 1.0}, index

    sfn._find_matching_retrier = find_matching_retrier


def _large_results_fail(sfn: Any) -> None:
    """A function's result over the limit fails the state with States.DataLimitExceeded.

    Throttled and unknown functions get the error names that AWS gives to Retry and Catch.
    """
    call = sfn._call_lambda

    def call_lambda(function: str, event: Any) -> Any:
        try:
            result = call(function, event)
        except sfn._ExecutionError as error:
            if error.error == "Lambda.Unknown" and "TooManyRequestsException" in error.cause:
                raise sfn._ExecutionError("Lambda.TooManyRequestsException", error.cause) from error
            raise
        size = len(json.dumps(result).encode())
        if size > MAX_PAYLOAD_BYTES:
            raise sfn._ExecutionError(
                "States.DataLimitExceeded",
                f"The result of {function} has {size} bytes; {MAX_PAYLOAD_BYTES} are allowed",
            )
        return result

    sfn._call_lambda = call_lambda
