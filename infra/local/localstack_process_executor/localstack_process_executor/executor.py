"""One execution environment of LocalStack, with the worker in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from uuid import uuid4

from bellpair_lambda_host import FunctionSpec, InvocationResult
from bellpair_lambda_host.environment import ExecutionEnvironment
from bellpair_lambda_host.invocation import Invocation
from bellpair_lambda_host.logs import FunctionLog
from bellpair_lambda_host.sandbox import Sandbox
from bellpair_lambda_host.worker import Worker
from bellpair_lambda_host.workforce import Workforce
from localstack_process_executor.refusals import ExecutorStopped


class FunctionExecutor:
    """Runs one invocation at a time; `stop` may be called from any thread, at any time.

    The worker starts with the first invocation, which gets the error and the log of an
    initialization that fails. One that was lost is replaced in the next invocation.

    Parameters
    ----------
    spec
        The function and its variables.
    sandbox
        What it runs from.
    workforce
        Starts and ends the workers.
    scratch
        The environment's own ``TMPDIR``; made now, and removed when it is stopped.
    keep
        Whether a worker stays for the next invocation. Code that may change needs new ones.
    """

    def __init__(
        self,
        spec: FunctionSpec,
        sandbox: Sandbox,
        workforce: Workforce,
        scratch: Path,
        *,
        keep: bool = True,
    ) -> None:
        scratch.mkdir(parents=True)
        self._scratch = scratch
        self._keep = keep
        self._busy = False
        self._stopped = False
        self._lock = Lock()
        sandbox = replace(sandbox, scratch=scratch)
        log = FunctionLog(None)

        def start(request_id: str) -> tuple[Worker, float]:
            return workforce.start(spec, sandbox, log, request_id)

        self._environment = ExecutionEnvironment(workforce, start)

    def initialize(self) -> None:
        """Start the worker before there is an invocation.

        Raises
        ------
        InitFailed, HostClosed, ExecutorStopped
        """
        with self._at_work():
            self._environment.initialize(str(uuid4()))

    def invoke(self, invocation: Invocation) -> InvocationResult:
        """Run one invocation.

        Returns
        -------
        InvocationResult
            Also when the function or its initialization failed.

        Raises
        ------
        WorkersLost, HostClosed, ExecutorStopped
            The function has not run.
        """
        with self._at_work():
            result = self._environment.invoke(invocation)
            if not self._keep:
                self._environment.clear()
            return result

    def stop(self) -> None:
        """End the worker: now when it is idle, else after what it is doing."""
        with self._lock:
            self._stopped = True
            busy = self._busy
        if not busy:
            self._give_up()

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._lock:
            if self._stopped:
                raise ExecutorStopped("The execution environment was stopped; invoke again")
            self._busy = True
        try:
            yield
        finally:
            with self._lock:
                self._busy = False
                stopped = self._stopped
            if stopped:
                self._give_up()

    def _give_up(self) -> None:
        self._environment.clear()
        shutil.rmtree(self._scratch, ignore_errors=True)
