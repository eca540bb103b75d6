"""All workers of one host: started by one hand, known until they are disposed of."""

from contextlib import suppress
from threading import Lock

from bellpair_lambda_host.function import FunctionSpec
from bellpair_lambda_host.logs import FunctionLog
from bellpair_lambda_host.process import Spawner
from bellpair_lambda_host.refusals import HostClosed
from bellpair_lambda_host.sandbox import Sandbox
from bellpair_lambda_host.worker import INIT_LIMIT_S, Worker


class Workforce:
    """Starts workers and ends them; every method may be called from any thread.

    Parameters
    ----------
    init_limit_s
        Seconds that a worker may take to become ready, besides the function's own timeout.
    """

    def __init__(self, init_limit_s: float = INIT_LIMIT_S) -> None:
        self._init_limit_s = init_limit_s
        self._spawner = Spawner()
        self._workers: dict[Worker, None] = {}
        self._lock = Lock()
        self._closed = False

    @property
    def workers(self) -> list[Worker]:
        """Those that were started and not disposed of, oldest first."""
        with self._lock:
            return list(self._workers)

    def start(
        self, spec: FunctionSpec, sandbox: Sandbox, log: FunctionLog, request_id: str
    ) -> tuple[Worker, float]:
        """Start a worker and wait until it is ready.

        Returns
        -------
        tuple of Worker and float
            The worker, and the milliseconds until it was ready.

        Raises
        ------
        InitFailed, HostClosed
        """
        try:
            worker = Worker(spec, sandbox, self._spawner, log, self._register, self._init_limit_s)
        except RuntimeError as error:
            if not self._closed:
                raise
            raise HostClosed("The Lambda host is closed") from error
        try:
            return worker, worker.start(request_id)
        except BaseException:
            self.dispose(worker)
            raise

    def dispose(self, worker: Worker) -> None:
        """End a worker that is not at work."""
        worker.dispose()
        with self._lock, suppress(KeyError):
            del self._workers[worker]

    def close(self) -> None:
        """Kill every worker and wait until they are gone; none can be started after this."""
        self._closed = True
        # After this no process can start, and those that exist are registered.
        self._spawner.seal()
        for worker in (workers := self.workers):
            worker.kill()
        for worker in workers:
            worker.wait()
        # Not before: it kills the workers, but not what they have started.
        self._spawner.close()

    def _register(self, worker: Worker) -> None:
        with self._lock:
            self._workers[worker] = None
