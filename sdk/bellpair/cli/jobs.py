"""``bellpair jobs``: what became of what was submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bellpair.cli import terminal
from bellpair.cli.failures import Failures, job_json
from bellpair.cli.options import AsJson, JobId, Plot, Timeout, examples
from bellpair.cli.run import check_plot_option, show_result
from bellpair.cli.session import Session
from bellpair.cli.why import why
from bellpair.cli.wording import age, duration, printable, status_style

if TYPE_CHECKING:
    from rich.console import Console

    from bellpair.job import Job
    from bellpair.models import JobRecord, Usage

app = typer.Typer(
    invoke_without_command=True,
    help="List jobs, look at one, explain it, fetch its result, resume or cancel it.",
    epilog=examples("bellpair jobs", "bellpair jobs show job-… --events --cost"),
)

app.command(epilog=examples("bellpair jobs why job-…", "bellpair jobs why job-… --json"))(why)

Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job is over.")]

STATUSES = "queued, compiling, executing, processing, paused, succeeded, failed or cancelled"


@app.callback()
def jobs(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List jobs, look at one, explain it, fetch its result, resume or cancel it."""
    if ctx.invoked_subcommand is None:
        list_jobs(ctx, as_json=as_json)


@app.command(
    "list",
    epilog=examples("bellpair jobs list --status failed", "bellpair jobs list --limit 5 --json"),
)
def list_jobs(
    ctx: typer.Context,
    status: Annotated[str | None, typer.Option(help=f"Only {STATUSES} ones.")] = None,
    device: Annotated[str | None, typer.Option("--device", "-d", help="Only of this one.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List jobs, the newest first."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            found = list(client.jobs(status=status, device=device, limit=limit))
        if as_json:
            terminal.print_json({"jobs": [job_json(job) for job in found]})
        elif found:
            terminal.stdout().print(_jobs_table(found))
        else:
            terminal.stderr().print("No jobs. `bellpair run FILE.qasm` makes one.")


@app.command(
    epilog=examples("bellpair jobs show job-… --events", "bellpair jobs show job-… --cost")
)
def show(
    ctx: typer.Context,
    job_id: JobId,
    events: Annotated[bool, typer.Option("--events", help="Also its event log.")] = False,
    cost: Annotated[bool, typer.Option("--cost", help="Also what it cost at list prices.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one job."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            job = client.job(job_id, cost=cost)
        if as_json:
            terminal.print_json(job_json(job))
            return
        console = terminal.stdout()
        _print_facts(console, job)
        if events:
            _print_events(console, job)
        if cost:
            _print_cost(console, job.usage)


@app.command(epilog=examples("bellpair jobs result job-…", "bellpair jobs result job-… --json"))
def result(
    ctx: typer.Context,
    job_id: JobId,
    timeout: Timeout = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Wait for a job and show its counts, or what its function returned."""
    from bellpair.cli.invoke import await_output
    from bellpair.cli.waiting import LiveStatus

    with Failures(as_json) as failures:
        check_plot_option(plot)
        live = LiveStatus(quiet=as_json)
        with ctx.ensure_object(Session).client(on_retry=live.on_retry) as client:
            job = client.job(job_id)
            failures.job = job
            if job.record.function is not None:
                await_output(job, timeout, as_json)
                return
            with live:
                live.on_poll(job)
                counted = job.result(timeout, live.on_poll)
        show_result(job, counted, plot, as_json)


@app.command(epilog=examples("bellpair jobs cancel job-…"))
def cancel(ctx: typer.Context, job_id: JobId, as_json: AsJson = False) -> None:
    """Cancel a job that is not finished."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            job = client.job(job_id).cancel()
        if as_json:
            terminal.print_json(job_json(job))
        elif job.finished:
            terminal.stdout().print(f"{job.id} is {job.status}.")
        else:
            terminal.stdout().print(f"{job.id} is being cancelled.")


@app.command(
    epilog=examples("bellpair jobs logs job-…", "bellpair jobs logs job-… --follow | grep energy")
)
def logs(
    ctx: typer.Context, job_id: JobId, follow: Follow = False, as_json: AsJson = False
) -> None:
    """Print what a job's function printed."""
    with Failures(as_json), ctx.ensure_object(Session).client() as client:
        pieces = client.job(job_id).logs(follow)
        if as_json:
            terminal.print_json({"job_id": job_id, "text": "".join(pieces)})
            return
        for piece in pieces:
            # Lines and tabs are the function's own; what could rewrite a terminal is not.
            print("".join(c if c in "\n\t" else printable(c) for c in piece), end="", flush=True)


@app.command(epilog=examples("bellpair jobs events job-…", "bellpair jobs events job-… --follow"))
def events(
    ctx: typer.Context, job_id: JobId, follow: Follow = False, as_json: AsJson = False
) -> None:
    """Print what happened to a job, and its function's progress."""
    from bellpair.cli.progress import event_line

    with Failures(as_json), ctx.ensure_object(Session).client() as client:
        told = client.job(job_id).events(follow=follow)
        if as_json:
            terminal.print_json({"job_id": job_id, "events": [event.to_dict() for event in told]})
            return
        for event in told:
            print(event_line(event), flush=True)


@app.command(
    epilog=examples(
        "bellpair jobs resume job-… --max-cost 20",
        "bellpair jobs resume job-… --max-cost 20 --wait",
    )
)
def resume(
    ctx: typer.Context,
    job_id: JobId,
    max_cost: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="USD",
            help="The new cap, what is spent included; unchanged when not given.",
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait, show progress, and print what it returns.")
    ] = False,
    timeout: Timeout = None,
    as_json: AsJson = False,
) -> None:
    """Let a job go on that is paused at its cost cap."""
    from bellpair.cli.invoke import await_output

    with Failures(as_json) as failures:
        with ctx.ensure_object(Session).client() as client:
            job = client.job(job_id).resume(max_cost)
            failures.job = job
            if wait:
                await_output(job, timeout, as_json)
                return
        if as_json:
            terminal.print_json(job_json(job))
        else:
            terminal.stdout().print(f"{job.id} goes on, now {job.status}.")
            if max_cost is None and job.record.max_cost_usd is not None:
                terminal.stderr().print(
                    f"Its cap is still US$ {job.record.max_cost_usd:,.2f}: before a call would pass"
                    " that, it pauses again. --max-cost raises it.",
                    soft_wrap=True,
                )


def _jobs_table(found: list[Job]) -> object:
    from rich.text import Text

    table = terminal.plain_table(
        "id", "name", "status", "device", "shots", "accepted", "took", numbers=("shots", "took")
    )
    table.columns[0].no_wrap = True
    table.columns[5].no_wrap = True
    for job in found:
        record = job.record
        table.add_row(
            Text(job.id),
            Text(printable(record.name or "")),
            Text(str(job.status), style=status_style(job.status)),
            Text(record.device_used or record.device or ""),
            f"{record.shots:,}" if record.shots else "",
            age(record.accepted_at),
            _took(job),
        )
    return table


def _print_facts(console: Console, job: Job) -> None:
    from rich.text import Text

    record = job.record
    device = record.device_used or record.device or ""
    if record.device_used and record.device_used != record.device:
        device += f" (asked for: {record.device})"
    facts: list[tuple[str, str | Text]] = [
        ("job", Text(job.id, style="bold")),
        ("name", printable(record.name or "")),
        ("tags", printable(", ".join(f"{key}={value}" for key, value in record.tags.items()))),
        ("status", Text(str(job.status), style=status_style(job.status))),
        ("function", _function(record)),
        ("device", device),
        ("shots", f"{record.shots:,}" if record.shots else ""),
        ("region", f"{record.region} (epoch {record.epoch})" if record.region else ""),
        ("accepted", f"{record.accepted_at:%Y-%m-%d %H:%M:%S %Z}" if record.accepted_at else ""),
        ("took", _took(job)),
    ]
    if record.queue is not None and record.queue.place is not None:
        facts.append(("position", record.queue.place))
    if record.progress is not None:
        said = f"{record.progress.fraction:.0%}  {record.progress.message}".rstrip()
        facts.append(("progress", printable(said)))
    if record.calls is not None:
        facts.append(("calls", f"{record.calls:,}"))
    if record.spent_usd is not None:
        cap = "" if record.max_cost_usd is None else f" of {record.max_cost_usd:,.2f} at most"
        facts.append(("spent", f"US$ {record.spent_usd:,.4f}{cap}"))
    if record.seed is not None:
        facts.append(("seed", str(record.seed)))
    if record.waiting_for:
        facts.append(("waits", printable(record.waiting_for)))
    if job.error is not None:
        facts.append(("error", Text(f"{printable(job.error.message)} ({job.error.code})", "red")))
        facts.append(("help", printable(job.error.remedy or "")))
    for fact, value in facts:
        if value:
            console.print(Text.assemble((f"{fact:<10}", "dim"), value), soft_wrap=True)


def _function(record: JobRecord) -> str:
    if record.function is None:
        return ""
    alias = f" (alias {record.function.alias})" if record.function.alias else ""
    return printable(record.function.target + alias)


def _print_events(console: Console, job: Job) -> None:
    from rich.text import Text

    console.print()
    table = terminal.plain_table("after", "event", "region", "epoch", "message", numbers=("after",))
    log = job.record.events
    start = log[0].at if log else None
    for event in log:
        after = 0.0 if start is None else (event.at - start).total_seconds()
        table.add_row(
            duration(after),
            Text(printable(event.type), style=status_style(event.type)),
            event.region or "",
            "" if event.epoch is None else str(event.epoch),
            Text(printable(event.message)),
        )
    console.print(table)


def _print_cost(console: Console, usage: Usage | None) -> None:
    console.print()
    if usage is None or not usage.items:
        console.print("Nothing has been counted yet.", style="dim")
        return
    table = terminal.plain_table("item", "amount", "unit", "US$", numbers=("amount", "US$"))
    for item in usage.items:
        table.add_row(item.what, _amount(item.amount), item.unit, f"{item.usd:.8f}")
    total = sum(item.usd for item in usage.items) if usage.total_usd is None else usage.total_usd
    table.add_section()
    table.add_row("total", "", "", f"{total:.8f}", style="bold")
    console.print(table)
    if usage.prices_as_of:
        console.print(f"AWS list prices of {usage.prices_as_of}, without free tier.", style="dim")


def _amount(amount: float) -> str:
    return f"{amount:,.0f}" if float(amount).is_integer() else f"{amount:,.4g}"


def _took(job: Job) -> str:
    record = job.record
    if record.accepted_at is None or record.finished_at is None:
        return ""
    return duration((record.finished_at - record.accepted_at).total_seconds())
