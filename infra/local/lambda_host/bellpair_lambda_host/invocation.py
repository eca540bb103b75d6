"""One invocation, as the Runtime API hands it to a worker."""

import time
from dataclasses import dataclass

from bellpair_lambda_host.function import MAX_EVENT_BYTES
from bellpair_lambda_host.refusals import EventTooLarge


@dataclass(frozen=True)
class Invocation:
    """An event and what comes with it.

    Parameters
    ----------
    event
        JSON as bytes, at most 6 MB.
    function_arn
        The ARN that the caller named, possibly qualified.
    client_context, cognito_identity
        JSON documents, for callers that send them.
    tenant_id
        For whom a function with tenant isolation is invoked.

    Raises
    ------
    EventTooLarge
    ValueError
        When a value cannot stand in a header.
    """

    event: bytes
    request_id: str
    function_arn: str
    trace_id: str | None = None
    client_context: str | None = None
    cognito_identity: str | None = None
    tenant_id: str | None = None

    def __post_init__(self) -> None:
        if len(self.event) > MAX_EVENT_BYTES:
            raise EventTooLarge(
                f"The event has {len(self.event)} bytes; Lambda takes at most {MAX_EVENT_BYTES}. "
                "Pass large data by reference."
            )
        if not self.request_id:
            raise ValueError("An invocation needs a request id")
        told = (self.request_id, self.function_arn, self.trace_id or "", self.tenant_id or "")
        for value in told:
            if not (value.isascii() and (value.isprintable() or not value)):
                raise ValueError(f"{value!r} cannot stand in a header")

    def headers(self, timeout_s: float) -> dict[str, str]:
        """The headers of the event; the deadline is `timeout_s` seconds from now."""
        deadline_ms = int((time.time() + timeout_s) * 1000)
        optional = {
            "Lambda-Runtime-Trace-Id": self.trace_id,
            "Lambda-Runtime-Client-Context": self.client_context,
            "Lambda-Runtime-Cognito-Identity": self.cognito_identity,
            "Lambda-Runtime-Aws-Tenant-Id": self.tenant_id,
        }
        return {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
            # Line ends are only white space in JSON, and no header may hold them.
            **{name: " ".join(text.splitlines()) for name, text in optional.items() if text},
        }
