"""A durable-execution service in memory, for runs in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_durable_execution_sdk_python.lambda_service import (
    CallbackDetails,
    ChainedInvokeDetails,
    CheckpointOutput,
    CheckpointUpdatedExecutionState,
    ContextDetails,
    ErrorObject,
    Operation,
    OperationAction,
    OperationStatus,
    OperationType,
    OperationUpdate,
    StateOutput,
    StepDetails,
    WaitDetails,
)

from bellpair.functions.errors import CallFailed, InvalidCall
from bellpair.functions.runtime import CHECKPOINT, SAMPLE

_AFTER = {
    OperationAction.SUCCEED: OperationStatus.SUCCEEDED,
    OperationAction.FAIL: OperationStatus.FAILED,
    OperationAction.CANCEL: OperationStatus.CANCELLED,
    OperationAction.RETRY: OperationStatus.PENDING,
    OperationAction.START: OperationStatus.STARTED,
}


class MemoryService:
    """Records operations, and answers quantum calls by a callable.

    Parameters
    ----------
    answer
        Takes the payload of a ``bellpair.sample`` call and gives its result; it may raise
        `CallFailed`.
    answers_at_once
        Whether the call of a number, from 0, is answered in the request that makes it; else
        the function is suspended and `settle` makes the answer.

    Attributes
    ----------
    state, checkpoints
        What the function kept last, and how often it kept something.
    calls
        How many quantum calls were made.
    """

    def __init__(
        self,
        answer: Callable[[Mapping[str, Any]], Any],
        answers_at_once: Callable[[int], bool] = lambda call: True,
    ) -> None:
        self.state: Any = None
        self.checkpoints = 0
        self.calls = 0
        self._answer = answer
        self._answers_at_once = answers_at_once
        self._operations: dict[str, Operation] = {}
        self._pending: dict[str, Any] = {}

    def operations(self) -> list[dict[str, Any]]:
        """What is recorded since the last checkpoint, as a run is given it."""
        return [dict(operation.to_json_dict()) for operation in self._operations.values()]

    def settle(self) -> None:
        """Bring to their end what suspended functions wait for: calls, and waits at once."""
        for key, payload in self._pending.items():
            self._operations[key] = self._called(self._operations[key], payload)
        self._pending.clear()
        for key, operation in self._operations.items():
            if operation.operation_type is OperationType.WAIT:
                self._operations[key] = replace(operation, status=OperationStatus.SUCCEEDED)
            elif operation.status is OperationStatus.PENDING:
                self._operations[key] = replace(operation, status=OperationStatus.READY)

    def checkpoint(
        self,
        durable_execution_arn: str,
        checkpoint_token: str,
        updates: list[OperationUpdate],
        client_token: str | None,
    ) -> CheckpointOutput:
        """Record updates; see ``DurableServiceClient``."""
        changed = [self._updated(update) for update in updates]
        return CheckpointOutput(
            checkpoint_token or "more", CheckpointUpdatedExecutionState(operations=changed)
        )

    def get_execution_state(
        self,
        durable_execution_arn: str,
        checkpoint_token: str,
        next_marker: str,
        max_items: int = 1000,
    ) -> StateOutput:
        """Nothing: all that is recorded is on the first page."""
        return StateOutput(operations=[], next_marker="")

    def _updated(self, update: OperationUpdate) -> Operation:
        operation = self._recorded(update)
        if update.chained_invoke_options is not None:
            operation = self._invoked(operation, update)
        self._operations[update.operation_id] = operation
        return operation

    def _recorded(self, update: OperationUpdate) -> Operation:
        before = self._operations.get(update.operation_id)
        kind, result, error = update.operation_type, update.payload, update.error
        now = datetime.now(UTC)
        operation = Operation(
            operation_id=update.operation_id,
            operation_type=kind,
            status=_AFTER[update.action],
            parent_id=update.parent_id,
            name=update.name,
            sub_type=update.sub_type,
            start_timestamp=before.start_timestamp if before else now,
        )
        if kind is OperationType.CONTEXT:
            again = bool(update.context_options and update.context_options.replay_children)
            return replace(operation, context_details=ContextDetails(again, result, error))
        if kind is OperationType.STEP:
            tried = before.step_details.attempt if before and before.step_details else 0
            due = None
            if update.action is OperationAction.RETRY and update.step_options:
                due = now + timedelta(seconds=update.step_options.next_attempt_delay_seconds)
            attempt = tried + (update.action is OperationAction.RETRY)
            return replace(operation, step_details=StepDetails(attempt, due, result, error))
        if kind is OperationType.WAIT and update.wait_options:
            end = now + timedelta(seconds=update.wait_options.wait_seconds)
            return replace(operation, wait_details=WaitDetails(end))
        if kind is OperationType.CALLBACK:
            return replace(operation, callback_details=CallbackDetails(update.operation_id))
        return operation

    def _invoked(self, operation: Operation, update: OperationUpdate) -> Operation:
        assert update.chained_invoke_options is not None
        function = update.chained_invoke_options.function_name
        payload = json.loads(update.payload or "null")
        if function == CHECKPOINT:
            self.state = payload["state"]
            self.checkpoints += 1
            # What was recorded before is not needed again, and nobody may rely on it.
            self._operations.clear()
            return replace(operation, status=OperationStatus.SUCCEEDED)
        if function != SAMPLE:
            raise InvalidCall(
                f"There is no function {function!r} to be invoked.",
                remedy="Call runtime.sampler or runtime.estimator.",
            )
        call, self.calls = self.calls, self.calls + 1
        if self._answers_at_once(call):
            return self._called(operation, payload)
        self._pending[operation.operation_id] = payload
        return operation

    def _called(self, operation: Operation, payload: Any) -> Operation:
        try:
            details = ChainedInvokeDetails(result=json.dumps(self._answer(payload)))
        except CallFailed as error:
            told = ErrorObject(error.detail, "CallFailed", error.remedy, None)
            return replace(
                operation,
                status=OperationStatus.FAILED,
                chained_invoke_details=ChainedInvokeDetails(error=told),
            )
        return replace(operation, status=OperationStatus.SUCCEEDED, chained_invoke_details=details)
