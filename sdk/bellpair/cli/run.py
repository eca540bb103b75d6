"""``bellpair run``: from a file to counts."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bellpair.cli import terminal
from bellpair.cli.constraints import Kind, MaxCost, MaxWait, MinFidelity, constraints_of
from bellpair.cli.failures import Failures, job_json, next_steps
from bellpair.cli.options import (
    AsJson,
    Level,
    NoWait,
    Option,
    Plot,
    Timeout,
    execution_options_of,
    tags_of,
)
from bellpair.cli.session import Session
from bellpair.cli.wording import duration, printable
from bellpair.errors import ConfigurationError

if TYPE_CHECKING:
    from bellpair.job import Job
    from bellpair.result import Result


def run(
    ctx: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="OpenQASM 2 or 3 program, or a QPY file; - reads standard input."
        ),
    ],
    *,
    shots: Annotated[int, typer.Option("--shots", "-s", help="Repetitions.")] = 1000,
    device: Annotated[
        str,
        typer.Option(
            "--device", "-d", help="A device's name, as `bellpair devices` has it; any; or any-qpu."
        ),
    ] = "any",
    min_fidelity: MinFidelity = None,
    max_cost: MaxCost = None,
    max_wait: MaxWait = None,
    kind: Kind = None,
    option: Option = None,
    level: Level = None,
    name: Annotated[str | None, typer.Option(help="Name, for finding the job again.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Tag of the job; repeatable.")
    ] = None,
    timeout: Timeout = None,
    no_wait: NoWait = False,
    idempotency_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Running again with the same key gives the same job."),
    ] = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Run a program and show its counts."""
    run_program(
        ctx.ensure_object(Session),
        file,
        shots=shots,
        device=device,
        constraints=constraints_of(min_fidelity, max_cost, max_wait, kind),
        options=execution_options_of(option or []),
        level=level,
        name=name,
        tags=tags_of(tag or []),
        timeout=timeout,
        wait=not no_wait,
        idempotency_key=idempotency_key,
        plot=plot,
        as_json=as_json,
    )


def run_program(
    session: Session,
    file: str,
    *,
    shots: int,
    device: str,
    constraints: Mapping[str, Any] | None = None,
    options: Sequence[Mapping[str, Any]] = (),
    level: int | None = None,
    name: str | None = None,
    tags: Mapping[str, str] | None = None,
    timeout: float | None = None,
    wait: bool = True,
    idempotency_key: str | None = None,
    plot: Path | None = None,
    as_json: bool = False,
) -> None:
    """Submit, wait, and show the result; parameters as the options of ``bellpair run``."""
    from bellpair.cli.waiting import LiveStatus
    from bellpair.programs import program_of

    key = str(uuid.uuid4()) if idempotency_key is None else idempotency_key
    failures = Failures(as_json, on_interrupt=lambda: _maybe_accepted(key))
    with failures:
        check_plot_option(plot)
        failures.program_name = "<stdin>" if file == "-" else file
        given = sys.stdin.buffer.read() if file == "-" else Path(file)
        program = program_of(given, "Standard input")
        failures.source = program.source
        with LiveStatus(quiet=as_json) as live, session.client(on_retry=live.on_retry) as client:
            job = client.submit(
                program,
                shots,
                device,
                constraints=constraints,
                options=options,
                level=level,
                name=name,
                tags=tags,
                idempotency_key=key,
            )
            failures.job = job
            live.on_poll(job)
            result = job.result(timeout, live.on_poll) if wait else None
        if result is None:
            show_accepted(job, as_json)
        else:
            show_result(job, result, plot, as_json)


def check_plot_option(plot: Path | None) -> None:
    """Refuse a picture that could not be written, as wrong usage."""
    if plot is None:
        return
    from bellpair.plot import check_plot

    try:
        check_plot(plot)
    except ConfigurationError as error:
        raise typer.BadParameter(f"{error.detail} {error.remedy}", param_hint="--plot") from None


def show_accepted(job: Job, as_json: bool) -> None:
    """Tell that a job is under way, and how to come back to it."""
    if as_json:
        terminal.print_json(job_json(job))
        return
    console = terminal.stdout()
    console.print(job.id)
    terminal.stderr().print(f"Accepted, now {job.status}.\n{next_steps(job.id)}", soft_wrap=True)


def show_result(job: Job, result: Result, plot: Path | None, as_json: bool) -> None:
    """Print a result, and draw it when asked."""
    if plot is not None:
        from bellpair.plot import plot_counts

        plot_counts(result, plot, job.record.name)
    if as_json:
        terminal.print_json(result.to_dict())
        return
    from rich.text import Text

    from bellpair.cli.histogram import histogram

    console = terminal.stdout()
    unicode = terminal.speaks_unicode(console)
    name = f" ({printable(job.record.name)})" if job.record.name else ""
    console.print(
        Text.assemble(
            ("✔ " if unicode else "", "green"),
            (job.id, "bold"),
            f"{name} succeeded on {result.device}, {result.shots:,} shots",
        ),
        soft_wrap=True,
    )
    for told in (_timings(result), _options(result)):
        if told:
            console.print(told, style="dim", soft_wrap=True)
    console.print()
    for line in histogram(result, console.width, unicode=unicode):
        console.print(line, end="\n", soft_wrap=True)
    console.print("\nThe rightmost character is bit 0.", style="dim")
    if plot is not None:
        console.print(f"Picture: {plot}", style="dim", soft_wrap=True)


def _timings(result: Result) -> str:
    phases = {phase: seconds for phase, seconds in result.timings.items() if seconds is not None}
    return ", ".join(
        f"{printable(phase.removesuffix('_s').replace('_', ' '))} {duration(seconds)}"
        for phase, seconds in phases.items()
    )


def _options(result: Result) -> str:
    names = ", ".join(printable(str(option.get("name"))) for option in result.options)
    overhead = result.overhead or {}
    if not names or "circuits" not in overhead:
        return names and f"options {names}"
    return f"options {names}: {overhead['circuits']:,} circuits, {overhead['shots']:,} shots"


def _maybe_accepted(key: str) -> str:
    return (
        "Interrupted while submitting; the job may have been accepted.\n"
        f"Run it again with --idempotency-key {key} to get that same job."
    )
