"""Runs Lambda functions of Python runtimes from their real artifacts, in child processes.

Each worker is one process of AWS's own runtime interface client (``awslambdaric``), isolated from
the development environment, talking to a Runtime API that this package serves. The thread that
invokes a function holds the conversation with the worker itself, so there is no event loop and no
hand-over between threads on the way.

Linux only: the package relies on process descriptors and on ``setpriv --pdeathsig``.

Examples
--------
>>> with LambdaHost(state_dir / "lambda", log_dir=state_dir / "logs") as host:
...     result = host.invoke(spec, b'{"n": 1}', request_id=str(uuid4()))
>>> result.error or json.loads(result.payload)
"""

from bellpair_lambda_host.function import (
    FunctionError,
    FunctionSpec,
    InvocationResult,
    RemoteZip,
    WorkerStatus,
)
from bellpair_lambda_host.host import LambdaHost
from bellpair_lambda_host.init_report import ImportCost, measure_init, slowest_imports
from bellpair_lambda_host.interpreter import Interpreter, InterpreterUnusable
from bellpair_lambda_host.refusals import (
    EventTooLarge,
    HostClosed,
    InitFailed,
    InvalidArtifact,
    InvalidTenant,
    LambdaHostError,
    TooManyRequests,
    WorkersLost,
)
from bellpair_lambda_host.runtime_dir import build_runtime_dir

__all__ = [
    "EventTooLarge",
    "FunctionError",
    "FunctionSpec",
    "HostClosed",
    "ImportCost",
    "InitFailed",
    "Interpreter",
    "InterpreterUnusable",
    "InvalidArtifact",
    "InvalidTenant",
    "InvocationResult",
    "LambdaHost",
    "LambdaHostError",
    "RemoteZip",
    "TooManyRequests",
    "WorkerStatus",
    "WorkersLost",
    "build_runtime_dir",
    "measure_init",
    "slowest_imports",
]
