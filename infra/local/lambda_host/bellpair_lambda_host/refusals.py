"""What the host itself refuses; what a function does wrong is a `FunctionError` in its result."""

from bellpair_lambda_host.function import FunctionError, InvocationResult


class LambdaHostError(Exception):
    """The host could not take an invocation."""


class EventTooLarge(LambdaHostError):
    """The event is over Lambda's limit for a synchronous invocation (HTTP 413 at the service)."""


class InvalidTenant(LambdaHostError):
    """A function with tenant isolation was invoked for no tenant, or another one for a tenant."""


class TooManyRequests(LambdaHostError):
    """No worker became free in time (HTTP 429 at the service)."""


class InvalidArtifact(LambdaHostError):
    """The code or a layer is missing, is no zip archive, or unpacks to more than Lambda allows."""


class WorkersLost(LambdaHostError):
    """Several workers in a row were lost before they took the event (HTTP 500 at the service)."""


class HostClosed(LambdaHostError):
    """The host was closed before the invocation could run."""


class InitFailed(LambdaHostError):
    """A worker did not become ready.

    Attributes
    ----------
    error
        What Lambda reports for it, such as ``Runtime.ImportModuleError``.
    log
        What the worker wrote until then.
    elapsed_ms
        From the start of the process until it failed, in milliseconds.
    """

    def __init__(self, error: FunctionError, log: str, elapsed_ms: float) -> None:
        super().__init__(f"{error.type}: {error.message}")
        self.error = error
        self.log = log
        self.elapsed_ms = elapsed_ms

    def result(self, request_id: str) -> InvocationResult:
        """What the invocation that waited for the worker gives."""
        return InvocationResult(
            request_id=request_id,
            payload=self.error.payload,
            error=self.error,
            log=self.log,
            cold=True,
            init_ms=self.elapsed_ms,
            duration_ms=0.0,
            max_memory_mb=0,
        )
