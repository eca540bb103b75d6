"""What a drill tells at its end: a JSON object for programs, tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bellpair_local.drills import accounting
from bellpair_local.drills.evidence import Account, Evidence
from bellpair_local.drills.figures import Figure, as_json, passed
from bellpair_local.drills.function_account import FunctionAccount
from bellpair_local.drills.picture import draw
from bellpair_local.drills.plan import Plan
from bellpair_local.drills.records import Operation
from bellpair_local.drills.timeline import Timeline, as_text, timeline


@dataclass(frozen=True)
class Report:
    """A drill that was held.

    Attributes
    ----------
    timed
        Whether times count: on a machine busy with other work they say little.
    """

    drill: str
    plan: Plan
    seen: Evidence
    account: Account
    figures: Sequence[Figure]
    timed: bool = True

    @property
    def passed(self) -> bool:
        """Whether every figure is met that counts."""
        return passed(self.figures, timed=self.timed)

    @property
    def timeline(self) -> Timeline:
        """Its course."""
        return timeline(self.seen)

    def to_json(self) -> dict[str, Any]:
        """One object with everything."""
        course = self.timeline
        return {
            "drill": self.drill,
            "jobs": self.plan.jobs,
            "rate": self.plan.rate,
            "seed": self.plan.seed,
            **self._counted(),
            "passed": self.passed,
            "timed": self.timed,
            "figures": as_json(self.figures),
            "notes": dict(self.seen.notes),
            "operations": [
                {
                    "id": operation.id,
                    "kind": operation.kind,
                    "by": operation.by,
                    "reason": operation.reason,
                    "outcome": operation.outcome,
                    "detail": operation.detail,
                }
                for operation in self.seen.operations
            ],
            "marks": [{"s": mark.at, "what": mark.text} for mark in course.marks],
            "timeline": [
                {
                    "s": bucket.second,
                    "accepted_per_s": bucket.accepted_per_s,
                    "in_flight": bucket.in_flight,
                    "active": bucket.active,
                }
                for bucket in course.buckets
            ],
            **self._trouble(),
        }

    def _counted(self) -> dict[str, Any]:
        """The account in one level, a lost function's figures among the others."""
        counted = asdict(self.account)
        return {**counted, **(counted.pop("run") or {})}

    def show(self, console: Console) -> None:
        """Print it for people."""
        show_timeline(self.timeline, console)
        console.print()
        table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
        for column in ("figure", "value", "asked for", ""):
            table.add_column(column)
        for figure in self.figures:
            word = "[green]met[/]" if figure.met else "[bold red]not met[/]"
            value = "unknown" if figure.value is None else f"{figure.value:g}"
            table.add_row(figure.name, value, figure.limit, word)
        console.print(table)
        told = self.account
        console.print(
            f"\n{told.accepted} accepted: {told.succeeded} succeeded, {told.failed} failed, "
            f"{told.cancelled} cancelled, {told.waiting} waiting; {told.tasks} tasks; "
            f"{told.retried_attempts} attempts repeated by the clients; "
            f"epoch {told.epoch_before} to {told.epoch_after}; {told.seconds:g} s, "
            f"{told.jobs_per_s:g} jobs a second."
        )
        if told.run is not None:
            console.print(_went_on(told.run), soft_wrap=True)
        for operation in self.seen.operations:
            console.print(_told(operation), soft_wrap=True)
        for name, value in self.seen.notes.items():
            console.print(f"{name}: {escape(str(value))}")
        for name, found in self._trouble().items():
            console.print(f"[red]{name}[/]: {escape(str(found))}", soft_wrap=True)
        console.print("[bold green]Passed.[/]" if self.passed else "[bold red]Not passed.[/]")

    def draw(self, file: Path) -> None:
        """Draw its course into a file."""
        draw(self.timeline, file, f"{self.drill}: {self.account.accepted} jobs accepted")

    def _trouble(self) -> dict[str, Any]:
        """Names of what went wrong, for whoever looks for the cause."""
        seen = self.seen
        found = {
            "lost_jobs": accounting.lost_jobs(seen.promised, seen.last, seen.away),
            "failed_jobs": {
                job.id: (job.body.get("error") or {}).get("code")
                for job in seen.last.values()
                if job.status == "failed"
            },
            "changed_jobs": accounting.changed_after_end(seen.first_over, seen.last),
            "duplicates": [
                {"job": task.job_id, "task": task.arn, "token": task.client_token}
                for task in seen.doubled
            ],
            "errors": [made.error for made in seen.submissions if made.error][:20],
        }
        return {name: value for name, value in found.items() if value}


def _told(operation: Operation) -> str:
    """Who did what to the pair, why, and what became of it."""
    end = f"{operation.outcome} ({operation.detail})" if operation.detail else operation.outcome
    why = f": {operation.reason}" if operation.reason else ""
    return escape(f"{operation.kind} by {operation.by}{why}; {end}")


def _went_on(run: FunctionAccount) -> str:
    """How the function got over the loss."""
    resumed = "never" if run.resumed_s is None else f"{run.resumed_s:g} s later"
    same = "as" if run.trajectory_identical else "not as"
    return escape(
        f"{run.function} lost its region after {run.calls_at_loss} of {run.calls} calls, "
        f"went on {resumed}, repeated {run.calls_repeated}, and took its {run.steps} steps "
        f"{same} undisturbed."
    )


def show_timeline(course: Timeline, console: Console) -> None:
    """Print a timeline."""
    speaks = console.encoding.lower().startswith("utf")
    for line in as_text(course, unicode=speaks):
        console.print(escape(line), highlight=False, soft_wrap=True)
