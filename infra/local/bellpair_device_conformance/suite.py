"""Makes the checks, one after another."""

from __future__ import annotations

from collections.abc import Callable, Collection

from .bench import Bench, Broken, Skipped
from .checks import CHECKS, Check
from .report import CheckResult, Outcome, Report


def run_suite(
    bench: Bench,
    adapter: str,
    *,
    only: Collection[str] = (),
    told: Callable[[CheckResult], None] = lambda result: None,
) -> Report:
    """Make all checks, or those named; an exception that a check does not expect fails it.

    Parameters
    ----------
    adapter
        What it is called, for the report.
    told
        Hears of each check as soon as it is made.

    Raises
    ------
    LookupError
        When there is no check of a name.
    """
    require_checks(only)
    results = []
    for check in CHECKS:
        if not only or check.name in only:
            results.append(_made(check, bench))
            told(results[-1])
    return Report(adapter, bench.setting.name, tuple(results))


def require_checks(names: Collection[str]) -> None:
    """Let pass names that checks have.

    Raises
    ------
    LookupError
        Naming the checks that there are.
    """
    known = [check.name for check in CHECKS]
    if unknown := sorted(set(names) - set(known)):
        raise LookupError(f"there is no check {', '.join(unknown)}; there are {', '.join(known)}")


def _made(check: Check, bench: Bench) -> CheckResult:
    try:
        check.run(bench)
    except Skipped as skipped:
        return CheckResult(check.name, check.says, Outcome.SKIPPED, str(skipped))
    except Broken as broken:
        return CheckResult(check.name, check.says, Outcome.FAILED, str(broken))
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        return CheckResult(check.name, check.says, Outcome.FAILED, text)
    return CheckResult(check.name, check.says, Outcome.PASSED)
