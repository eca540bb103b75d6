"""Run a quantum function by its journal, on AWS's durable-execution SDK.

The SDK replays: each operation of the function has a number, and what is recorded under that
number is returned instead of being done again. What it records goes to the `DurableServiceClient`
that the caller brings, so its store is not AWS's.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import aws_durable_execution_sdk_python as sdk
from aws_durable_execution_sdk_python.context import DurableContext
from aws_durable_execution_sdk_python.exceptions import (
    BackgroundThreadError,
    InvocationError,
    SuspendExecution,
)
from aws_durable_execution_sdk_python.execution import (
    DurableExecutionInvocationInputWithClient,
    InitialExecutionState,
    durable_execution,
)
from aws_durable_execution_sdk_python.lambda_service import DurableServiceClient, Operation
from aws_durable_execution_sdk_python.state import ExecutionState, _Signal

from bellpair.errors import BellpairError
from bellpair.functions.captured_output import captured_output
from bellpair.functions.declaration import declaration_of, runnable
from bellpair.functions.errors import InvalidFunction
from bellpair.functions.inspection import arguments_of
from bellpair.functions.json_forms import to_json
from bellpair.functions.limits import OUTPUT_BYTES_MAX
from bellpair.functions.outcome import Outcome, failed
from bellpair.functions.replayed_course import ReplayedCourse
from bellpair.functions.runtime import Runtime
from bellpair.functions.users_errors import place, shown, users_traceback
from bellpair.functions.watched_client import WatchedClient


def run_worker(
    target: Any,
    inputs: Mapping[str, Any],
    *,
    client: DurableServiceClient,
    execution: str,
    token: str,
    operations: Sequence[Mapping[str, Any]] = (),
    next_marker: str | None = None,
    seed: int,
    state: Any = None,
    checkpoints: int = 0,
    device: str | None = None,
    takes: Collection[str] = (),
    on_output: Callable[[str], None] = lambda text: None,
    on_progress: Callable[[float, str], None] = lambda fraction, message: None,
) -> Outcome:
    """Run a quantum function from its last checkpoint to its end, or until it has to wait.

    While it runs, ``sys.stdout`` and ``sys.stderr`` of the process go to ``on_output``; what
    was printed before is not given again when it is repeated.

    Parameters
    ----------
    target
        A worker class, one of its objects, or a decorated function.
    inputs
        The named inputs, from JSON.
    client
        Records operations. Whatever it raises ends the run, and is raised from here.
    execution
        Names the job.
    token
        The client's first token.
    operations
        What is recorded since the last checkpoint, each as ``Operation.to_json_dict`` has it;
        the first page.
    next_marker
        With which the client gives the next page; ``None`` if there is none.
    seed
        Of the function's randomness.
    state, checkpoints
        The last checkpoint, and how many there were.
    device
        What `Runtime.device` says.
    takes
        What the service takes in calls beside circuits and shots; see
        `bellpair.functions.plan.payload_of`.

    Raises
    ------
    Exception
        What the client raised.
    """
    watched = WatchedClient(client)
    run = _Run(target, inputs, seed, state, checkpoints, device, takes, on_output, on_progress)
    started = DurableExecutionInvocationInputWithClient(
        durable_execution_arn=execution,
        checkpoint_token=token,
        initial_execution_state=InitialExecutionState(
            operations=[Operation.from_json_dict(dict(one)) for one in operations],
            next_marker=next_marker or "",
        ),
        service_client=watched,
    )
    fault: BaseException | None = None
    with _quiet_sdk():
        try:
            # A run is no Lambda invocation of its own, so it has no Lambda context.
            durable_execution(run)(started, None)  # type: ignore[arg-type]
        except Exception as error:
            fault = error
    fault = watched.fault or run.fault or fault
    if fault is not None:
        raise fault
    assert run.outcome is not None
    return run.outcome


class _Run:
    """The handler that the SDK calls: the user's function with all that surrounds it."""

    def __init__(
        self,
        target: Any,
        inputs: Mapping[str, Any],
        seed: int,
        state: Any,
        checkpoints: int,
        device: str | None,
        takes: Collection[str],
        on_output: Callable[[str], None],
        on_progress: Callable[[float, str], None],
    ) -> None:
        self.outcome: Outcome | None = None
        self.fault: BaseException | None = None
        self._target = target
        self._inputs = inputs
        self._seed = seed
        self._state = state
        self._checkpoints = checkpoints
        self._device = device
        self._takes = takes
        self._on_output = on_output
        self._on_progress = on_progress

    def __call__(self, _event: Any, root: DurableContext) -> None:
        course = ReplayedCourse(root, self._checkpoints)
        runtime = Runtime(
            course,
            seed=self._seed,
            state=self._state,
            checkpoints=self._checkpoints,
            device=self._device,
            takes=self._takes,
            options=_declared_options(self._target),
            on_output=self._on_output,
            on_progress=self._on_progress,
        )
        with captured_output(lambda text: None if course.replaying else self._on_output(text)):
            try:
                outcome = self._finished(course, runtime)
            except BaseException as error:
                # Whatever the function made of it: what ended its course counts.
                cause = course.ended or error
                outcome = replace(self._ended(cause), cause=cause)
        self.outcome = outcome
        _stop_promptly(root.state)

    def _finished(self, course: ReplayedCourse, runtime: Runtime) -> Outcome:
        arguments = arguments_of(self._target, self._inputs)
        value = runnable(self._target)(runtime, **arguments)
        course.end()
        output = to_json(value, "the output")
        size = len(output.encode())
        if size > OUTPUT_BYTES_MAX:
            return failed(
                "limit-exceeded",
                f"The output has {size:,} bytes as JSON; at most {OUTPUT_BYTES_MAX:,} are allowed.",
                "Return a summary.",
            )
        return Outcome("finished", output_json=output)

    def _ended(self, error: BaseException) -> Outcome:
        match error:
            case SuspendExecution():
                return Outcome("suspended")
            case BackgroundThreadError() | InvocationError():
                self.fault = getattr(error, "source_exception", error)
                return Outcome("suspended")
            case BellpairError():
                self._tell(error)
                return failed(error.code or "function-failed", error.detail, error.remedy)
            case SystemExit() | KeyboardInterrupt() | GeneratorExit():
                return failed(
                    "function-crashed",
                    f"The function left the interpreter by {type(error).__name__}"
                    f"{f'({error})' if str(error) else ''}{place(error)}.",
                    "Return a value, or raise an exception.",
                )
            case MemoryError():
                self._tell(error)
                return failed(
                    "limit-exceeded",
                    f"The function needs more memory than its worker has{place(error)}.",
                    "Keep less in memory, or choose a worker with more.",
                )
            case _:
                self._tell(error)
                return failed("function-failed", f"{shown(error)}{place(error)}", None)

    def _tell(self, error: BaseException) -> None:
        self._on_output(users_traceback(error))


def _declared_options(target: Any) -> tuple[str, ...]:
    try:
        return declaration_of(target).options
    except InvalidFunction:
        # It is told where the target is run.
        return ()


def _stop_promptly(state: ExecutionState) -> None:
    """Have the SDK's thread see at once that it is to stop; it looks every 0.1 s only."""
    stop = state.stop_checkpointing

    def stop_and_wake() -> None:
        stop()
        state._checkpoint_queue.put(_Signal.REFRESH_WAKE)

    state.stop_checkpointing = stop_and_wake  # type: ignore[method-assign]


@contextlib.contextmanager
def _quiet_sdk() -> Iterator[None]:
    # It logs each error of a function with its traceback; that is told in the outcome.
    logger = logging.getLogger(sdk.__name__)
    before = logger.level, logger.propagate
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    try:
        yield
    finally:
        logger.setLevel(before[0])
        logger.propagate = before[1]
