"""``bellpair callbacks``: URLs that are told of a job's end."""

from __future__ import annotations

from typing import Annotated

import typer

from bellpair.cli import terminal
from bellpair.cli.failures import Failures
from bellpair.cli.options import AsJson, examples
from bellpair.cli.session import Session
from bellpair.cli.wording import age, printable

app = typer.Typer(
    invoke_without_command=True,
    help="Register URLs that are told of a job's end; needs a tenant admin's key.",
    epilog=examples(
        "bellpair callbacks",
        "bellpair callbacks add https://example.org/bellpair > secret",
        "bellpair functions invoke vqe-h2 --callback ID",
    ),
)


@app.callback()
def callbacks(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Register URLs that are told of a job's end; needs a tenant admin's key."""
    if ctx.invoked_subcommand is None:
        list_callbacks(ctx, as_json=as_json)


@app.command(epilog=examples("bellpair callbacks add https://example.org/bellpair > secret"))
def add(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="https, on the public Internet.")],
    as_json: AsJson = False,
) -> None:
    """Register a URL, and print the secret that calls are signed with, once."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            callback = client.add_callback(url)
        if as_json:
            terminal.print_json(callback.to_dict())
            return
        # The secret alone is on standard output, so that it can go straight into a file.
        terminal.stderr().print(f"Callback {callback.id}; its calls are signed with:")
        print(callback.secret)
        terminal.stderr().print("Keep it safe: it will not be shown again.", style="bold")


@app.command("list", epilog=examples("bellpair callbacks list"))
def list_callbacks(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the callbacks."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            found = client.callbacks()
        if as_json:
            terminal.print_json({"callbacks": [callback.to_dict() for callback in found]})
            return
        if not found:
            terminal.stderr().print("No callbacks. `bellpair callbacks add URL` makes one.")
            return
        from rich.text import Text

        table = terminal.plain_table("id", "url", "made")
        for callback in found:
            table.add_row(
                Text(callback.id, style="bold"),
                Text(printable(callback.url), overflow="fold"),
                age(callback.created_at),
            )
        terminal.stdout().print(table)


@app.command(epilog=examples("bellpair callbacks delete ID"))
def delete(
    ctx: typer.Context,
    callback_id: Annotated[str, typer.Argument(metavar="ID", help="The callback's id.")],
    as_json: AsJson = False,
) -> None:
    """Delete a callback; jobs that name it end without telling."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            client.delete_callback(callback_id)
        if as_json:
            terminal.print_json({"id": callback_id, "deleted": True})
        else:
            terminal.stderr().print(f"Callback {callback_id} is deleted.")
