"""Client library of Bellpair, a serverless quantum-computing platform for AWS.

Examples
--------
>>> from pathlib import Path
>>> from bellpair import Client
>>> with Client() as client:
...     job = client.submit(Path("bell.qasm"), shots=1000, device="sv1")
...     print(job.result(timeout=60).probabilities)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bellpair.client import Client
    from bellpair.errors import (
        AuthError,
        BellpairError,
        ConfigurationError,
        Conflict,
        InvalidFunction,
        InvalidProgram,
        InvalidRequest,
        JobCancelled,
        JobFailed,
        JobPaused,
        NotFound,
        RateLimited,
        RegionPassive,
        ResultTimeout,
        ServerError,
        TooLarge,
        Unavailable,
        Unreachable,
    )
    from bellpair.function_models import (
        Callback,
        FunctionVersion,
        NewCallback,
        QuantumFunction,
        Worker,
    )
    from bellpair.job import Job
    from bellpair.models import (
        Device,
        Health,
        JobEvent,
        JobRecord,
        NewTenant,
        Operation,
        Pair,
        Spending,
        StartedOperation,
        Usage,
    )
    from bellpair.result import Result
    from bellpair.version import __version__
    from bellpair.vocabulary import JobStatus, PairOperation, Role

__all__ = [
    "AuthError",
    "BellpairError",
    "Callback",
    "Client",
    "ConfigurationError",
    "Conflict",
    "Device",
    "FunctionVersion",
    "Health",
    "InvalidFunction",
    "InvalidProgram",
    "InvalidRequest",
    "Job",
    "JobCancelled",
    "JobEvent",
    "JobFailed",
    "JobPaused",
    "JobRecord",
    "JobStatus",
    "NewCallback",
    "NewTenant",
    "NotFound",
    "Operation",
    "Pair",
    "PairOperation",
    "QuantumFunction",
    "RateLimited",
    "RegionPassive",
    "Result",
    "ResultTimeout",
    "Role",
    "ServerError",
    "Spending",
    "StartedOperation",
    "TooLarge",
    "Unavailable",
    "Unreachable",
    "Usage",
    "Worker",
    "__version__",
]

_HOMES = {
    "Client": "client",
    "Job": "job",
    "Result": "result",
    "__version__": "version",
    "JobStatus": "vocabulary",
    "Role": "vocabulary",
    "PairOperation": "vocabulary",
    **dict.fromkeys(
        (
            "Device",
            "Health",
            "JobEvent",
            "JobRecord",
            "NewTenant",
            "Operation",
            "Pair",
            "Spending",
            "StartedOperation",
            "Usage",
        ),
        "models",
    ),
    **dict.fromkeys(
        ("Callback", "FunctionVersion", "NewCallback", "QuantumFunction", "Worker"),
        "function_models",
    ),
}


def __getattr__(name: str) -> Any:
    # Names are imported when first used, so that `bellpair --help` needn't wait for httpx.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"bellpair.{_HOMES.get(name, 'errors')}"), name)
