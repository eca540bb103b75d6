"""Quantum functions: ordinary Python around quantum calls, never lost halfway.

A function's calls are journalled, so it is suspended while devices work, and goes on in another
process or region as if nothing had happened.

Examples
--------
>>> from bellpair.functions import quantum_function, run_local
>>> @quantum_function(device="sv1")
... def coin(runtime, tosses: int = 10) -> dict[str, int]:
...     circuit = "OPENQASM 3; qubit q; bit c; U(pi/2, 0, pi) q; c = measure q;"
...     return runtime.sampler(circuit, shots=tosses).counts
>>> sum(run_local(coin, tosses=100, seed=7).values())
100
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bellpair.functions.declaration import RuntimeWorkerBase, quantum_function
    from bellpair.functions.errors import (
        CallFailed,
        FunctionError,
        InvalidCall,
        LimitExceeded,
        NonDeterministicFunction,
        OutputNotJson,
    )
    from bellpair.functions.local import run_local
    from bellpair.functions.plan import Call
    from bellpair.functions.provider import RuntimeProvider
    from bellpair.functions.results import Estimate, Sample
    from bellpair.functions.runtime import Runtime

__all__ = [
    "Call",
    "CallFailed",
    "Estimate",
    "FunctionError",
    "InvalidCall",
    "LimitExceeded",
    "NonDeterministicFunction",
    "OutputNotJson",
    "Runtime",
    "RuntimeProvider",
    "RuntimeWorkerBase",
    "Sample",
    "quantum_function",
    "run_local",
]

_HOMES = {
    "Call": "plan",
    "Estimate": "results",
    "Runtime": "runtime",
    "RuntimeProvider": "provider",
    "RuntimeWorkerBase": "declaration",
    "Sample": "results",
    "quantum_function": "declaration",
    "run_local": "local",
}


def __getattr__(name: str) -> Any:
    # As in `bellpair` itself: a name is imported when it is first used.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(
        importlib.import_module(f"bellpair.functions.{_HOMES.get(name, 'errors')}"), name
    )
