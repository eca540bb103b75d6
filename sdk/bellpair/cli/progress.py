"""How a function is getting on: a bar on a terminal, lines where there is none."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bellpair.cli import terminal
from bellpair.cli.wording import printable
from bellpair.vocabulary import JobStatus

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from bellpair.job import Job
    from bellpair.models import JobEvent


class ProgressReport:
    """What happens to a job, on standard error.

    Parameters
    ----------
    job
        The job that is watched.
    quiet
        Whether to show nothing.
    """

    def __init__(self, job: Job, quiet: bool) -> None:
        self._where = str(job.status)
        self._quiet = quiet
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._fraction = 0.0
        if not quiet and sys.stderr.isatty():
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self._bar = Progress(
                TextColumn("{task.fields[where]}"),
                BarColumn(bar_width=30),
                TextColumn("{task.percentage:>3.0f}%"),
                TimeElapsedColumn(),
                TextColumn("{task.fields[said]}"),
                console=terminal.stderr(),
                transient=True,
            )
            self._task = self._bar.add_task("", total=1.0, where=self._where, said="")

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def on_event(self, event: JobEvent) -> None:
        """Show what happened."""
        if self._quiet:
            return
        if event.fraction is not None:
            self._fraction = event.fraction
        elif event.type in set(JobStatus):
            self._where = event.type
        if self._bar is None or self._task is None:
            line = event_line(event)
            terminal.stderr().print(line, soft_wrap=True)
            return
        self._bar.update(
            self._task,
            completed=self._fraction,
            where=printable(self._where),
            said=printable(event.message),
        )


def event_line(event: JobEvent) -> str:
    """One event as a line of text: when, what, and what it says."""
    what = event.type if event.fraction is None else f"{event.fraction:.0%}"
    message = f"  {event.message}" if event.message else ""
    return printable(f"{event.at:%H:%M:%S}  {what:<10}{message}".rstrip())
