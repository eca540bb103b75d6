"""``bellpair devices calibration``: what a device's programs are compiled by."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from bellpair.cli import terminal
from bellpair.cli.exits import ExitCode
from bellpair.cli.failures import Failures
from bellpair.cli.options import AsJson
from bellpair.cli.run import check_plot_option
from bellpair.cli.session import Session
from bellpair.cli.wording import age, duration, printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from bellpair.device_models import Calibration, Drift, IngestedDevice, Medians, Snapshot

NOTABLE = 3.5
"""A z-score of drift that calls for a look."""

Name = Annotated[str, typer.Argument(metavar="NAME", help="The device.", show_default=False)]
Series = Annotated[
    int | None,
    typer.Option(
        "--series", min=1, max=200, metavar="NUMBER", help="List the newest NUMBER instead."
    ),
]
Plot = Annotated[
    str | None,
    typer.Option(
        "--plot",
        metavar="[FILE]",
        help="Also draw a picture: .png, .svg or .pdf; NAME.png where no file is given.",
    ),
]
Ingest = Annotated[
    bool, typer.Option("--ingest", help="Bring it in anew first; needs an operator's key.")
]


class CalibrationCommand(TyperCommand):
    """Lets ``--plot`` stand without a file."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, with an empty file where there is none."""
        after = [*args[1:], "-"]
        whole = [
            "--plot=" if arg == "--plot" and after[place].startswith("-") else arg
            for place, arg in enumerate(args)
        ]
        return super().parse_args(ctx, whole)


def calibration(
    ctx: typer.Context,
    name: Name,
    plot: Plot = None,
    series: Series = None,
    ingest: Ingest = False,
    as_json: AsJson = False,
) -> None:
    """Show a device's error rates, their age and their drift."""
    with Failures(as_json):
        file = None if plot is None else Path(plot or f"{name}.png")
        check_plot_option(file)
        ingested: IngestedDevice | None = None
        with ctx.ensure_object(Session).client(operator=ingest) as client:
            if ingest:
                ingested = client.ingest_calibration(name)
            if series is not None:
                _show_series(name, client.calibrations(name, series), as_json)
            else:
                _show(client.calibration(name), file, as_json)
        if ingested is not None and ingested.problem is not None:
            console = terminal.stderr()
            console.print(f"Not brought in: {printable(ingested.problem)}", style="red")
            raise typer.Exit(ExitCode.SERVICE)


def _show(found: Calibration, plot: Path | None, as_json: bool) -> None:
    if plot is not None:
        from bellpair.device_plot import plot_calibration

        plot_calibration(found, plot)
    if as_json:
        terminal.print_json(found.to_dict())
        return
    console = terminal.stdout()
    _print_summary(console, found)
    if _has_figures(found):
        _print_qubits(console, found)
        _print_edges(console, found)
    else:
        console.print("no errors are known of it, as of a simulator: nothing more to show")
    if plot is not None:
        console.print(f"\nPicture: {plot}", style="dim", soft_wrap=True)


def _has_figures(found: Calibration) -> bool:
    return any(
        figure is not None
        for qubit in found.qubits
        for figure in (qubit.one_qubit_error, qubit.readout_error, qubit.t1_us, qubit.t2_us)
    ) or bool(found.edges)


def _show_series(name: str, found: list[Snapshot], as_json: bool) -> None:
    if as_json:
        terminal.print_json({"device": name, "calibrations": [one.to_dict() for one in found]})
        return
    from rich.text import Text

    short = ("measured", "first seen", "qubits", "edges", "1-qubit", "2-qubit", "readout", "drift")
    table = terminal.plain_table(*short, "what else", numbers=short)
    for one in found:
        medians = one.medians
        refused = one.refused is not None
        table.add_row(
            "" if one.calibrated_at is None else f"{one.calibrated_at:%Y-%m-%d %H:%M}",
            "" if one.seen_at is None else f"{one.seen_at:%Y-%m-%d %H:%M}",
            "" if refused else str(one.num_qubits or 0),
            "" if refused else ("all" if one.num_edges is None else str(one.num_edges)),
            _percent(medians.one_qubit_error),
            _percent(medians.two_qubit_error),
            _percent(medians.readout_error),
            _score(one.drift.worst),
            Text(printable(one.refused or _changes(one.drift)), "red" if refused else ""),
        )
    terminal.stdout().print(table)


def _print_summary(console: Console, found: Calibration) -> None:
    from rich.text import Text

    title = Text(printable(found.device), style="bold")
    title.append(f"  {printable(found.calibration_id)}", style="dim")
    console.print(title, soft_wrap=True)
    measured = "at an unknown time"
    if found.calibrated_at is not None:
        measured = f"{found.calibrated_at:%Y-%m-%d %H:%M} UTC, {age(found.calibrated_at)}"
    looked = f"; last asked {age(found.checked_at)}" if found.checked_at is not None else ""
    console.print(f"measured {measured}{looked}", style="yellow" if found.stale else None)
    if found.stale:
        console.print("too old to be relied on: programs are compiled without it", style="yellow")
    if medians := _medians(found.medians):
        console.print(f"medians  {medians}")
    durations = (
        ("a gate", found.durations_us.one_qubit),
        ("a two-qubit gate", found.durations_us.two_qubit),
        ("readout", found.durations_us.readout),
    )
    if told := [f"{what} {_time(us)}" for what, us in durations if us is not None]:
        console.print(f"times    {', '.join(told)}")
    if found.quality is not None:
        console.print(f"quality  {found.quality:.2f} of the success that was expected")
    if found.drift.worst is not None:
        console.print(
            f"drift    z up to {found.drift.worst:.1f} against the {found.drift.baseline}"
            " calibrations before",
            style="yellow" if found.drift.worst > NOTABLE else None,
        )
    if changes := _changes(found.drift):
        console.print(f"changes  {changes}", style="yellow")
    for note in found.notes:
        console.print(f"note     {printable(note)}", style="dim")
    if found.refused is not None:
        since = f" ({age(found.refused.at)})" if found.refused.at is not None else ""
        reason = printable(found.refused.reason)
        console.print(f"refused  what the device says now{since}: {reason}", style="red")


def _print_qubits(console: Console, found: Calibration) -> None:
    console.print()
    table = terminal.plain_table(
        "qubit", "1-qubit", "readout", "reads 1 of 0", "reads 0 of 1", "T1", "T2", "drift",
        numbers=("qubit", "1-qubit", "readout", "reads 1 of 0", "reads 0 of 1", "T1", "T2",
                 "drift"),
    )  # fmt: skip
    alike = {one.model_copy(update={"qubit": 0}).model_dump_json() for one in found.qubits}
    shown = found.qubits[:1] if len(alike) == 1 and len(found.qubits) > 1 else found.qubits
    for qubit in shown:
        table.add_row(
            "each" if len(shown) < len(found.qubits) else str(qubit.qubit),
            _percent(qubit.one_qubit_error),
            _percent(qubit.readout_error),
            _percent(qubit.readout_0_to_1),
            _percent(qubit.readout_1_to_0),
            _time(qubit.t1_us),
            _time(qubit.t2_us),
            _score(qubit.drift),
        )
    console.print(table)


def _print_edges(console: Console, found: Calibration) -> None:
    console.print()
    errors = {edge.two_qubit_error for edge in found.edges}
    if found.all_to_all and len(errors) == 1:
        console.print(f"every pair of qubits is connected, error {_percent(errors.pop())}")
        return
    table = terminal.plain_table("edge", "2-qubit", "drift", numbers=("edge", "2-qubit", "drift"))
    for edge in sorted(found.edges, key=lambda one: one.two_qubit_error):
        first, second = edge.qubits
        table.add_row(f"{first}-{second}", _percent(edge.two_qubit_error), _score(edge.drift))
    console.print(table)


def _medians(medians: Medians) -> str:
    parts = (
        ("1-qubit", _percent(medians.one_qubit_error)),
        ("2-qubit", _percent(medians.two_qubit_error)),
        ("readout", _percent(medians.readout_error)),
        ("T1", _time(medians.t1_us)),
        ("T2", _time(medians.t2_us)),
    )
    return ", ".join(f"{name} {value}" for name, value in parts if value)


def _changes(drift: Drift) -> str:
    said = (
        ("gone: qubits", drift.dead_qubits),
        ("gone: edges", drift.dead_edges),
        ("back: qubits", drift.recovered_qubits),
        ("back: edges", drift.recovered_edges),
    )
    return "; ".join(f"{what} {_listed(which)}" for what, which in said if which)


def _listed(which: Iterable[object]) -> str:
    return ", ".join(printable(str(one)) for one in which)


def _percent(error: float | None) -> str:
    return "" if error is None else f"{error * 100:.2g} %"


def _time(microseconds: float | None) -> str:
    if microseconds is None:
        return ""
    return f"{microseconds:.3g} us" if microseconds < 1e4 else duration(microseconds * 1e-6)


def _score(z: float | None) -> str | Text:
    from rich.text import Text

    return "" if z is None else Text(f"{z:+.1f}", style="red" if z > NOTABLE else "")
