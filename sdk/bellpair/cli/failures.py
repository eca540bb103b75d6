"""Errors as a person or a program at the command line wants them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import typer

from bellpair.cli import terminal
from bellpair.cli.exits import ExitCode, exit_code
from bellpair.cli.remedies import in_commands
from bellpair.cli.wording import printable
from bellpair.errors import BellpairError, InvalidFunction, ResultTimeout

if TYPE_CHECKING:
    from rich.text import Text

    from bellpair.job import Job


@dataclass
class Failures:
    """Turns the errors of the code inside it into a message and an exit code.

    Attributes
    ----------
    as_json
        Whether the message is a JSON object on standard output.
    program_name, source
        The program, so that an error can show its line.
    job
        The job, once there is one.
    on_interrupt
        What to say on Ctrl-C while there is no job yet.
    """

    as_json: bool = False
    program_name: str | None = None
    source: str | None = None
    job: Job | None = None
    on_interrupt: Callable[[], str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, BellpairError):
            self._report(error)
            raise typer.Exit(exit_code(error)) from None
        if isinstance(error, KeyboardInterrupt):
            self._report_interrupt()
            raise typer.Exit(ExitCode.INTERRUPTED) from None

    def _report(self, error: BellpairError) -> None:
        error.remedy = in_commands(error.remedy) if error.remedy else None
        if self.as_json:
            terminal.print_json(self._about_job() | {"error": error.to_dict()})
            return
        console = terminal.stderr()
        for line in self._lines(error):
            console.print(line, soft_wrap=True)
        if isinstance(error, ResultTimeout) and self.job is not None:
            console.print(next_steps(self.job.id), soft_wrap=True)

    def _report_interrupt(self) -> None:
        if self.job is not None:
            said = f"Interrupted; the job goes on.\n{next_steps(self.job.id)}"
        else:
            said = self.on_interrupt() if self.on_interrupt else "Interrupted."
        if self.as_json:
            error = {"code": "interrupted", "detail": said}
            terminal.print_json(self._about_job() | {"error": error})
        else:
            terminal.stderr().print(said, soft_wrap=True)

    def _about_job(self) -> dict[str, Any]:
        return {} if self.job is None else job_json(self.job)

    def _program(self, error: BellpairError) -> tuple[str | None, str]:
        """Name and source of what the error's line is of."""
        if not isinstance(error, InvalidFunction) or error.file is None:
            return self.program_name, self.source or ""
        try:
            return error.file, Path(error.file).read_text("utf-8", "replace")
        except OSError:
            return error.file, ""

    def _lines(self, error: BellpairError) -> list[Text]:
        from rich.text import Text

        place, excerpt = "", []
        name, source = self._program(error)
        if error.line and name:
            place = f"{printable(name)}:{error.line}:{error.column or 1}: "
            excerpt = source_excerpt(source, error.line, error.column)
        lines = [
            Text.assemble((place, "bold"), ("error: ", "bold red"), printable(error.detail)),
            *map(Text, excerpt),
            *(Text(f"  - {printable(_issue(issue))}") for issue in error.errors),
        ]
        if error.remedy:
            lines.append(Text.assemble(("help: ", "bold cyan"), printable(error.remedy)))
        marks = [error.code, f"request {error.request_id}" if error.request_id else None]
        if any(marks):
            said = printable(", ".join(mark for mark in marks if mark))
            lines.append(Text(f"({said})", style="dim"))
        return lines


def source_excerpt(source: str, line: int, column: int | None) -> list[str]:
    """A line of a program and a caret under one of its columns.

    Parameters
    ----------
    line, column
        Counted from 1; without a column there is no caret, beyond the program no excerpt.
    """
    lines = source.splitlines()
    if not 1 <= line <= len(lines):
        return []
    text = printable(lines[line - 1].replace("\t", " "))
    # A program on one endless line would bury the caret.
    start = max(0, (column or 1) - 60)
    text, shown_column = text[start : start + 100], (column or 1) - start
    gutter = f"{line:>5} | "
    excerpt = [gutter + text]
    if column is not None:
        excerpt.append(" " * (len(gutter) - 2) + "| " + " " * (shown_column - 1) + "^")
    return excerpt


def next_steps(job_id: str) -> str:
    """How to come back to a job."""
    return (
        f"  fetch it:   bellpair jobs result {job_id}\n  cancel it:  bellpair jobs cancel {job_id}"
    )


def job_json(job: Job) -> dict[str, Any]:
    """A job as the command line's JSON has it: the API's body, with the id as ``job_id``."""
    body = job.record.to_dict()
    return {"job_id": body.pop("id"), **body}


def _issue(issue: Any) -> str:
    place = issue.get("pointer") or issue.get("parameter") or issue.get("header") or ""
    said = issue.get("detail") or issue.get("message") or ""
    return f"{place}: {said}" if place else str(said)
