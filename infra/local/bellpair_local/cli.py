"""``bellpair local``: the local cloud from the command line."""

from __future__ import annotations

import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from bellpair.configuration import DEFAULT_LOCAL_NAME, state_directory
from bellpair_local.assembly import repository
from bellpair_local.cloud import LocalCloud
from bellpair_local.failures import LocalCloudError
from bellpair_local.topology import DEFAULT_PORT_BASE, Role, Topology

app = typer.Typer(
    no_args_is_help=True,
    help="Run two AWS regions, a witness and Amazon Braket on this machine.",
)

_FAILED = 1
_NOT_UP = 3

Name = Annotated[
    str | None,
    typer.Option("--name", help="Which local cloud; several can run side by side."),
]
StateDir = Annotated[
    Path | None,
    typer.Option("--state-dir", help="Directory for its logs and records."),
]
PortBase = Annotated[
    int,
    typer.Option(
        "--port-base",
        envvar="BELLPAIR_LOCAL_PORT_BASE",
        help="First of five consecutive ports.",
    ),
]


@app.command()
def up(
    name: Name = None,
    state_dir: StateDir = None,
    port_base: PortBase = DEFAULT_PORT_BASE,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Leave it running and return.")
    ] = False,
    deploy: Annotated[
        bool,
        typer.Option(help="Deploy the application; --no-deploy leaves the regions empty."),
    ] = True,
    template: Annotated[
        Path | None,
        typer.Option(help="Deploy this cloud assembly (a cdk.out directory) instead."),
    ] = None,
) -> None:
    """Start the local cloud and deploy the application to it.

    Without --detach it stays in the foreground until Ctrl-C, which ends all of it.
    """
    console = Console(stderr=True)
    cloud = _cloud(name, state_dir)
    with _explained(console), _terminable():
        report = cloud.status()
        if report.state == "up":
            console.print(f"The local cloud {cloud.name!r} is up already.")
            _print_status(cloud, console)
            return
        if report.state == "degraded":
            unwell = [m.name for m in report.members if m.health != "ok"]
            raise LocalCloudError(
                f"The local cloud {cloud.name!r} runs without {', '.join(unwell)}.",
                f"Bring it back with `bellpair local restart {unwell[0]}`, or begin anew with "
                "`bellpair local down` and `bellpair local up`.",
            )
        _bring_up(cloud, port_base, deploy, template, console)
        _print_status(cloud, console)
        if detach:
            console.print("Stop it with [bold]bellpair local down[/bold].")
            return
        console.print("Ctrl-C stops it.")
        try:
            while cloud.alive():
                time.sleep(0.5)
            console.print("It was taken down.")
        except KeyboardInterrupt:
            with console.status("Stopping"):
                cloud.stop()
            console.print("Stopped.")


@app.command()
def down(name: Name = None, state_dir: StateDir = None) -> None:
    """Stop the local cloud. Does nothing if it is not running."""
    console = Console(stderr=True)
    cloud = _cloud(name, state_dir)
    with _explained(console):
        running = bool(cloud.alive())
        with cloud.exclusively(), console.status("Stopping"):
            cloud.stop()
        console.print("Stopped." if running else "It was not running.")


@app.command()
def status(
    name: Name = None,
    state_dir: StateDir = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell each process, its region, port and health. Exit status 3 if not all are well."""
    cloud = _cloud(name, state_dir)
    report = cloud.status()
    if json_output:
        print(report.model_dump_json(indent=2))
    else:
        _print_status(cloud, Console())
    if report.state != "up":
        raise typer.Exit(_NOT_UP)


@app.command()
def restart(
    member: Annotated[str, typer.Argument(help="A process that `status` names, as us-west-2.")],
    name: Name = None,
    state_dir: StateDir = None,
) -> None:
    """Bring a lost process back, empty; a region gets its tables and its stacks again."""
    console = Console(stderr=True)
    cloud = _cloud(name, state_dir)
    with _explained(console), cloud.exclusively(), _progress(console) as step:
        topology = cloud.topology()
        known = [m.name for m in topology.members] if topology else []
        if topology is None or member not in known:
            raise LocalCloudError(
                f"The local cloud {cloud.name!r} has no process {member!r}.",
                f"Choose one of {', '.join(known)}."
                if known
                else "Start it with `bellpair local up`.",
            )
        found = topology.member(member)
        step(f"Starting {member}")
        cloud.restart(found)
        if found.role is Role.REGION:
            from bellpair_local.rollout import restore

            restore(topology, found.region, step)


@app.command()
def logs(
    member: Annotated[
        str | None,
        typer.Argument(help="A process, as us-east-1, or a function's name."),
    ] = None,
    name: Name = None,
    state_dir: StateDir = None,
    lines: Annotated[int, typer.Option("-n", "--lines", min=1, help="How many lines each.")] = 20,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until Ctrl-C.")] = False,
) -> None:
    """Show the end of the logs of processes and functions."""
    console = Console(stderr=True)
    cloud = _cloud(name, state_dir)
    files = [
        file
        for file in sorted(cloud.logs.rglob("*.log"))
        if member is None or member in str(file.relative_to(cloud.logs).with_suffix(""))
    ]
    if not files:
        console.print(f"No log of {member or 'anything'} is in {cloud.logs}.")
        raise typer.Exit(_FAILED)
    try:
        for file in files:
            print(f"==> {file} <==")
            with open(file, errors="replace") as content:
                sys.stdout.writelines(deque(content, maxlen=lines))
        if follow:
            _follow(files)
    except (KeyboardInterrupt, BrokenPipeError):
        return


def _bring_up(
    cloud: LocalCloud, port_base: int, deploy: bool, template: Path | None, console: Console
) -> None:
    try:
        topology = Topology.plan(cloud.name, cloud.state_dir, repository() / "build", port_base)
    except ValueError as error:
        raise LocalCloudError(str(error), "Choose another --port-base.") from error
    with cloud.exclusively(), _progress(console) as step:
        try:
            step("Starting two regions, the witness and the Braket emulators")
            cloud.start(topology)
            if deploy or template:
                # Imported late: boto3 takes a third of a second that other commands need not pay.
                from bellpair_local.rollout import roll_out

                roll_out(topology, template, step)
        except BaseException:
            step("Stopping what was started")
            cloud.stop()
            raise


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[str], None]]:
    """Show the step at hand beside a spinner; line by line where there is no terminal."""
    began = time.monotonic()
    with console.status("") as spinner:

        def step(text: str) -> None:
            spinner.update(text)
            if not console.is_terminal:
                console.print(f"{time.monotonic() - began:5.1f} s  {text}")

        yield step
    console.print(f"Ready after {time.monotonic() - began:.1f} s.")


def _follow(files: list[Path]) -> None:
    positions = {file: file.stat().st_size for file in files}
    while True:
        for file, position in positions.items():
            with open(file, "rb") as content:
                content.seek(position)
                sys.stdout.write(content.read().decode(errors="replace"))
                positions[file] = content.tell()
        sys.stdout.flush()
        time.sleep(0.2)


def _print_status(cloud: LocalCloud, console: Console) -> None:
    report = cloud.status()
    table = Table(box=None, header_style="bold")
    for column in ("process", "role", "region", "port", "pid", "health"):
        table.add_column(column)
    colours = {"ok": "green", "starting": "yellow"}
    for m in report.members:
        health = f"[{colours.get(m.health, 'red')}]{m.health}[/]"
        table.add_row(m.name, m.role, m.region, str(m.port), str(m.pid or "-"), health)
    if report.members:
        console.print(table)
    console.print(f"local cloud {report.name!r}: {report.state}")
    for endpoint in report.endpoints:
        console.print(f"API        {endpoint}", soft_wrap=True)
    console.print(f"state      {report.state_dir}", soft_wrap=True)
    console.print(f"logs       {cloud.logs}", soft_wrap=True)


def _cloud(name: str | None, state_dir: Path | None) -> LocalCloud:
    directory = state_dir or state_directory(name)
    return LocalCloud(name or directory.name or DEFAULT_LOCAL_NAME, directory.resolve())


@contextmanager
def _explained(console: Console) -> Iterator[None]:
    try:
        yield
    except LocalCloudError as error:
        console.print(f"[bold red]Failed:[/] {error}", highlight=False, soft_wrap=True)
        console.print(f"[bold]What to do:[/] {error.remedy}", highlight=False, soft_wrap=True)
        raise typer.Exit(_FAILED) from None
    except KeyboardInterrupt:
        console.print("Interrupted; nothing is left running.")
        raise typer.Exit(130) from None


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the command as Ctrl-C does, so that nothing is left running."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = {n: signal.signal(n, interrupt) for n in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
