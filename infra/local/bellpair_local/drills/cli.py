"""``bellpair drill``: lose something for real, and see what became of the jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from bellpair.errors import BellpairError
from bellpair_local.failures import LocalCloudError

FAILED = 1
INTERRUPTED = 130
RATE = 5.0

_EXAMPLES = (
    "bellpair drill region-loss --jobs 300 --seed 7",
    "bellpair drill region-loss --during vqe-h2 --seed 7 --json",
    "bellpair drill region-freeze --jobs 100 --json > freeze.json",
    "bellpair drill switchover --picture switchover.png",
    "bellpair drill expo --jobs 2000 --compress",
)

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


class Name(StrEnum):
    """The drills."""

    REGION_LOSS = "region-loss"
    REGION_FREEZE = "region-freeze"
    ZONE_LOSS = "zone-loss"
    PARTITION = "partition"
    SWITCHOVER = "switchover"
    FAILBACK = "failback"
    QPU_LOSS = "qpu-loss"
    EVENT_LOSS = "event-loss"
    EXPO = "expo"


@app.command(
    epilog="[bold]Examples[/bold]\n\n"
    + "\n\n".join(f"[cyan]$ {line}[/cyan]" for line in _EXAMPLES)
    + "\n\nExit codes: 0 every figure is met that counts; 1 one is not, or the drill could not be "
    "held; 2 wrong usage; 130 interrupted."
)
def drill(
    name: Annotated[Name, typer.Argument(help="What is lost.", show_default=False)],
    jobs: Annotated[
        int | None,
        typer.Option(
            min=8,
            help="Submissions.  [dim]\\[default: 100; region-loss and zone-loss 300, "
            "with --during 60; expo 2000][/]",
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            min=0.01, max=200, help="Submissions a second.  [dim]\\[default: 5; with --during 2][/]"
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Fixes programs, devices, and the moments of the losses.")
    ] = 7,
    during: Annotated[
        str | None,
        typer.Option(
            metavar="FUNCTION",
            help="region-loss: in the middle of the loop of an example, as [cyan]vqe-h2[/], with a "
            "light load beside it.",
        ),
    ] = None,
    compress: Annotated[
        bool,
        typer.Option(
            "--compress",
            help="expo: as fast as the platform carries it, instead of over seven days.",
        ),
    ] = False,
    heal: Annotated[
        bool, typer.Option(help="Bring a killed region back; --no-heal leaves it lost.")
    ] = True,
    untimed: Annotated[
        bool,
        typer.Option(
            "--untimed",
            help="Tell times, but hold none against its limit: for a machine with other work.",
        ),
    ] = False,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the course: .png, .svg or .pdf."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on standard output.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave a cloud that was started for it running.")
    ] = False,
    cloud_name: Annotated[
        str | None,
        typer.Option("--name", envvar="BELLPAIR_LOCAL_NAME", help="Which local cloud."),
    ] = None,
    state_dir: Annotated[
        Path | None, typer.Option("--state-dir", help="Directory of that cloud.")
    ] = None,
    port_base: Annotated[
        int | None,
        typer.Option(
            "--port-base",
            envvar="BELLPAIR_LOCAL_PORT_BASE",
            help="First of its five ports, if it is to be started.",
        ),
    ] = None,
) -> None:
    """Lose a part of the local cloud under load, and count what became of the jobs.

    Held on the local cloud that runs; when none does, on one of its own, which ends with it.
    Kills are real: SIGKILL, SIGSTOP, cut links. Counts are from outside: what clients were
    promised, what the ledger says, what the devices were asked to run.
    """
    # Imported late: they load the client library, boto3 and more, which --help need not.
    from bellpair_local.drills.catalogue import DRILLS, DURING_RATE, region_loss_during
    from bellpair_local.drills.expo import COMPRESSED_RATE, EXHIBITION_SECONDS, UNFINISHED_MAX
    from bellpair_local.drills.hosting import hold_on_a_cloud
    from bellpair_local.drills.own_cloud import Wanted
    from bellpair_local.drills.picture import check
    from bellpair_local.drills.plan import UNTIMED_PATIENCE, Plan
    from bellpair_local.drills.site import REQUEST_SECONDS

    console = Console(stderr=True)
    chosen = DRILLS[name.value]
    if during is not None:
        if name is not Name.REGION_LOSS:
            raise typer.BadParameter("only region-loss has it", param_hint="--during")
        with _told(console):
            chosen = region_loss_during(during)
    if compress and name is not Name.EXPO:
        raise typer.BadParameter("only expo can be compressed", param_hint="--compress")
    count = jobs or chosen.jobs
    usual = RATE if during is None else DURING_RATE
    if name is Name.EXPO:
        usual = COMPRESSED_RATE if compress else count / EXHIBITION_SECONDS
    plan = Plan(
        jobs=count,
        rate=rate or usual,
        seed=seed,
        unfinished_max=UNFINISHED_MAX if name is Name.EXPO else None,
        patience=UNTIMED_PATIENCE if untimed else REQUEST_SECONDS,
    )
    with _told(console):
        if picture is not None:
            check(picture)
        wanted = Wanted(cloud_name, state_dir, port_base, keep)
        held = hold_on_a_cloud(chosen, plan, wanted, console, heal=heal)
        report = replace(held, timed=not untimed)
        if picture is not None:
            report.draw(picture)
    shown = console if as_json else Console()
    report.show(shown)
    if picture is not None:
        shown.print(f"The picture is {picture}.", soft_wrap=True)
    if as_json:
        print(json.dumps(report.to_json(), allow_nan=False))
    if not report.passed:
        raise typer.Exit(FAILED)


@contextmanager
def _told(console: Console) -> Iterator[None]:
    """Say what went wrong and what to do, without a traceback."""
    try:
        yield
    except (LocalCloudError, BellpairError) as error:
        console.print(f"[bold red]Failed:[/] {escape(str(error))}", soft_wrap=True)
        if error.remedy:
            console.print(f"[bold]What to do:[/] {escape(error.remedy)}", soft_wrap=True)
        raise typer.Exit(FAILED) from None
    except KeyboardInterrupt:
        console.print("Interrupted; what was broken is mended or taken down.")
        raise typer.Exit(INTERRUPTED) from None
