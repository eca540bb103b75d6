"""``bellpair health``: which endpoints answer, and which is active."""

from __future__ import annotations

import typer

from bellpair.cli import terminal
from bellpair.cli.exits import ExitCode
from bellpair.cli.failures import Failures
from bellpair.cli.options import AsJson
from bellpair.cli.session import Session
from bellpair.cli.wording import printable, status_style


def health(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Ask each endpoint how it is."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            found = client.health()
        answered = [state for state in found.values() if state.status != "unreachable"]
        if as_json:
            terminal.print_json({"endpoints": {url: h.to_dict() for url, h in found.items()}})
        else:
            from rich.text import Text

            table = terminal.plain_table("endpoint", "status", "region", "role", "epoch")
            for endpoint, state in found.items():
                table.add_row(
                    Text(endpoint, overflow="fold"),
                    Text(printable(state.status), style=status_style(state.status)),
                    state.region or "",
                    state.role or "",
                    "" if state.epoch is None else str(state.epoch),
                )
            terminal.stdout().print(table)
        if not answered:
            raise typer.Exit(ExitCode.SERVICE)
