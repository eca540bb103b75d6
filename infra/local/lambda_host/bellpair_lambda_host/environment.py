"""An execution environment: where one invocation of a function at a time runs."""

from collections.abc import Callable

from bellpair_lambda_host.function import InvocationResult
from bellpair_lambda_host.invocation import Invocation
from bellpair_lambda_host.refusals import InitFailed, WorkersLost
from bellpair_lambda_host.worker import Worker, WorkerGone
from bellpair_lambda_host.workforce import Workforce

# So many workers in a row may vanish before they take the event, until that is the answer.
_MAX_LOST_WORKERS = 5


class ExecutionEnvironment:
    """A place for one worker, which is replaced whenever it is lost; for one thread at a time.

    Parameters
    ----------
    workforce
        Takes back the workers that are of no more use.
    start
        Starts a worker for the request that is named, and says how many milliseconds that took.
    worker
        One that is there already.

    Attributes
    ----------
    worker
        The one that can take the next event, if there is one.
    """

    def __init__(
        self,
        workforce: Workforce,
        start: Callable[[str], tuple[Worker, float]],
        worker: Worker | None = None,
    ) -> None:
        self._workforce = workforce
        self._start = start
        self.worker = worker

    def initialize(self, request_id: str) -> float | None:
        """Have a worker ready.

        Returns
        -------
        float or None
            Milliseconds that its initialization took; ``None`` when it was there.

        Raises
        ------
        InitFailed, InvalidArtifact, HostClosed
        """
        self._discard_unusable()
        if self.worker is not None:
            return None
        self.worker, init_ms = self._start(request_id)
        return init_ms

    def invoke(self, invocation: Invocation) -> InvocationResult:
        """Run one invocation, in a new worker where there is none.

        Returns
        -------
        InvocationResult
            Also when the function or its initialization failed; see its `error`.

        Raises
        ------
        InvalidArtifact, WorkersLost, HostClosed
            The function has not run.
        """
        try:
            for _ in range(_MAX_LOST_WORKERS):
                init_ms = self.initialize(invocation.request_id)
                assert self.worker is not None
                try:
                    return self.worker.invoke(invocation, init_ms)
                except WorkerGone:
                    self.clear()
            raise WorkersLost(f"{_MAX_LOST_WORKERS} workers were lost in a row; try again")
        except InitFailed as failure:
            return failure.result(invocation.request_id)
        finally:
            self._discard_unusable()

    def clear(self) -> None:
        """Dispose of the worker; the next invocation gets a new one."""
        worker, self.worker = self.worker, None
        if worker is not None:
            self._workforce.dispose(worker)

    def _discard_unusable(self) -> None:
        if self.worker is not None and not self.worker.usable:
            self.clear()
