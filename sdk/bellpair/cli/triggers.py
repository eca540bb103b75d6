"""``bellpair triggers``: jobs made by objects, events, the clock and queues."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from bellpair.cli import terminal
from bellpair.cli.exits import ExitCode
from bellpair.cli.failures import Failures
from bellpair.cli.given_json import given_text, json_object
from bellpair.cli.options import AsJson, examples, inputs_of
from bellpair.cli.remedies import in_commands
from bellpair.cli.session import Session
from bellpair.cli.wording import printable
from bellpair.errors import InvalidRequest

if TYPE_CHECKING:
    from bellpair.triggers import RedrivenTrigger, Trigger, TriggerTrial

_DROP = "bellpair triggers create drop --inbox '' --suffix .qasm --device sv1 --shots 1000"
_NIGHTLY = "bellpair triggers create nightly --cron '0 3 * * ? *' --function vqe-h2 -i max_steps=12"
_EVENT = (
    "bellpair triggers create finer --pattern @pattern.json --function vqe-h2"
    " -i 'start=$.detail.angle'"
)
_QUEUE = (
    "bellpair triggers create work --queue requests --function vqe-h2"
    " -i 'start=$.message.json.start'"
)

app = typer.Typer(
    invoke_without_command=True,
    help="Let objects, events, the clock and queues make jobs.",
    epilog=examples("bellpair triggers", _DROP, _NIGHTLY, "bellpair triggers redrive drop"),
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The trigger's name.")]


@app.callback()
def triggers(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Let objects, events, the clock and queues make jobs."""
    if ctx.invoked_subcommand is None:
        list_triggers(ctx, as_json=as_json)


@app.command(
    epilog=examples(
        _DROP,
        _NIGHTLY,
        _EVENT,
        _QUEUE,
    )
)
def create(
    ctx: typer.Context,
    name: Name,
    *,
    inbox: Annotated[
        str | None,
        typer.Option(metavar="PREFIX", help="Objects of the inbox that begin so; '' is all."),
    ] = None,
    suffix: Annotated[str, typer.Option(help="With --inbox: objects that end so.")] = "",
    pattern: Annotated[
        str | None,
        typer.Option(metavar="JSON|@FILE", help="Events that fit this EventBridge pattern."),
    ] = None,
    rate: Annotated[
        str | None, typer.Option(metavar="RATE", help='By the clock: "5 minutes", "1 day".')
    ] = None,
    cron: Annotated[
        str | None, typer.Option(metavar="CRON", help="By the clock, UTC: six fields as in AWS.")
    ] = None,
    queue: Annotated[
        str | None, typer.Option(metavar="QUEUE", help="Messages of this declared queue.")
    ] = None,
    function: Annotated[
        str | None,
        typer.Option("--function", "-f", metavar="NAME[:ALIAS|:VERSION]", help="What to invoke."),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="NAME=VALUE",
            help="An input: JSON where it parses, else text; $.path takes it from what happened.",
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", "-d", help="Of the circuit, or of the function.")
    ] = None,
    shots: Annotated[
        int | None, typer.Option("--shots", "-s", help="Without a function: submit a program.")
    ] = None,
    program: Annotated[
        str | None,
        typer.Option(metavar="PATH|@FILE", help="Where the program is, such as $.detail.program."),
    ] = None,
    max_cost: Annotated[
        float | None, typer.Option(min=0, metavar="USD", help="Cost cap of each of its jobs.")
    ] = None,
    paused: Annotated[bool, typer.Option("--paused", help="Let it fire nothing at first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a trigger. Give one thing that it waits for, and a function, or --device and --shots.

    Inputs that the function does not have, or that can never fit it, are refused; what a path will
    give is held against the function by `bellpair triggers test`.
    """
    inputs = inputs_of(given or [])
    with Failures(as_json):
        sources: dict[str, Any] = {
            "--inbox": inbox is not None
            and {"type": "inbox", "prefix": inbox or "", "suffix": suffix},
            "--pattern": pattern is not None and {"type": "event", "pattern": pattern},
            "--rate": rate is not None and {"type": "schedule", "rate": rate},
            "--cron": cron is not None and {"type": "schedule", "cron": cron},
            "--queue": queue is not None and {"type": "queue", "queue": queue},
        }
        chosen = [source for source in sources.values() if source]
        if len(chosen) != 1:
            raise InvalidRequest(
                "A trigger waits for one thing.", remedy=f"Give one of {', '.join(sources)}."
            )
        (source,) = chosen
        if source["type"] == "event":
            source["pattern"] = _json_object(pattern or "", "--pattern")
        circuit = None
        if function is None:
            circuit = _circuit(device, shots, program)
        elif shots is not None or program is not None:
            raise InvalidRequest(
                "--shots and --program are for circuits.", remedy="Leave them out, or --function."
            )
        with ctx.ensure_object(Session).client() as client:
            made = client.create_trigger(
                name,
                source,
                function=function,
                inputs=inputs,
                circuit=circuit,
                device=device if function is not None else None,
                max_cost_usd=max_cost,
                paused=paused,
            )
        if as_json:
            terminal.print_json(made.to_dict())
            return
        terminal.stderr().print(f"Trigger {made.name} waits for {_waits_for(made)}.")
        for region, place in made.inbox.items():
            terminal.stderr().print(f"  {region}: {place}", soft_wrap=True)


@app.command("list", epilog=examples("bellpair triggers list --json"))
def list_triggers(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the triggers."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            found = client.triggers()
        if as_json:
            terminal.print_json({"triggers": [trigger.to_dict() for trigger in found]})
            return
        if not found:
            terminal.stderr().print("No triggers. `bellpair triggers create --help` shows how.")
            return
        from rich.text import Text

        table = terminal.plain_table("name", "waits for", "makes", "state")
        for trigger in found:
            table.add_row(
                Text(trigger.name, style="bold"),
                Text(_waits_for(trigger), overflow="fold"),
                Text(_makes(trigger), overflow="fold"),
                "paused" if trigger.paused else "armed",
            )
        terminal.stdout().print(table)


@app.command(epilog=examples("bellpair triggers show drop"))
def show(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show a trigger, and where to put objects for it."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            found = client.trigger(name)
        _print(found, as_json)


@app.command(epilog=examples("bellpair triggers pause drop"))
def pause(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Let a trigger fire nothing; what happens meanwhile is not made up for."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            found = client.pause_trigger(name)
        if as_json:
            terminal.print_json(found.to_dict())
        else:
            terminal.stderr().print(f"Trigger {name} is paused.")


@app.command(epilog=examples("bellpair triggers resume drop"))
def resume(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Let a trigger fire again, from now on."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            found = client.resume_trigger(name)
        if as_json:
            terminal.print_json(found.to_dict())
        else:
            terminal.stderr().print(f"Trigger {name} waits for {_waits_for(found)}.")


@app.command(epilog=examples("bellpair triggers delete drop"))
def delete(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Delete a trigger; jobs that it made go on."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            client.delete_trigger(name)
        if as_json:
            terminal.print_json({"name": name, "deleted": True})
        else:
            terminal.stderr().print(f"Trigger {name} is deleted.")


@app.command(
    "test",
    epilog=examples(
        "bellpair triggers test drop --object bell.qasm --text @bell.qasm",
        """bellpair triggers test finer --event '{"source": "lab", "detail": {"angle": 0.2}}'""",
        "bellpair triggers test nightly",
    ),
)
def try_out(
    ctx: typer.Context,
    name: Name,
    *,
    event: Annotated[
        str | None, typer.Option(metavar="JSON|@FILE", help="An event, for an event trigger.")
    ] = None,
    object_name: Annotated[
        str | None, typer.Option("--object", metavar="NAME", help="An object's name in the inbox.")
    ] = None,
    text: Annotated[
        str | None, typer.Option(metavar="TEXT|@FILE", help="The object's or message's text.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a trigger would make of something. Nothing is made.

    The inputs are held against the function, or the program is checked, as they would be for a job;
    a paused trigger is tested as if it were resumed.

    Exit codes: 0 a job would be made; 1 it would fail; 6 the trigger does not wait for this; others
    as everywhere.
    """
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            trial = client.try_trigger(
                name,
                event=None if event is None else _json_object(event, "--event"),
                object_name=object_name,
                text=None if text is None else given_text(text),
            )
        if as_json:
            terminal.print_json(trial.to_dict())
        else:
            _print_trial(trial)
        if not trial.makes_a_job:
            raise typer.Exit(ExitCode.JOB_FAILED if trial.waits_for_this else ExitCode.NOT_MEANT)


@app.command(epilog=examples("bellpair triggers redrive drop"))
def redrive(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Give a trigger again what it made no job of, until there is no more of it.

    What fails again meanwhile is left alone. Redriving again is harmless at any time: what made a
    job makes none again.
    """
    said = "Interrupted; what was given to the trigger is given. Redriving again is harmless."
    with Failures(as_json, on_interrupt=lambda: said):
        quiet = as_json or not sys.stderr.isatty()
        with (
            ctx.ensure_object(Session).client() as client,
            RedriveProgress(quiet) as progress,
        ):
            done = client.redrive_trigger(name, on_progress=progress.tell)
        if as_json:
            terminal.print_json(done.to_dict())
            return
        console = terminal.stderr()
        console.print(f"{done.redriven} given to trigger {name} again.")
        if done.lost:
            console.print(f"{done.lost} were too large to be kept and are dropped.")
        if done.more:
            console.print("There may be more, behind what other triggers left: redrive again.")
        if done.in_flight:
            console.print(
                "Another redrive held failures when this one began, perhaps of this trigger:"
                " redrive again in a minute.",
                soft_wrap=True,
            )
        for region in done.regions_away:
            console.print(f"Region {region} is away; what failed there waits.")
        for reason in done.reasons:
            console.print(f"  {reason['code']}: {printable(reason['message'])}", soft_wrap=True)


class RedriveProgress:
    """How many were given to a trigger again so far, on a line that changes.

    Parameters
    ----------
    quiet
        Whether to show nothing.
    """

    def __init__(self, quiet: bool) -> None:
        self._status = None if quiet else terminal.stderr().status("redriving …")

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def tell(self, done: RedrivenTrigger) -> None:
        """Show what was done so far."""
        if self._status is not None:
            self._status.update(f"redriving … {done.redriven} given again so far")


def _print_trial(trial: TriggerTrial) -> None:
    console = terminal.stderr()
    for at in trial.next_times:
        console.print(f"due at {at.isoformat()}")
    if not trial.waits_for_this:
        console.print("The trigger does not wait for this.")
        return
    if trial.paused:
        console.print(f"The trigger is paused; `bellpair triggers resume {trial.name}` ends that.")
    if trial.problem is not None:
        console.print(f"It would fail: {printable(trial.problem['message'])}", soft_wrap=True)
        for each in trial.problem.get("errors", ()):
            said = printable(f"{each.get('pointer')}: {each.get('detail')}")
            console.print(f"  - {said}", soft_wrap=True)
        remedy = in_commands(trial.problem["remedy"])
        console.print(f"help: {printable(remedy)}", soft_wrap=True)
    if trial.inputs is not None:
        made = "It would make a job with" if trial.problem is None else "The template gives"
        console.print(f"{made} these inputs:")
        print(json.dumps(trial.inputs, indent=2, ensure_ascii=False))


def _print(trigger: Trigger, as_json: bool) -> None:
    if as_json:
        terminal.print_json(trigger.to_dict())
        return
    from rich.text import Text

    table = terminal.plain_table("", "")
    rows = {
        "name": trigger.name,
        "waits for": _waits_for(trigger),
        "makes": _makes(trigger),
        "inputs": json.dumps(trigger.inputs, ensure_ascii=False) if trigger.inputs else "",
        "state": "paused" if trigger.paused else "armed",
        **{f"inbox in {region}": place for region, place in trigger.inbox.items()},
    }
    for row, value in rows.items():
        if value:
            table.add_row(row, Text(printable(value), overflow="fold"))
    terminal.stdout().print(table)


def _waits_for(trigger: Trigger) -> str:
    source = trigger.source
    match source.get("type"):
        case "inbox":
            return f"objects {source.get('prefix', '')}*{source.get('suffix', '')}"
        case "event":
            return f"events {json.dumps(source.get('pattern'), ensure_ascii=False)}"
        case "schedule":
            every = source.get("rate")
            return f"each {every}" if every else f"cron {source.get('cron')}"
        case "queue":
            return f"messages of {source.get('queue')}"
    return str(source.get("type"))


def _makes(trigger: Trigger) -> str:
    if trigger.circuit is not None:
        return f"{trigger.circuit.get('shots')} shots on {trigger.circuit.get('device')}"
    return f"function {trigger.function}"


def _circuit(device: str | None, shots: int | None, program: str | None) -> dict[str, Any]:
    if device is None or shots is None:
        raise InvalidRequest(
            "A trigger has something to make.",
            remedy="Give --function NAME, or --device and --shots for a program.",
        )
    circuit: dict[str, Any] = {"device": device, "shots": shots}
    if program is not None:
        circuit["source"] = given_text(program)
    return circuit


def _json_object(given: str, option: str) -> dict[str, Any]:
    shown = f"What {option} gives"
    return json_object(given_text(given), shown, "Give a JSON object, or @FILE.")
