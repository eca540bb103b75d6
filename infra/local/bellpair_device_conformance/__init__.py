"""Checks that a device adapter, and the service behind it, keep what Bellpair relies on."""

from .bench import Bench, Broken, Skipped
from .checks import CHECKS, Check
from .report import CheckResult, Outcome, Report
from .suite import run_suite

__all__ = [
    "CHECKS",
    "Bench",
    "Broken",
    "Check",
    "CheckResult",
    "Outcome",
    "Report",
    "Skipped",
    "run_suite",
]
