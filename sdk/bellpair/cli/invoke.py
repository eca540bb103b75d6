"""``bellpair functions invoke``: from inputs to what a function returns."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bellpair.cli import terminal
from bellpair.cli.failures import Failures, job_json
from bellpair.cli.given_json import json_object, text_in
from bellpair.cli.options import AsJson, Timeout, inputs_of, tags_of
from bellpair.cli.session import Session
from bellpair.cli.wording import duration, printable

if TYPE_CHECKING:
    from bellpair.job import Job


def invoke(
    ctx: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            metavar="NAME[:ALIAS|:VERSION]", help="The function; its alias latest when not given."
        ),
    ],
    *,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="NAME=VALUE",
            help="An input: JSON where it parses, else text; repeatable.",
        ),
    ] = None,
    inputs_file: Annotated[
        str | None,
        typer.Option(
            "--inputs",
            metavar="FILE",
            help="JSON object of inputs; - reads it from standard input. --input overrules it.",
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait, show progress, and print what it returns.")
    ] = False,
    timeout: Timeout = None,
    device: Annotated[
        str | None, typer.Option("--device", "-d", help="For the calls that name none.")
    ] = None,
    max_cost: Annotated[
        float | None,
        typer.Option(min=0, metavar="USD", help="Pause before a task would pass this cost."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the function's randomness.")] = None,
    time_limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="SECONDS", help="Within which it is to be finished, or fails."),
    ] = None,
    callback: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Whom to tell: an id of `bellpair callbacks`."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the job; the function's, with its version, when not given."),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Tag of the job; repeatable.")
    ] = None,
    idempotency_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Invoking again with the same key gives the same job."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Invoke a function; the job goes on by itself, whether anybody waits or not."""
    tags = tags_of(tag or [])
    overruling = inputs_of(given or [])
    key = str(uuid.uuid4()) if idempotency_key is None else idempotency_key
    failures = Failures(as_json, on_interrupt=lambda: _maybe_accepted(key))
    with failures:
        inputs = ({} if inputs_file is None else _inputs_in(inputs_file)) | overruling
        with ctx.ensure_object(Session).client() as client:
            job = client.invoke(
                target,
                inputs,
                device=device,
                max_cost_usd=max_cost,
                seed=seed,
                timeout_s=time_limit,
                callback=callback,
                job_name=name,
                tags=tags,
                idempotency_key=key,
            )
            failures.job = job
            if wait:
                await_output(job, timeout, as_json)
            else:
                _show_accepted(job, as_json)


def await_output(job: Job, timeout: float | None, as_json: bool) -> None:
    """Follow a function's job to its end, and print what the function returned."""
    from bellpair.cli.progress import ProgressReport

    with ProgressReport(job, quiet=as_json) as report:
        for event in job.events(timeout):
            report.on_event(event)
        output = job.output()
    if as_json:
        terminal.print_json(output_json(job, output))
        return
    terminal.stderr().print(_headline(job), soft_wrap=True)
    # The output alone is on standard output, so that it can go straight into a program.
    print(json.dumps(output, indent=2, ensure_ascii=False))


def output_json(job: Job, output: Any) -> dict[str, Any]:
    """A finished function's job as JSON, with its id under the API's name as well."""
    record = job.record
    return {
        "id": job.id,
        **job_json(job),
        "output": output,
        "calls": record.calls,
        "spent_usd": record.spent_usd,
    }


def _show_accepted(job: Job, as_json: bool) -> None:
    if as_json:
        terminal.print_json({"id": job.id, **job_json(job)})
        return
    terminal.stdout().print(job.id)
    terminal.stderr().print(
        f"Accepted, now {job.status}.\n"
        f"  watch it:   bellpair jobs events {job.id} --follow\n"
        f"  fetch it:   bellpair jobs result {job.id}\n"
        f"  cancel it:  bellpair jobs cancel {job.id}",
        soft_wrap=True,
    )


def _headline(job: Job) -> str:
    record = job.record
    console = terminal.stderr()
    said = "✔ " if terminal.speaks_unicode(console) else ""
    said += f"{job.id} succeeded"
    if record.function is not None:
        said += f": {printable(record.function.target)}"
    if record.accepted_at is not None and record.finished_at is not None:
        said += f", {duration((record.finished_at - record.accepted_at).total_seconds())}"
    if record.calls is not None:
        said += f", {record.calls:,} quantum call{'' if record.calls == 1 else 's'}"
    if record.spent_usd is not None:
        said += f", US$ {record.spent_usd:,.4f}"
    return said


def _inputs_in(file: str) -> dict[str, Any]:
    shown = "Standard input" if file == "-" else file
    return json_object(text_in(file), shown, 'Give an object, such as {"shots": 1000}.')


def _maybe_accepted(key: str) -> str:
    return (
        "Interrupted while invoking; the job may have been accepted.\n"
        f"Invoke it again with --idempotency-key {key} to get that same job."
    )
