"""The host: functions in, results out."""

import math
import random
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self
from uuid import uuid4

from bellpair_lambda_host.artifacts import ArtifactCache
from bellpair_lambda_host.environment import ExecutionEnvironment
from bellpair_lambda_host.function import FunctionSpec, InvocationResult, WorkerStatus
from bellpair_lambda_host.interpreter import Interpreter
from bellpair_lambda_host.invocation import Invocation
from bellpair_lambda_host.logs import FunctionLog
from bellpair_lambda_host.pool import Pool
from bellpair_lambda_host.refusals import HostClosed, InvalidTenant
from bellpair_lambda_host.runtime_dir import build_runtime_dir
from bellpair_lambda_host.sandbox import Sandbox
from bellpair_lambda_host.worker import INIT_LIMIT_S, Worker
from bellpair_lambda_host.workforce import Workforce

DEFAULT_MAX_WORKERS = 4


class SandboxFactory:
    """Lays out what workers run from: artifacts, the runtime, an empty home.

    Parameters
    ----------
    cache_dir
        Holds all of it; any number of hosts and processes may share one.
    python
        What the workers run in; the base interpreter of what runs this when ``None``.
    runtime_dir
        What `build_runtime_dir` made; built in the cache when ``None``.
    scratch_dir
        The workers' ``TMPDIR``, made if it is not there; the system's when ``None``.
    """

    def __init__(
        self,
        cache_dir: Path,
        python: Interpreter | None = None,
        runtime_dir: Path | None = None,
        scratch_dir: Path | None = None,
    ) -> None:
        cache_dir = cache_dir.absolute()
        self._python = python or Interpreter.running()
        self._artifacts = ArtifactCache(cache_dir / "artifacts", self._python)
        self._runtime = runtime_dir or build_runtime_dir(cache_dir / "runtime", self._python)
        self._home = cache_dir / "home"
        self._home.mkdir(parents=True, exist_ok=True)
        self._scratch = scratch_dir and scratch_dir.absolute()
        if self._scratch is not None:
            self._scratch.mkdir(parents=True, exist_ok=True)

    def make(self, spec: FunctionSpec) -> Sandbox:
        """Unpack the function's code and layers where that is still to do.

        Raises
        ------
        InvalidArtifact
        """
        return Sandbox(
            python=self._python,
            code=self._artifacts.unpack(spec.code_zip),
            layers=tuple(self._artifacts.unpack(layer) for layer in spec.layer_zips),
            runtime=self._runtime,
            home=self._home,
            scratch=self._scratch,
        )


class _Function:
    """One configured version of a function, with its workers.

    Where it has tenant isolation, no worker ever serves two tenants.
    """

    def __init__(self, spec: FunctionSpec, places: int, log: FunctionLog) -> None:
        self.spec = spec
        self.log = log
        self.sandbox: Sandbox | None = None
        self._places = places
        self._pools: dict[str | None, Pool] = {}
        self._retired = False
        self._lock = Lock()

    @property
    def waiting(self) -> int:
        """How many invocations wait for a worker."""
        with self._lock:
            return sum(pool.waiting for pool in self._pools.values())

    def pool(self, tenant_id: str | None) -> Pool:
        """The workers that serve a tenant; ``None`` is everybody.

        Raises
        ------
        InvalidTenant
        """
        if self.spec.per_tenant and not tenant_id:
            raise InvalidTenant(
                "The invoked function is enabled with tenancy configuration. Add a valid tenant "
                "ID in your request and try again."
            )
        if tenant_id and not self.spec.per_tenant:
            raise InvalidTenant(
                "The invoked function is not enabled with tenancy configuration. Remove the "
                "tenant ID from your request and try again."
            )
        with self._lock:
            if tenant_id not in self._pools:
                self._pools[tenant_id] = Pool(self._places)
                if self._retired:
                    self._pools[tenant_id].retire()
            return self._pools[tenant_id]

    def retire(self) -> list[Worker]:
        """Keep no worker from now on; return the idle ones, for the caller to dispose of."""
        with self._lock:
            self._retired = True
            pools = list(self._pools.values())
        return [worker for pool in pools for worker in pool.retire()]


class LambdaHost:
    """Invokes functions; every method may be called from any thread.

    Parameters
    ----------
    cache_dir
        For unpacked artifacts and the runtime; shared by any number of hosts and processes.
    log_dir
        Each function's lines are appended to ``<log_dir>/<function>.log``; nowhere when ``None``.
    max_workers_per_function
        Most processes of one function, unless its spec says otherwise. More invocations than that
        wait their turn.
    python, runtime_dir
        See `SandboxFactory`.
    init_limit_s
        Seconds that a worker may take to become ready, besides the function's own timeout.
    scratch_dir
        The functions' ``TMPDIR``, made if it is not there; the system's when ``None``.
    """

    def __init__(
        self,
        cache_dir: Path,
        *,
        log_dir: Path | None = None,
        max_workers_per_function: int = DEFAULT_MAX_WORKERS,
        python: Interpreter | None = None,
        runtime_dir: Path | None = None,
        init_limit_s: float = INIT_LIMIT_S,
        scratch_dir: Path | None = None,
    ) -> None:
        self._workforce = Workforce(init_limit_s)
        self._sandboxes = SandboxFactory(cache_dir, python, runtime_dir, scratch_dir)
        self._log_dir = log_dir
        self._max_workers = max_workers_per_function
        self._lock = Lock()
        self._functions: dict[tuple[str, str], _Function] = {}
        self._logs: dict[str, FunctionLog] = {}
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def invoke(
        self,
        spec: FunctionSpec,
        event: bytes,
        *,
        request_id: str,
        function_arn: str | None = None,
        trace_id: str | None = None,
        client_context: str | None = None,
        cognito_identity: str | None = None,
        tenant_id: str | None = None,
    ) -> InvocationResult:
        """Run the function on one event and wait for the result.

        A `spec` that differs from the one before for the same function and version replaces it.

        Parameters
        ----------
        event
            JSON as bytes, at most 6 MB.
        function_arn
            The ARN that the caller named; the function's own when ``None``.
        trace_id
            An X-Ray trace header.
        client_context, cognito_identity
            JSON documents.
        tenant_id
            For whom; where the function has tenant isolation, and only there.

        Returns
        -------
        InvocationResult
            Also when the function failed; see its `error`.

        Raises
        ------
        EventTooLarge, InvalidTenant, TooManyRequests, InvalidArtifact, WorkersLost, HostClosed
            The function has not run.
        ValueError
            When a value cannot stand in a header.
        """
        invocation = Invocation(
            event,
            request_id,
            function_arn or spec.arn,
            trace_id,
            client_context,
            cognito_identity,
            tenant_id,
        )
        function = self._function(spec)
        pool = function.pool(tenant_id)
        environment = self._environment(function, pool.acquire(spec.timeout_s))
        try:
            return environment.invoke(invocation)
        finally:
            self._release(pool, environment)

    def prewarm(self, spec: FunctionSpec, workers: int = 1, tenant_id: str | None = None) -> None:
        """Have so many workers of a function ready (at most as many as it may have).

        Raises
        ------
        InitFailed, InvalidArtifact, InvalidTenant, TooManyRequests, HostClosed
        """
        function = self._function(spec)
        pool = function.pool(tenant_id)
        taken: list[ExecutionEnvironment] = []
        try:
            for _ in range(min(workers, self._places(spec))):
                taken.append(self._environment(function, pool.acquire(spec.timeout_s)))
                taken[-1].initialize(str(uuid4()))
        finally:
            for environment in taken:
                self._release(pool, environment)

    def evict(self, function: str) -> None:
        """Forget a function by name or ARN, all its versions: its code or settings changed.

        Idle workers end now, busy ones after what they are doing.
        """
        with self._lock:
            keys = [
                key
                for key, known in self._functions.items()
                if function in (known.spec.name, known.spec.arn)
            ]
            forgotten = [self._functions.pop(key) for key in keys]
        for gone in forgotten:
            self._retire(gone)

    def workers(self) -> list[WorkerStatus]:
        """All workers, oldest first."""
        return [worker.status for worker in self._workforce.workers]

    def waiting(self, function: str) -> int:
        """How many invocations of a function, by name, wait for a worker."""
        with self._lock:
            known = [each for each in self._functions.values() if each.spec.name == function]
        return sum(each.waiting for each in known)

    def kill_workers(self, fraction: float, seed: int) -> list[WorkerStatus]:
        """Kill a part of all workers at once, busy or not, as the loss of a zone does.

        Parameters
        ----------
        fraction
            From 0 to 1; rounded up to whole workers.
        seed
            Chooses them; the same workers in the same order give the same choice.

        Returns
        -------
        list of WorkerStatus
            The killed workers, as they were.
        """
        if not 0 <= fraction <= 1:
            raise ValueError("fraction must be from 0 to 1")
        alive = [worker for worker in self._workforce.workers if worker.status.state != "dead"]
        chosen = random.Random(seed).sample(alive, math.ceil(fraction * len(alive)))
        statuses = [worker.status for worker in chosen]
        for worker in chosen:
            worker.kill()
        return statuses

    def close(self) -> None:
        """Kill every worker and wait until they are gone; running invocations fail."""
        with self._lock:
            self._closed = True
            functions, self._functions = list(self._functions.values()), {}
        self._workforce.close()
        for function in functions:
            self._retire(function)
        for log in self._logs.values():
            log.close()

    def _function(self, spec: FunctionSpec) -> _Function:
        key = (spec.arn, spec.version)
        with self._lock:
            if self._closed:
                raise HostClosed("The Lambda host is closed")
            known = self._functions.get(key)
            if known is not None and (known.spec is spec or known.spec == spec):
                return known
            log = self._logs.get(spec.name)
            if log is None:
                path = self._log_dir and self._log_dir / f"{spec.name}.log"
                log = self._logs[spec.name] = FunctionLog(path)
            function = self._functions[key] = _Function(spec, self._places(spec), log)
        if known is not None:
            self._retire(known)
        return function

    def _places(self, spec: FunctionSpec) -> int:
        return spec.max_workers or self._max_workers

    def _environment(self, function: _Function, worker: Worker | None) -> ExecutionEnvironment:
        def start(request_id: str) -> tuple[Worker, float]:
            if function.sandbox is None:
                function.sandbox = self._sandboxes.make(function.spec)
            return self._workforce.start(function.spec, function.sandbox, function.log, request_id)

        return ExecutionEnvironment(self._workforce, start, worker)

    def _release(self, pool: Pool, environment: ExecutionEnvironment) -> None:
        for surplus in pool.release(environment.worker):
            self._workforce.dispose(surplus)

    def _retire(self, function: _Function) -> None:
        for worker in function.retire():
            self._workforce.dispose(worker)
