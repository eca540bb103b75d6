"""``bellpair jobs why``: why a job is where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from bellpair.cli import terminal
from bellpair.cli.failures import Failures
from bellpair.cli.options import AsJson, JobId
from bellpair.cli.session import Session
from bellpair.cli.wording import duration, printable

if TYPE_CHECKING:
    from rich.console import Console

    from bellpair.why import DeviceChoice, Why

_STYLES = {"chosen": "green", "waits": "yellow", "excluded": "dim"}


def why(ctx: typer.Context, job_id: JobId, as_json: AsJson = False) -> None:
    """Explain a job: its device, what it waits for, and what turned it on its way."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            told = client.job(job_id).why()
        if as_json:
            terminal.print_json(told.model_dump(mode="json"))
            return
        console = terminal.stdout()
        _print_reasons(console, told)
        if told.choice is not None and told.choice.considered:
            console.print()
            console.print(_table(told.choice))


def _print_reasons(console: Console, told: Why) -> None:
    from rich.text import Text

    used = f" on {told.device_used}" if told.device_used else ""
    verb = "" if told.status in ("succeeded", "failed") else "is "
    console.print(
        Text.assemble((told.job_id, "bold"), f" {verb}{told.status}{used}"), soft_wrap=True
    )
    for reason in told.reasons:
        # The table below says it, device by device.
        if reason.about == "choice" and told.choice is not None and told.choice.considered:
            continue
        at = f"{reason.at:%H:%M:%S}" if reason.at is not None else "now"
        line = Text.assemble(
            (f"{at:<9}", "dim"), (f"{printable(reason.about):<12}", "dim"), printable(reason.text)
        )
        console.print(line, soft_wrap=True)


def _table(choice: DeviceChoice) -> object:
    from rich.text import Text

    table = terminal.plain_table(
        "device",
        "verdict",
        "score",
        "success",
        "US$",
        "wait",
        "reason",
        numbers=("score", "success", "US$", "wait"),
    )
    for one in choice.considered:
        table.add_row(
            Text(one.device),
            Text(one.verdict, style=_STYLES.get(one.verdict, "")),
            _figure(one.score),
            _figure(one.expected_success),
            "" if one.cost_usd is None else f"{one.cost_usd:,.4f}",
            "" if one.wait_s is None else duration(one.wait_s),
            Text(printable(one.reason)),
        )
    return table


def _figure(number: float | None) -> str:
    return "" if number is None else f"{number:.3g}"
