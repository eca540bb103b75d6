"""The steps of the check as they go, for a person to watch and for a program to read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from bellpair_deploy_check.failure import CheckFailed


@dataclass
class Step:
    """One thing that was tried.

    Attributes
    ----------
    seconds
        How long it took.
    facts
        What was found, for the report.
    passed
        ``None`` while it goes on.
    """

    name: str
    seconds: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)
    passed: bool | None = None


@dataclass
class Report:
    """What became of the check.

    Parameters
    ----------
    on
        The kind of cloud.
    console
        Where a person watches.
    """

    on: str
    console: Console
    versions: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    failure: dict[str, str | None] | None = None

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """Time a step and tell its outcome; gives the facts to fill in."""
        step = Step(name)
        self.steps.append(step)
        began = time.monotonic()
        try:
            with self.console.status(f"{len(self.steps):2d} {escape(name)}"):
                yield step.facts
            step.passed = True
        except BaseException:
            step.passed = False
            raise
        finally:
            step.seconds = round(time.monotonic() - began, 2)
            self._tell(step)

    @property
    def passed(self) -> bool:
        """Whether every step was made, and nothing failed."""
        return self.failure is None and all(step.passed for step in self.steps)

    def fail(self, error: Exception) -> None:
        """Put on record what ended the check, at the step that was under way."""
        step = self.steps[-1].name if self.steps else "start"
        where: Path | None = getattr(error, "log", None)
        self.failure = {
            "step": step,
            "place": error.place if isinstance(error, CheckFailed) else self.on,
            "message": str(error) or type(error).__name__,
            "remedy": getattr(error, "remedy", None),
            "log": str(where) if where else None,
        }

    def show_failure(self) -> None:
        """Tell a person what failed, where, and what to do."""
        assert self.failure
        for word, text in self.failure.items():
            if text:
                self.console.print(f"[bold]{word}[/]: {escape(text)}", soft_wrap=True)

    def to_json(self) -> dict[str, Any]:
        """Return the whole of it as plain values; times are in seconds."""
        return {
            "on": self.on,
            "passed": self.passed,
            "seconds": round(sum(step.seconds for step in self.steps), 2),
            "versions": self.versions,
            "steps": [
                {
                    "name": step.name,
                    "passed": bool(step.passed),
                    "seconds": step.seconds,
                    **step.facts,
                }
                for step in self.steps
            ],
            "failure": self.failure,
        }

    def _tell(self, step: Step) -> None:
        sign = "[green]ok[/]    " if step.passed else "[bold red]failed[/]"
        facts = ", ".join(f"{name} {_short(value)}" for name, value in step.facts.items())
        self.console.print(
            f"{sign} {step.seconds:7.1f} s  {escape(step.name)}"
            + (f"  [dim]{escape(facts)}[/]" if facts else ""),
            soft_wrap=True,
        )


def _short(value: Any) -> str:
    if isinstance(value, list):
        return str(len(value)) if len(value) > 3 else " ".join(map(str, value))
    if isinstance(value, dict):
        return " ".join(f"{key}:{count}" for key, count in value.items())
    return str(value)
