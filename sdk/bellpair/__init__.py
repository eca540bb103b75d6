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
        InvalidProgram,
        InvalidRequest,
        JobCancelled,
        JobFailed,
        NotFound,
        RateLimited,
        RegionPassive,
        ResultTimeout,
        ServerError,
        TooLarge,
        Unavailable,
        Unreachable,
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
        StartedOperation,
        Usage,
    )
    from bellpair.result import Result
    from bellpair.version import __version__
    from bellpair.vocabulary import JobStatus, PairOperation, Role

__all__ = [
    "AuthError",
    "BellpairError",
    "Client",
    "ConfigurationError",
    "Conflict",
    "Device",
    "Health",
    "InvalidProgram",
    "InvalidRequest",
    "Job",
    "JobCancelled",
    "JobEvent",
    "JobFailed",
    "JobRecord",
    "JobStatus",
    "NewTenant",
    "NotFound",
    "Operation",
    "Pair",
    "PairOperation",
    "RateLimited",
    "RegionPassive",
    "Result",
    "ResultTimeout",
    "Role",
    "ServerError",
    "StartedOperation",
    "TooLarge",
    "Unavailable",
    "Unreachable",
    "Usage",
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
            "StartedOperation",
            "Usage",
        ),
        "models",
    ),
}


def __getattr__(name: str) -> Any:
    # Names are imported when first used, so that `bellpair --help` needn't wait for httpx.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"bellpair.{_HOMES.get(name, 'errors')}"), name)
