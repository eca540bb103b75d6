"""Options: steps before and after execution that make results better.

An option is a decorator of an `ExecutionBackend`: it is one and has one. It turns each request
into one or several for the backend within, with transforms for the compiler, and makes one outcome
of what comes back. `compose` puts options around a backend, the first of the list nearest to the
device; other packages bring options by the entry point group ``bellpair.options``.
"""

from __future__ import annotations

from bellpair.options.backend import (
    Circuit,
    DeviceBackend,
    EnrichedExecutionBackend,
    ExecutionBackend,
    Overhead,
)
from bellpair.options.levels import LEVELS, options_of_level
from bellpair.options.request import Outcome, Plan, Request, Terms
from bellpair.options.stack import compose, installed_options, overhead

__all__ = [
    "LEVELS",
    "Circuit",
    "DeviceBackend",
    "EnrichedExecutionBackend",
    "ExecutionBackend",
    "Outcome",
    "Overhead",
    "Plan",
    "Request",
    "Terms",
    "compose",
    "installed_options",
    "options_of_level",
    "overhead",
]
