"""Run a quantum function by its journal, on AWS's durable-execution SDK.

The SDK replays: each operation of the function has a number, and what is recorded under that
number is returned instead of being done again. What it records goes to the `DurableServiceClient`
that the caller brings, so its store is not AWS's.
"""

from __future__ import annotations

import contextlib
import io
import logging
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import aws_durable_execution_sdk_python as sdk
from aws_durable_execution_sdk_python.config import StepConfig
from aws_durable_execution_sdk_python.context import DurableContext
from aws_durable_execution_sdk_python.exceptions import (
    BackgroundThreadError,
    InvocationError,
    InvokeError,
    NonDeterministicExecutionError,
    SuspendExecution,
)
from aws_durable_execution_sdk_python.execution import (
    DurableExecutionInvocationInputWithClient,
    InitialExecutionState,
    durable_execution,
)
from aws_durable_execution_sdk_python.identifier import OperationIdentifier
from aws_durable_execution_sdk_python.lambda_service import (
    CheckpointOutput,
    DurableServiceClient,
    Operation,
    OperationSubType,
    OperationType,
    OperationUpdate,
    StateOutput,
)
from aws_durable_execution_sdk_python.retries import RetryPresets
from aws_durable_execution_sdk_python.state import ExecutionState, ReplayStatus, _Signal

from bellpair.errors import BellpairError
from bellpair.functions.declaration import runnable
from bellpair.functions.errors import CallFailed, InvalidCall, NonDeterministicFunction
from bellpair.functions.inspection import arguments_of
from bellpair.functions.json_forms import to_json
from bellpair.functions.limits import OUTPUT_BYTES_MAX
from bellpair.functions.runtime import Runtime

_MACHINERY = (str(Path(__file__).parent), str(Path(sdk.__file__).parent))
_MESSAGE_CHARACTERS_MAX = 2000

Kind = Literal["finished", "suspended", "failed"]


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    kind
        ``"finished"``, ``"failed"``, or ``"suspended"``: what it waits for is with the service.
    output_json
        JSON text of what the function returned, where it finished.
    error
        ``{"code", "message"}`` and maybe ``"remedy"``, where it failed.
    cause
        What the function raised, where that is why it failed.
    """

    kind: Kind
    output_json: str | None = None
    error: dict[str, str] | None = None
    cause: BaseException | None = field(default=None, repr=False, compare=False)


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

    Raises
    ------
    Exception
        What the client raised.
    """
    watched = _Watched(client)
    run = _Run(target, inputs, seed, state, checkpoints, device, on_output, on_progress)
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
            on_output=self._on_output,
            on_progress=self._on_progress,
        )
        with _captured(lambda text: None if course.replaying else self._on_output(text)):
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
            return _failed(
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
                return _failed(error.code or "function-failed", error.detail, error.remedy)
            case SystemExit() | KeyboardInterrupt() | GeneratorExit():
                return _failed(
                    "function-crashed",
                    f"The function left the interpreter by {type(error).__name__}"
                    f"{f'({error})' if str(error) else ''}{_place(error)}.",
                    "Return a value, or raise an exception.",
                )
            case MemoryError():
                self._tell(error)
                return _failed(
                    "limit-exceeded",
                    f"The function needs more memory than its worker has{_place(error)}.",
                    "Keep less in memory, or choose a worker with more.",
                )
            case _:
                self._tell(error)
                return _failed("function-failed", f"{_shown(error)}{_place(error)}", None)

    def _tell(self, error: BaseException) -> None:
        self._on_output(users_traceback(error))


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


class _Watched:
    """A client that remembers what it raised first; the SDK wraps or swallows it."""

    def __init__(self, client: DurableServiceClient) -> None:
        self.fault: BaseException | None = None
        self._client = client

    def checkpoint(
        self,
        durable_execution_arn: str,
        checkpoint_token: str,
        updates: list[OperationUpdate],
        client_token: str | None,
    ) -> CheckpointOutput:
        with self._watching():
            return self._client.checkpoint(
                durable_execution_arn, checkpoint_token, updates, client_token
            )

    def get_execution_state(
        self,
        durable_execution_arn: str,
        checkpoint_token: str,
        next_marker: str,
        max_items: int = 1000,
    ) -> StateOutput:
        with self._watching():
            return self._client.get_execution_state(
                durable_execution_arn, checkpoint_token, next_marker, max_items
            )

    @contextlib.contextmanager
    def _watching(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self.fault = self.fault or error
            raise


def _stop_promptly(state: ExecutionState) -> None:
    """Have the SDK's thread see at once that it is to stop; it looks every 0.1 s only."""
    stop = state.stop_checkpointing

    def stop_and_wake() -> None:
        stop()
        state._checkpoint_queue.put(_Signal.REFRESH_WAKE)

    state.stop_checkpointing = stop_and_wake  # type: ignore[method-assign]


def users_traceback(error: BaseException) -> str:
    """The traceback of an error, without the frames of the machinery around the function."""
    told = traceback.TracebackException.from_exception(error, compact=True)
    seen: set[int] = set()
    pending: list[traceback.TracebackException | None] = [told]
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.stack[:] = [frame for frame in one.stack if not _is_machinery(frame.filename)]
        pending += [one.__cause__, one.__context__, *(one.exceptions or ())]
    return "".join(told.format())


def _is_machinery(filename: str) -> bool:
    return filename.startswith(_MACHINERY) or "/concurrent/futures/" in filename


def _place(error: BaseException) -> str:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not _is_machinery(frame.filename)
    ]
    if not frames:
        return ""
    # The innermost frame may be a library's; the outermost is the function's own module.
    module = frames[0].filename
    last = [frame for frame in frames if frame.filename == module][-1]
    return f" (line {last.lineno} of {Path(module).name})"


def _shown(error: BaseException) -> str:
    text = "".join(traceback.format_exception_only(error)).strip()
    return text[:_MESSAGE_CHARACTERS_MAX]


def _failed(code: str, message: str, remedy: str | None) -> Outcome:
    error = {"code": code, "message": message}
    if remedy:
        error["remedy"] = remedy
    return Outcome("failed", error=error)


def _name(operation: Operation) -> str:
    kind = operation.sub_type or operation.operation_type
    return operation.name or kind.value


@contextlib.contextmanager
def _captured(sink: Callable[[str], None]) -> Iterator[None]:
    stream = io.TextIOWrapper(_Sink(sink), encoding="utf-8", errors="replace", write_through=True)  # type: ignore[type-var]
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield


class _Sink(io.RawIOBase):
    """The binary end of a text stream that is given to a callable."""

    def __init__(self, sink: Callable[[str], None]) -> None:
        self._sink = sink

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        content = bytes(data)
        self._sink(content.decode(errors="replace"))
        return len(content)


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
