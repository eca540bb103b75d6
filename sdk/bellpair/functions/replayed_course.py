"""The course of a function on the SDK's context: what is recorded is returned, not done again."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from aws_durable_execution_sdk_python.config import StepConfig
from aws_durable_execution_sdk_python.context import DurableContext
from aws_durable_execution_sdk_python.exceptions import (
    BackgroundThreadError,
    InvocationError,
    InvokeError,
    NonDeterministicExecutionError,
    SuspendExecution,
)
from aws_durable_execution_sdk_python.identifier import OperationIdentifier
from aws_durable_execution_sdk_python.lambda_service import (
    Operation,
    OperationSubType,
    OperationType,
)
from aws_durable_execution_sdk_python.retries import RetryPresets
from aws_durable_execution_sdk_python.state import ReplayStatus

from bellpair.functions.errors import CallFailed, InvalidCall, NonDeterministicFunction


class ReplayedCourse:
    """A function's course on the SDK's context; see `Course`.

    Attributes
    ----------
    ended
        What ended the course, such as a suspension. A function that catches it, as a bare
        ``except`` does, gets it again from whatever it does next.
    """

    def __init__(self, root: DurableContext, page: int) -> None:
        self.ended: BaseException | None = None
        self._thread = threading.get_ident()
        self._root = root
        self._page = page
        self._context = _Context(self, root, page)

    @property
    def replaying(self) -> bool:
        """Whether what happens now has happened before, or is going to happen again."""
        if self.ended is not None:
            return isinstance(self.ended, SuspendExecution)
        return self._context.is_replaying()

    @property
    def context(self) -> DurableContext:
        """AWS's own view, from the last checkpoint on."""
        return self._context

    def call(self, function: str, payload: Any, name: str) -> Any:
        """Have the service do something; suspends the run when that takes long."""
        try:
            return self._context.invoke(function, payload, name=name)
        except InvokeError as error:
            raise CallFailed(error.message or "The call failed.", remedy=error.data) from None

    def step(self, name: str, function: Callable[[], Any]) -> Any:
        """Do something once."""
        once = StepConfig(retry_strategy=RetryPresets.none())
        return self._context.step(lambda _: function(), name=name, config=once)

    def turn_page(self) -> None:
        """Number what follows as a run does that begins here."""
        self._page += 1
        self._context = _Context(self, self._root, self._page)

    def end(self) -> None:
        """Refuse to end where the journal goes on, or where the course is over already."""
        self.go_on()
        recorded = self._context.next_recorded()
        if recorded is not None:
            self.over(NonDeterministicFunction(self._context.index, _name(recorded), None))
            self.go_on()

    def go_on(self) -> None:
        """Raise what ended the course, if anything did."""
        if self.ended is not None:
            raise self.ended
        if threading.get_ident() != self._thread:
            raise InvalidCall(
                "The runtime was used from another thread than the function's own.",
                remedy="Make calls from the function's own thread; runtime.gather makes many "
                "at once.",
            )

    def over(self, error: BaseException) -> None:
        """Note what ended the course; the first counts."""
        if self.ended is None:
            self.ended = error


class _Context(DurableContext):
    """The outermost context: its operations belong to one page, and one thread."""

    def __init__(self, course: ReplayedCourse, root: DurableContext, page: int) -> None:
        super().__init__(
            state=root.state,
            execution_context=root.execution_context,
            step_id_prefix=f"c{page}",
        )
        self._course = course
        if self.next_recorded() is not None:
            self._replay_status = ReplayStatus.REPLAY

    @property
    def index(self) -> int:
        """The number of the next operation, from 0."""
        return self._step_counter.get_current()

    def next_recorded(self) -> Operation | None:
        """What is recorded for the next operation."""
        return self._peek_next_checkpoint().operation

    @contextlib.contextmanager
    def _operation_replay_aware(
        self,
        sub_type: OperationSubType,
        name: str | None = None,
        operation_type: OperationType | None = None,
    ) -> Iterator[OperationIdentifier]:
        # Each operation of the SDK passes here, before and after.
        self._course.go_on()
        index, recorded = self.index, self.next_recorded()
        try:
            with super()._operation_replay_aware(sub_type, name, operation_type) as identifier:
                yield identifier
        except NonDeterministicExecutionError as mismatch:
            asked = name or sub_type.value
            inner = self.state.operations.get(mismatch.step_id or "")
            if inner is not None and (recorded is None or inner != recorded):
                recorded, asked = inner, f"another operation inside of {asked}"
            found = _name(recorded) if recorded is not None else "none"
            error = NonDeterministicFunction(index, found, asked)
            self._course.over(error)
            raise error from None
        except (SuspendExecution, BackgroundThreadError, InvocationError) as error:
            self._course.over(error)
            raise


def _name(operation: Operation) -> str:
    kind = operation.sub_type or operation.operation_type
    return operation.name or kind.value
