"""``bellpair devices``: where programs can run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from bellpair.cli import calibration, terminal
from bellpair.cli.failures import Failures
from bellpair.cli.options import AsJson, examples
from bellpair.cli.plugins import DevicePluginGroup
from bellpair.cli.session import Session
from bellpair.cli.wording import age, printable, status_style

if TYPE_CHECKING:
    from rich.text import Text

    from bellpair.models import Device


app = typer.Typer(
    cls=DevicePluginGroup,
    help="List the devices, or look at one of them.",
    epilog=examples("bellpair devices", "bellpair devices --json"),
)


@app.callback(invoke_without_command=True)
def devices(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the devices, or look at one of them."""
    if ctx.invoked_subcommand is not None:
        return
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            found = client.devices()
        if as_json:
            terminal.print_json({"devices": [device.to_dict() for device in found]})
            return
        from rich.text import Text

        # Observed success over the expected; a terminal is narrow where nothing is observed.
        observed = ["quality"] if any(device.quality is not None for device in found) else []
        table = terminal.plain_table(
            "name", "kind", "status", "qubits", "shots", "queue", *observed, "region", "provider",
            numbers=("qubits", "shots", "queue", *observed),
        )  # fmt: skip
        for device in found:
            least, most = device.shots_min, device.shots_max
            table.add_row(
                Text(printable(device.name), style="bold"),
                device.kind or "",
                _status(device),
                "" if device.num_qubits is None else str(device.num_qubits),
                "" if most is None else f"{least or 1:,} to {most:,}",
                "" if device.queue_depth is None else f"{device.queue_depth:,}",
                *("" if device.quality is None else f"{device.quality:.2f}" for _ in observed),
                device.region or "",
                Text(printable(device.provider or "")),
            )
        terminal.stdout().print(table)
        for device in found:
            if device.refused is not None:
                name = printable(device.name)
                since = "" if device.refused.at is None else f" {age(device.refused.at)}"
                terminal.stdout().print(
                    f"bellpair devices calibration {name} says why the calibration of {name} was"
                    f" refused{since}.",
                    style="dim",
                    soft_wrap=True,
                )


app.command(
    "calibration",
    cls=calibration.CalibrationCommand,
    epilog=examples(
        "bellpair devices calibration square-20",
        "bellpair devices calibration square-20 --plot",
        "bellpair devices calibration square-20 --plot square-20.svg",
        "bellpair devices calibration square-20 --series 10",
        "bellpair devices calibration square-20 --json | jq .medians",
    ),
)(calibration.calibration)


def _status(device: Device) -> Text:
    from rich.text import Text

    status = Text(printable(device.status or ""), style=status_style(device.status))
    if device.breaker is not None:
        status.append(f" ({printable(device.breaker.reason or device.breaker.state)})", "yellow")
    if device.refused is not None:
        status.append(" (snapshot refused)", "yellow")
    return status
