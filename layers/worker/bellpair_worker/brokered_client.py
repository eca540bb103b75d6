"""What the replay engine writes its journal to: the supervisor, which asks the broker."""

from __future__ import annotations

import os
import threading
from typing import Any

from aws_durable_execution_sdk_python.lambda_service import (
    CheckpointOutput,
    CheckpointUpdatedExecutionState,
    Operation,
    OperationUpdate,
    StateOutput,
)

from .frames import Line, Message


class Disconnected(Exception):
    """The supervisor takes nothing more from this process."""


class BrokeredClient:
    """The service's side of a durable execution, over the one line that a child has.

    Any thread may use it; requests are made one after the other. A process that the user's code
    forked has no part in it.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def checkpoint(
        self,
        durable_execution_arn: str,
        checkpoint_token: str,
        updates: list[OperationUpdate],
        client_token: str | None,
    ) -> CheckpointOutput:
        """Record what happened; what changed by it."""
        answer = self.ask("checkpoint", updates=[dict(update.to_dict()) for update in updates])
        changed = CheckpointUpdatedExecutionState(operations=_operations(answer))
        return CheckpointOutput(checkpoint_token=checkpoint_token, new_execution_state=changed)

    def get_execution_state(
        self,
        durable_execution_arn: str,
        checkpoint_token: str,
        next_marker: str,
        max_items: int = 1000,
    ) -> StateOutput:
        """The next page of what is recorded."""
        answer = self.ask("state", marker=next_marker)
        return StateOutput(operations=_operations(answer), next_marker=answer.get("marker"))

    def ask(self, op: str, **fields: Any) -> Message:
        """Send a request and wait for its answer.

        Raises
        ------
        Disconnected
        """
        with self._lock:
            self.tell(op, **fields)
            try:
                return self._line.receive()
            except (EOFError, OSError) as error:
                raise Disconnected("The run was ended") from error

    def tell(self, op: str, **fields: Any) -> None:
        """Send what has no answer.

        Raises
        ------
        Disconnected
        """
        if os.getpid() != self._owner:
            raise Disconnected("Only the process that began the run may use its runtime")
        try:
            self._line.send({"op": op, **fields})
        except OSError as error:
            raise Disconnected("The run was ended") from error


def _operations(answer: Message) -> list[Operation]:
    return [Operation.from_json_dict(one) for one in answer.get("operations") or ()]
