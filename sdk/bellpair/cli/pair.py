"""``bellpair pair``: which region is active, and how an operator changes that."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bellpair.cli import terminal
from bellpair.cli.exits import ExitCode
from bellpair.cli.failures import Failures
from bellpair.cli.options import AsJson, examples
from bellpair.cli.session import Session
from bellpair.vocabulary import PairOperation

app = typer.Typer(
    no_args_is_help=True,
    help="Look at the pair of regions, or change which one is active; needs an operator's key.",
    epilog=examples(
        "bellpair pair status",
        'bellpair pair switchover --reason "maintenance of us-east-1"',
        'bellpair pair failover --reason "us-east-1 does not answer"',
    ),
)

WAIT = 180.0
"""Seconds that an operation is watched, its draining aside."""
DRAIN_DEFAULT = 20.0
"""Seconds that a planned change drains when not told; the service's own default."""

Reason = Annotated[
    str, typer.Option(metavar="TEXT", help="Why; the pair's history keeps it.", show_default=False)
]
Drain = Annotated[
    int | None,
    typer.Option(min=0, metavar="SECONDS", help="How long running jobs may take to end first."),
]
Force = Annotated[bool, typer.Option("--force", help="Overrule a hold.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Watch it until it is done.")]


@app.callback()
def pair() -> None:
    """Look at the pair of regions, or change which one is active."""


@app.command(epilog=examples("bellpair pair status", "bellpair pair status --json | jq .epoch"))
def status(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show the pair: regions, epoch, hold, last operation, signs of life, history."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client(operator=True) as client:
            found = client.pair()
        if as_json:
            terminal.print_json(found.to_dict())
            return
        from bellpair.cli.pair_report import print_pair

        print_pair(terminal.stdout(), found)


@app.command(
    epilog=examples(
        'bellpair pair switchover --reason "maintenance of us-east-1"',
        "bellpair pair switchover --drain 60 --json",
    )
)
def switchover(
    ctx: typer.Context,
    reason: Reason = "planned switchover",
    drain: Drain = None,
    force: Force = False,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Make the passive region active, as planned: pause, drain, promote."""
    _change(ctx, PairOperation.SWITCHOVER, reason, drain, force, wait, as_json)


@app.command(
    epilog=examples(
        'bellpair pair failover --reason "us-east-1 does not answer"',
        'bellpair pair failover --force --yes --reason "the hold is forgotten"',
    )
)
def failover(
    ctx: typer.Context,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; the pair's history keeps it.")],
    force: Force = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether force is meant.")] = False,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Make the passive region active at once, whatever the active one does."""
    # Only a person can answer; a program that says --force has said so.
    if force and not yes and sys.stdin.isatty():
        question = "Promote the passive region, even if a hold stands?"
        if not typer.confirm(question, err=True):
            terminal.stderr().print("Nothing was changed.")
            raise typer.Exit(ExitCode.INTERRUPTED)
    _change(ctx, PairOperation.FAILOVER, reason, None, force, wait, as_json)


@app.command(epilog=examples("bellpair pair failback", "bellpair pair failback --drain 60"))
def failback(
    ctx: typer.Context,
    reason: Reason = "planned failback",
    drain: Drain = None,
    force: Force = False,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Make the primary region active again, as planned."""
    _change(ctx, PairOperation.FAILBACK, reason, drain, force, wait, as_json)


@app.command(epilog=examples('bellpair pair hold --reason "network work until 18:00"'))
def hold(
    ctx: typer.Context,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; who meets the hold reads it.")],
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Let no region be promoted until the hold is released."""
    _change(ctx, PairOperation.HOLD, reason, None, False, wait, as_json)


@app.command(epilog=examples("bellpair pair release", "bellpair pair release --force"))
def release(
    ctx: typer.Context,
    reason: Reason = "released",
    force: Annotated[
        bool, typer.Option("--force", help="Also end a pause whose operation is lost.")
    ] = False,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """End a hold, or a pause that nothing else will end."""
    _change(ctx, PairOperation.RELEASE, reason, None, force, wait, as_json)


def _change(
    ctx: typer.Context,
    kind: PairOperation,
    reason: str,
    drain: int | None,
    force: bool,
    wait: bool,
    as_json: bool,
) -> None:
    from bellpair.cli.pair_report import Progress, print_outcome
    from bellpair.operation import watch

    with Failures(as_json, on_interrupt=_interrupted):
        progress = Progress(quiet=as_json)
        session = ctx.ensure_object(Session)
        with session.client(operator=True, on_retry=progress.on_retry) as client:
            started = client.change_pair(kind, reason, drain_seconds=drain, force=force)
            if not wait:
                if as_json:
                    terminal.print_json({"operation": started.to_dict()})
                else:
                    terminal.stdout().print(started.id)
                    terminal.stderr().print("Started; `bellpair pair status` shows how it goes.")
                return
            patience = WAIT + (DRAIN_DEFAULT if drain is None else drain)
            seen = watch(client, started, patience, progress.on_look)
        if as_json:
            terminal.print_json(seen.to_dict())
        else:
            print_outcome(terminal.stdout(), started, seen)
    raise typer.Exit(ExitCode.OK)


def _interrupted() -> str:
    return "Interrupted; what was started goes on. `bellpair pair status` shows it."
