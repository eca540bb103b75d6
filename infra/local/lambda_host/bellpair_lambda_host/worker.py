"""One worker: a process of the runtime interface client, and the thread's way to talk with it."""

import math
import os
import select
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

from bellpair_lambda_host.conversation import (
    BodyTooLarge,
    Conversation,
    ProtocolViolation,
    Request,
)
from bellpair_lambda_host.function import (
    MAX_RESPONSE_BYTES,
    FunctionError,
    FunctionSpec,
    InvocationResult,
    WorkerStatus,
)
from bellpair_lambda_host.invocation import Invocation
from bellpair_lambda_host.logs import FunctionLog, WorkerOutput
from bellpair_lambda_host.process import Spawner, describe_exit, kill_tree, peak_memory_mb
from bellpair_lambda_host.refusals import InitFailed
from bellpair_lambda_host.sandbox import Sandbox

# Lambda stops an initialization after 10 s and repeats it once within the function's timeout;
# here both are one stretch.
INIT_LIMIT_S = 10.0

# How long a worker may take from one response until it asks for the next event.
_RETURN_LIMIT_S = 5.0

_API = "/2018-06-01/runtime"
_NEXT = f"{_API}/invocation/next"
_INIT_ERROR = f"{_API}/init/error"
_ERROR_TYPE = "lambda-runtime-function-error-type"


class WorkerGone(Exception):
    """The worker ended or hung before it took the event, so another one may take it."""


class _Exited(Exception):
    """The process ended."""


class Worker:
    """Runs one invocation at a time; all but `kill` and `status` belong to the thread that has it.

    The process starts at once; `start` waits until it is ready.

    Parameters
    ----------
    started
        Called with the worker as soon as its process exists, on the spawner's thread.
    init_limit_s
        Seconds to become ready, besides the function's own timeout.
    """

    def __init__(
        self,
        spec: FunctionSpec,
        sandbox: Sandbox,
        spawner: Spawner,
        log: FunctionLog,
        started: Callable[["Worker"], None] = lambda worker: None,
        init_limit_s: float = INIT_LIMIT_S,
    ) -> None:
        self.spec = spec
        self.idle_since = 0.0
        self._init_limit_s = init_limit_s
        self._state: Literal["starting", "idle", "busy"] = "starting"
        self._invocations = 0
        self._asked = False
        self._exited = False
        self._broken = False
        self._poller = select.poll()
        self._conversation = Conversation(self._poller)
        self._pipe, write_end = os.pipe()
        os.set_blocking(self._pipe, False)
        self._output = WorkerOutput(self._pipe, log)
        self._poller.register(self._pipe, select.POLLIN)
        self._began = time.perf_counter()

        def adopt(process: subprocess.Popen[bytes]) -> None:
            self._process = process
            # Before anybody can wait for the process, which would free its id.
            self._ended = os.pidfd_open(process.pid)
            started(self)

        try:
            spawner.spawn(
                sandbox.command("-m", "awslambdaric", spec.handler),
                environment=sandbox.environment(spec, self._conversation.address),
                directory=sandbox.code,
                output=write_end,
                started=adopt,
            )
        except BaseException:
            self._conversation.close()
            os.close(self._pipe)
            raise
        finally:
            os.close(write_end)
        self._poller.register(self._ended, select.POLLIN)

    @property
    def status(self) -> WorkerStatus:
        """What the worker is doing."""
        return WorkerStatus(
            pid=self._process.pid,
            function=self.spec.name,
            version=self.spec.version,
            state="dead" if self._process.poll() is not None else self._state,
            invocations=self._invocations,
        )

    @property
    def usable(self) -> bool:
        """Whether the worker can take another event, as far as is known."""
        return not (self._broken or self._exited) and self._process.poll() is None

    def start(self, request_id: str) -> float:
        """Wait until the worker asks for its first event.

        Parameters
        ----------
        request_id
            Named in the messages of errors.

        Returns
        -------
        float
            Milliseconds since the process was started.

        Raises
        ------
        InitFailed
        """
        try:
            request = self._receive(time.monotonic() + self._init_limit_s + self.spec.timeout_s)
            self._asked = request.path == _NEXT
            if self._asked:
                self._state = "idle"
                self.idle_since = time.monotonic()
                return self._elapsed_ms(self._began)
            self._broken = True
            if request.path != _INIT_ERROR:
                raise ProtocolViolation(f"{request.method} {request.path} before the first event")
            error = FunctionError.from_payload(
                request.body, request_id, request.headers.get(_ERROR_TYPE, "Runtime.Unknown")
            )
            self._answer(202)
        except (TimeoutError, _Exited, BodyTooLarge, ProtocolViolation) as problem:
            error = self._failure(problem, request_id)
        self._output.drain()
        raise InitFailed(error, self._output.take(), self._elapsed_ms(self._began))

    def invoke(self, invocation: Invocation, init_ms: float | None) -> InvocationResult:
        """Hand over the event and wait for what comes of it.

        Parameters
        ----------
        init_ms
            The worker's initialization, when this invocation had to wait for it.

        Raises
        ------
        WorkerGone
            When the worker is lost and has not seen the event.
        """
        self._await_question()
        self._state = "busy"
        self._invocations += 1
        self._output.drain()
        self._output.note(f"START RequestId: {invocation.request_id} Version: {self.spec.version}")
        begin = time.perf_counter()
        payload, error = self._converse(invocation)
        duration_ms = self._elapsed_ms(begin)
        self._output.drain()
        result = InvocationResult(
            request_id=invocation.request_id,
            payload=payload,
            error=error,
            log="",
            cold=init_ms is not None,
            init_ms=init_ms,
            duration_ms=duration_ms,
            max_memory_mb=peak_memory_mb(self._process.pid),
        )
        self._report(result)
        self._state = "idle"
        self.idle_since = time.monotonic()
        return replace(result, log=self._output.take())

    def kill(self) -> None:
        """Kill the process and what it started; any thread may call this."""
        kill_tree(self._process)

    def wait(self) -> None:
        """Wait until the killed process has ended."""
        self._process.wait()

    def dispose(self) -> None:
        """Kill the process and give everything back."""
        self.kill()
        self.wait()
        self._conversation.close()
        os.close(self._ended)
        os.close(self._pipe)

    def _converse(self, invocation: Invocation) -> tuple[bytes, FunctionError | None]:
        deadline = time.monotonic() + self.spec.timeout_s
        posts = f"{_API}/invocation/{invocation.request_id}"
        try:
            self._answer(200, invocation)
            request = self._receive(deadline)
            if request.path == f"{posts}/response":
                self._answer(202)
                return request.body, None
            if request.path == f"{posts}/error":
                self._answer(202)
                kind = request.headers.get(_ERROR_TYPE, "Runtime.Unknown")
                return request.body, FunctionError.from_payload(
                    request.body, invocation.request_id, kind
                )
            raise ProtocolViolation(f"{request.method} {request.path} instead of a response")
        except (TimeoutError, _Exited, BodyTooLarge, ProtocolViolation) as problem:
            error = self._failure(problem, invocation.request_id)
            return error.payload, error

    def _await_question(self) -> None:
        try:
            if not self._asked:
                request = self._receive(time.monotonic() + _RETURN_LIMIT_S)
                if request.path != _NEXT:
                    raise ProtocolViolation(request.path)
                self._asked = True
        except (TimeoutError, _Exited, BodyTooLarge, ProtocolViolation) as problem:
            raise WorkerGone from problem
        if not self.usable:
            raise WorkerGone

    def _answer(self, status: int, invocation: Invocation | None = None) -> None:
        self._asked = False
        headers = invocation.headers(self.spec.timeout_s) if invocation else {}
        body = invocation.event if invocation else b""
        try:
            self._conversation.answer(status, headers, body, self.spec.timeout_s)
        except TimeoutError:
            raise
        except OSError:
            # The worker hung up. If it has ended, the next wait tells how.
            self._broken = True

    def _receive(self, deadline: float) -> Request:
        while True:
            if request := self._conversation.receive():
                return request
            if self._exited:
                raise _Exited
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            for descriptor, _ in self._poller.poll(math.ceil(remaining * 1000)):
                if descriptor == self._ended:
                    self._exited = True
                elif descriptor == self._pipe and not self._output.drain():
                    self._poller.unregister(self._pipe)

    def _failure(self, problem: Exception, request_id: str) -> FunctionError:
        """The error that Lambda reports for `problem`; the worker is not used again."""
        self._broken = True
        kind = "Runtime.Unknown"
        cause = f"The runtime broke its protocol: {problem}"
        if isinstance(problem, BodyTooLarge):
            kind = "Function.ResponseSizeTooLarge"
            cause = (
                f"Response payload size ({problem.size} bytes) exceeded maximum allowed payload "
                f"size ({MAX_RESPONSE_BYTES} bytes)."
            )
            return FunctionError(kind, cause, request_id)
        if isinstance(problem, TimeoutError):
            kind = "Sandbox.Timedout"
            cause = f"Task timed out after {self.spec.timeout_s:.2f} seconds"
        elif isinstance(problem, _Exited):
            kind = "Runtime.ExitError"
            cause = self._exit_cause()
        self._output.drain()
        self._output.note(f"{datetime.now(UTC).isoformat()} {request_id} {cause}")
        return FunctionError(kind, f"RequestId: {request_id} Error: {cause}", request_id)

    def _exit_cause(self) -> str:
        returncode = self._process.wait()
        if returncode == 0:
            return "Runtime exited without providing a reason"
        return f"Runtime exited with error: {describe_exit(returncode)}"

    def _report(self, result: InvocationResult) -> None:
        fields = [
            f"REPORT RequestId: {result.request_id}",
            f"Duration: {result.duration_ms:.2f} ms",
            f"Billed Duration: {result.billed_ms} ms",
            f"Memory Size: {self.spec.memory_mb} MB",
            f"Max Memory Used: {result.max_memory_mb} MB",
        ]
        if result.init_ms is not None:
            fields.append(f"Init Duration: {result.init_ms:.2f} ms")
        self._output.note(f"END RequestId: {result.request_id}")
        self._output.note("\t".join(fields))

    @staticmethod
    def _elapsed_ms(begin: float) -> float:
        return (time.perf_counter() - begin) * 1000
