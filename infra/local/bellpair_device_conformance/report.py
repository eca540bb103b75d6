"""What became of the checks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What became of one check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class CheckResult:
    """One check.

    Attributes
    ----------
    says
        What the protocol asks for.
    detail
        What was found instead, or why nothing was looked at.
    """

    name: str
    says: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class Report:
    """All checks, in the order in which they were made."""

    adapter: str
    device: str
    checks: tuple[CheckResult, ...]

    @property
    def conforms(self) -> bool:
        """Whether no check failed."""
        return not self.of(Outcome.FAILED)

    def of(self, outcome: Outcome) -> tuple[CheckResult, ...]:
        """The checks that ended so."""
        return tuple(check for check in self.checks if check.outcome is outcome)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {
            "adapter": self.adapter,
            "device": self.device,
            "conforms": self.conforms,
            **{outcome.value: len(self.of(outcome)) for outcome in Outcome},
            "checks": [asdict(check) for check in self.checks],
        }
