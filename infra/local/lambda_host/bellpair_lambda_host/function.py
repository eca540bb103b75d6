"""What a function is, and what invoking one gives."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

MAX_EVENT_BYTES = 6 * 1024 * 1024
MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100
MAX_TIMEOUT_S = 900
MEMORY_LIMITS_MB = (128, 10_240)

# Errors that the platform finds, not the runtime; their document names no request and no frames.
_PLATFORM_TYPES = ("Sandbox.", "Function.", "Runtime.ExitError", "Runtime.Unknown")

_ARN = re.compile(
    r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):"
    r"function:(?P<name>[A-Za-z0-9_-]{1,64})"
)


@dataclass(frozen=True)
class RemoteZip:
    """A zip archive that is fetched where it is not unpacked yet.

    Attributes
    ----------
    sha256
        Hexadecimal; two archives with the same one are the same.
    fetch
        Returns the archive's bytes.
    """

    sha256: str
    fetch: Callable[[], bytes] = field(compare=False, repr=False)


Artifact = bytes | Path | RemoteZip
"""Code or a layer."""


@dataclass(frozen=True)
class FunctionSpec:
    """One version of a function as it is configured. Keep the object and pass it again.

    Parameters
    ----------
    arn
        Unqualified function ARN; name, region and account are read from it.
    handler
        ``module.function``.
    code_zip
        The deployment package: its bytes, the path of a file that will not change, one that is
        yet to be fetched, or the path of a folder, which is used as it is.
    layer_zips
        Layers in the function's order. As in ``/opt``, a later layer wins over an earlier one.
    environment
        The function's variables and its credentials (``AWS_ACCESS_KEY_ID`` ...).
    timeout_s
        Limit of one invocation, in seconds (at most 900).
    memory_mb
        Reported to the function; not enforced.
    log_stream
        Named to the function; each worker has one of its own when empty.
    initialization_type
        Named to the function, as in ``AWS_LAMBDA_INITIALIZATION_TYPE``.
    max_workers
        Most processes at once; ``None`` takes the host's default.
    per_tenant
        Whether each tenant has workers of its own (``TenantIsolationMode`` ``PER_TENANT``).

    Raises
    ------
    ValueError
        Where a value is outside Lambda's limits.
    """

    arn: str
    handler: str
    code_zip: Artifact = field(repr=False)
    layer_zips: tuple[Artifact, ...] = field(default=(), repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_s: float = 3.0
    memory_mb: int = 128
    version: str = "$LATEST"
    log_group: str = ""
    log_stream: str = ""
    initialization_type: str = "on-demand"
    max_workers: int | None = None
    per_tenant: bool = False
    name: str = field(init=False)
    region: str = field(init=False)
    account: str = field(init=False)

    def __post_init__(self) -> None:
        arn = _ARN.fullmatch(self.arn)
        if arn is None:
            raise ValueError(f"{self.arn!r} is no unqualified Lambda function ARN")
        for part, value in arn.groupdict().items():
            object.__setattr__(self, part, value)
        if not self.log_group:
            object.__setattr__(self, "log_group", f"/aws/lambda/{self.name}")
        low, high = MEMORY_LIMITS_MB
        if not 0 < self.timeout_s <= MAX_TIMEOUT_S:
            raise ValueError(f"{self.name}: timeout_s must be over 0 and at most {MAX_TIMEOUT_S}")
        if not low <= self.memory_mb <= high:
            raise ValueError(f"{self.name}: memory_mb must be from {low} to {high}")
        if self.max_workers is not None and self.max_workers < 1:
            raise ValueError(f"{self.name}: max_workers must be at least 1")


@dataclass(frozen=True)
class FunctionError:
    """Why an invocation failed, as Lambda reports it to the caller.

    Attributes
    ----------
    type
        The exception's class name, or ``Runtime.*``, ``Sandbox.*``, ``Function.*``.
    stack_trace
        Formatted frames, outermost first; empty where Lambda gives none.
    """

    type: str
    message: str
    request_id: str
    stack_trace: tuple[str, ...] = ()

    @classmethod
    def from_payload(cls, payload: bytes, request_id: str, fallback_type: str) -> "FunctionError":
        """Read the document that the runtime posted; `fallback_type` stands for a missing type."""
        try:
            document = json.loads(payload)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            document = {"errorMessage": payload.decode(errors="replace")}
        return cls(
            type=str(document.get("errorType") or fallback_type),
            message=str(document.get("errorMessage", "")),
            request_id=str(document.get("requestId") or request_id),
            stack_trace=tuple(str(frame) for frame in document.get("stackTrace") or ()),
        )

    @property
    def payload(self) -> bytes:
        """The JSON document that a caller of Invoke gets."""
        document: dict[str, object] = {"errorMessage": self.message, "errorType": self.type}
        if not self.type.startswith(_PLATFORM_TYPES):
            document |= {"requestId": self.request_id, "stackTrace": list(self.stack_trace)}
        return json.dumps(document).encode()


@dataclass(frozen=True)
class InvocationResult:
    """What one invocation gave.

    Attributes
    ----------
    payload
        The response, or the error document when `error` is set; JSON as bytes.
    log
        What the invocation wrote, with Lambda's START, END and REPORT lines (the last 256 KB).
    cold
        Whether a process was started for this invocation.
    init_ms
        From the start of the process until it was ready, in milliseconds; ``None`` when warm.
    duration_ms
        From handing over the event until the response, in milliseconds.
    max_memory_mb
        The process's peak resident size so far.
    """

    request_id: str
    payload: bytes
    error: FunctionError | None
    log: str
    cold: bool
    init_ms: float | None
    duration_ms: float
    max_memory_mb: int

    @property
    def billed_ms(self) -> int:
        """Initialization and duration, rounded up to whole milliseconds, as Lambda bills."""
        return math.ceil(self.duration_ms + (self.init_ms or 0.0))


@dataclass(frozen=True)
class WorkerStatus:
    """One worker process, for status displays and drills."""

    pid: int
    function: str
    version: str
    state: Literal["starting", "idle", "busy", "dead"]
    invocations: int
