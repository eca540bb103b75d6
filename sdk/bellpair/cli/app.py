"""The root of the command line: global options and the commands below."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bellpair.cli import (
    callbacks,
    devices,
    estimate,
    functions,
    health,
    jobs,
    pair,
    run,
    samples,
    tenants,
    triggers,
)
from bellpair.cli.exits import EXIT_CODES_HELP
from bellpair.cli.options import examples
from bellpair.cli.plugins import PluginGroup
from bellpair.cli.session import Session

app = typer.Typer(
    cls=PluginGroup,
    name="bellpair",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
    # A traceback with local variables could show a key.
    pretty_exceptions_enable=False,
    epilog=examples(
        "bellpair local up --detach",
        "bellpair run examples/bell.qasm --shots 1000 --device sv1",
        "bellpair functions deploy examples/functions/vqe_h2.py",
        "bellpair --endpoint https://… --api-key-file ~/.bellpair-key jobs",
    )
    + f"\n\n{EXIT_CODES_HELP}",
)


def _print_version(asked: bool) -> None:
    if asked:
        from bellpair.version import __version__

        print(f"bellpair {__version__}")
        raise typer.Exit()


@app.callback()
def bellpair(
    ctx: typer.Context,
    endpoint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help="Endpoint of a region; repeat it for the pair. Else BELLPAIR_ENDPOINTS, "
            "else the local cloud.",
        ),
    ] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File with the API key. Else BELLPAIR_API_KEY."),
    ] = None,
    local_name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Use the local cloud of this name.")
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it."),
    ] = False,
) -> None:
    """Run quantum programs on Bellpair."""
    ctx.obj = Session(tuple(endpoint or ()), api_key_file, local_name)


app.command(
    epilog=examples(
        "bellpair run bell.qasm",
        "bellpair run bell.qasm --shots 5000 --device ion-11 --plot bell.png",
        "bellpair run bell.qasm --device ion-11 --level 2",
        "bellpair run bell.qasm --option readout-mitigation --option twirling:instances=4",
        "bellpair run bell.qasm --json | jq .counts",
        "cat bell.qasm | bellpair run - --no-wait --tag project=demo",
    )
    + f"\n\n{EXIT_CODES_HELP}",
)(run.run)

app.command(
    epilog=examples(
        "bellpair estimate bell.qasm",
        "bellpair estimate bell.qasm --device ion-11 --shots 5000 --json",
        "bellpair estimate bell.qasm --offline",
    )
)(estimate.estimate)
app.add_typer(functions.app, name="functions")
app.add_typer(jobs.app, name="jobs")
app.add_typer(callbacks.app, name="callbacks")
app.add_typer(triggers.app, name="triggers")
app.add_typer(devices.app, name="devices")
app.add_typer(samples.app, name="samples")
app.add_typer(tenants.app, name="tenants")
app.add_typer(pair.app, name="pair")
app.command(epilog=examples("bellpair health"))(health.health)
