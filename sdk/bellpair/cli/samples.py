"""``bellpair samples``: jobs that are ready to run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bellpair.cli import terminal
from bellpair.cli.failures import Failures
from bellpair.cli.options import AsJson, NoWait, Plot, Timeout, examples
from bellpair.cli.run import run_program
from bellpair.cli.session import Session
from bellpair.errors import InvalidRequest

if TYPE_CHECKING:
    from bellpair.samples import Sample

SAMPLES_FILE = "samplesconfig.toml"

app = typer.Typer(
    invoke_without_command=True,
    help="List and run the sample jobs of a samplesconfig.toml.",
    epilog=examples("bellpair samples", "bellpair samples run bell --device ion-11"),
)

File = Annotated[Path, typer.Option("--file", "-f", help="Where the samples are described.")]


@app.callback()
def samples(ctx: typer.Context, file: File = Path(SAMPLES_FILE), as_json: AsJson = False) -> None:
    """List and run the sample jobs of a samplesconfig.toml."""
    if ctx.invoked_subcommand is not None:
        return
    from bellpair.samples import read_samples

    with Failures(as_json):
        found = read_samples(file)
        if as_json:
            listed = {name: sample.model_dump(mode="json") for name, sample in found.items()}
            terminal.print_json({"samples": listed})
            return
        table = terminal.plain_table(
            "name", "shots", "device", "source", "description", numbers=("shots",)
        )
        for name, sample in found.items():
            table.add_row(
                name, f"{sample.shots:,}", sample.device, str(sample.source), sample.description
            )
        terminal.stdout().print(table)
        terminal.stderr().print("\n`bellpair samples run NAME` runs one.", style="dim")


@app.command(epilog=examples("bellpair samples run bell", "bellpair samples run bell --json"))
def run(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The sample's name.")],
    *,
    shots: Annotated[
        int | None, typer.Option("--shots", "-s", help="In place of the sample's own.")
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", "-d", help="In place of the sample's own.")
    ] = None,
    timeout: Timeout = None,
    no_wait: NoWait = False,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Run a sample and show its counts."""
    from bellpair.samples import read_samples

    file = ctx.parent.params["file"] if ctx.parent else Path(SAMPLES_FILE)
    with Failures(as_json):
        sample = _named(name, read_samples(file), file)
    run_program(
        ctx.ensure_object(Session),
        str(sample.source),
        shots=sample.shots if shots is None else shots,
        device=device or sample.device,
        name=name,
        tags=sample.tags,
        timeout=timeout,
        wait=not no_wait,
        plot=plot,
        as_json=as_json,
    )


def _named(name: str, found: dict[str, Sample], file: Path) -> Sample:
    if name not in found:
        known = ", ".join(found) or "none"
        raise InvalidRequest(f"{file} has no sample {name!r}.", remedy=f"It has: {known}.")
    return found[name]
