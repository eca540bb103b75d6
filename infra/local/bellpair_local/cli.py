"""``bellpair local``: the local cloud from the command line."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bellpair.configuration import state_directory
from bellpair_local import healing, outages
from bellpair_local.assembly import repository
from bellpair_local.cloud import LocalCloud
from bellpair_local.failures import LocalCloudError, PortsTaken
from bellpair_local.interruptions import interruptible, undisturbed
from bellpair_local.kept_cloud import LOCALSTACK_FILE, CloudStatus, MemberStatus
from bellpair_local.topology import DEFAULT_PORT_BASE, Role, Topology

if TYPE_CHECKING:
    from bellpair_localstack.cloud import LocalStackCloud

    AnyCloud = LocalCloud | LocalStackCloud

app = typer.Typer(
    no_args_is_help=True,
    help="Run two AWS regions, a witness and Amazon Braket on this machine.",
)

STOPPING = "Still stopping what runs"

_FAILED = 1
_NOT_UP = 3


class Kind(StrEnum):
    """What a cloud's regions run on."""

    LOCAL = "local"
    LOCALSTACK = "localstack"


Name = Annotated[
    str | None,
    typer.Option(
        "--name",
        envvar="BELLPAIR_LOCAL_NAME",
        help="Which local cloud; several can run side by side.",
    ),
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
    on: Annotated[
        Kind,
        typer.Option(
            help="`local`: two regions that can be lost one by one. `localstack`: both in the "
            "LocalStack that AWS_ENDPOINT_URL or LOCALSTACK_HOST names, or else in one that is "
            "started here, without Docker, on Python 3.13."
        ),
    ] = Kind.LOCAL,
) -> None:
    """Start the local cloud and deploy the application to it.

    Without --detach it stays in the foreground until Ctrl-C, which ends all of it. Exit status 3
    if a LocalStack was to be started and there is no Python 3.13.
    """
    console = Console(stderr=True)
    with _any_opened(name, state_dir, console, on) as cloud, interruptible():
        # Looked at under the lock: what another command is deploying is not to be begun anew.
        with cloud.exclusively():
            if _is_up(cloud, console):
                _print_status(cloud, console)
                return
            _bring_up(cloud, port_base, template, not (deploy or template), console)
        _print_status(cloud, console)
        if detach:
            console.print(f"Stop it with [bold]{escape(cloud.command('down'))}[/bold].")
            return
        console.print("Ctrl-C stops it.")
        try:
            while cloud.alive():
                time.sleep(0.5)
            console.print("It was taken down.")
        except KeyboardInterrupt:
            with console.status("Stopping"), undisturbed(console.print, STOPPING):
                cloud.stop()
            console.print("Stopped.")


@app.command()
def down(name: Name = None, state_dir: StateDir = None) -> None:
    """Stop the local cloud. Does nothing if it is not running."""
    console = Console(stderr=True)
    with _any_opened(name, state_dir, console) as cloud:
        running = bool(cloud.alive())
        with cloud.exclusively(), console.status("Stopping"), undisturbed(console.print, STOPPING):
            cloud.stop()
        console.print("Stopped." if running else "It was not running.")


@app.command()
def status(
    name: Name = None,
    state_dir: StateDir = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell each process, its region, port and health. Exit status 3 if not all are well."""
    with _any_opened(name, state_dir, Console(stderr=True)) as cloud:
        report = cloud.status()
        if json_output:
            print(report.model_dump_json(indent=2))
        else:
            _print_report(report, cloud, Console())
    if report.state != "up":
        raise typer.Exit(_NOT_UP)


@app.command()
def restart(
    member: Annotated[str, typer.Argument(help="A process that `status` names, as us-west-2.")],
    name: Name = None,
    state_dir: StateDir = None,
    lose_data: Annotated[
        bool,
        typer.Option("--lose-data", help="Allow the witness: its tables come back empty."),
    ] = False,
) -> None:
    """Bring a lost process back, empty; a region gets its tables and its stacks again.

    The witness holds the one copy of the strongly consistent tables, so all that is in them is
    lost with it; it is restarted with --lose-data only.
    """
    console = Console(stderr=True)
    with (
        _opened(name, state_dir, console) as cloud,
        cloud.exclusively(),
        _progress(console) as step,
    ):
        topology = cloud.topology()
        known = [m.name for m in topology.members] if topology else []
        if topology is None or member not in known:
            raise LocalCloudError(
                f"The local cloud {cloud.name!r} has no process {member!r}.",
                f"Choose one of {', '.join(known)}."
                if known
                else f"Start it with `{cloud.command('up')}`.",
            )
        found = topology.member(member)
        if found.role is Role.WITNESS and not lose_data:
            raise LocalCloudError(
                "The witness holds the one copy of the strongly consistent tables: restarting it "
                "loses every job and the pair's record.",
                f"If they may be lost, use `{cloud.command('restart', member, '--lose-data')}`.",
            )
        if not cloud.alive():
            raise LocalCloudError(
                f"The local cloud {cloud.name!r} is down, and one process alone is of no use.",
                f"Start all of it with `{cloud.command('up')}`.",
            )
        step(f"Starting {member}")
        is_region = found.role is Role.REGION
        cloud.restart(found, closed=is_region)
        if is_region:
            from bellpair_local.rollout import open_to_callers, restore

            restore(topology, found.region, step)
            open_to_callers(topology, found.region)


Region = Annotated[str, typer.Argument(metavar="REGION", help="As us-east-1.")]


@app.command(
    epilog="""\b
Examples:
  bellpair local kill us-east-1
  bellpair local kill us-west-2 --name second
"""
)
def kill(region: Region, name: Name = None, state_dir: StateDir = None) -> None:
    """Lose a region: kill -9 of all its processes, with everything that it held.

    Its Braket emulator answers no callers any more; what runs there goes on, and results wait
    for the region's S3. `bellpair local heal` brings the region back.
    """
    _have_outage(outages.kill, "{0} is lost; {1} processes ended.", "{0} was lost already.",
                 region, name, state_dir)  # fmt: skip


@app.command(
    epilog="""\b
Examples:
  bellpair local freeze us-east-1
  bellpair local thaw us-east-1
"""
)
def freeze(region: Region, name: Name = None, state_dir: StateDir = None) -> None:
    """Stop all processes of a region, workers too; it takes connections and answers none.

    Its Braket emulator goes on. `bellpair local thaw` lets the region go on where it stood.
    """
    _have_outage(outages.freeze, "{0} is frozen; {1} processes stand still.",
                 "{0} was frozen already.", region, name, state_dir)  # fmt: skip


@app.command(
    epilog="""\b
Examples:
  bellpair local thaw us-east-1
"""
)
def thaw(region: Region, name: Name = None, state_dir: StateDir = None) -> None:
    """Let a frozen region go on where it stood. Does nothing if it is not frozen."""
    _have_outage(outages.thaw, "{0} goes on with {1} processes.", "{0} was not frozen.",
                 region, name, state_dir)  # fmt: skip


@app.command(
    epilog="""\b
Examples:
  bellpair local heal us-east-1
  bellpair local heal us-west-2 --state-dir /tmp/second
"""
)
def heal(region: Region, name: Name = None, state_dir: StateDir = None) -> None:
    """End every outage of a region: bring it back, let it go on, clear its faults.

    A region that was lost comes back empty: its stacks are deployed again, its catalogue is
    copied from its peer, its emulator writes the results again that its S3 has lost, and its
    blobs are copied. What the strongly consistent table holds was never lost.
    """
    console = Console(stderr=True)
    with _opened(name, state_dir, console) as cloud, _progress(console) as step:
        healed = healing.heal(cloud, region, step)
    if healed.restarted:
        console.print(f"{region} is back.")
        if healed.results is not None:
            console.print(f"Results written again: {healed.results['stored']}.")
        if healed.blobs is not None:
            console.print(f"Blobs copied: {healed.blobs['copied']}.")
    elif healed.thawed:
        console.print(f"{region} goes on with {healed.thawed} processes.")
    else:
        console.print(f"{region} runs, without faults.")
    if healed.blobs is not None and healed.blobs["problem"]:
        console.print(f"Not all blobs could be compared: {healed.blobs['problem']}", soft_wrap=True)
        console.print(f"Try again with `{cloud.command('heal', region)}`.", soft_wrap=True)


def _have_outage(
    outage: Callable[[LocalCloud, str], int],
    done: str,
    nothing: str,
    region: str,
    name: str | None,
    state_dir: Path | None,
) -> None:
    """Make or end an outage; tell `done` with the number of processes, or `nothing` if none."""
    console = Console(stderr=True)
    with _opened(name, state_dir, console) as cloud:
        count = outage(cloud, region)
        console.print((done if count else nothing).format(region, count))


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
    with _any_opened(name, state_dir, console) as cloud:
        pass
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


def _is_up(cloud: AnyCloud, console: Console) -> bool:
    """Whether it is up already, which is said; if something is in the way of that, raise."""
    report = cloud.status()
    if report.state == "up":
        console.print(f"The local cloud {cloud.name!r} is up already.")
    elif report.state == "undeployed":
        console.print("Its deployment was broken off; beginning anew.")
    elif report.state == "degraded":
        anew = f"`{cloud.command('down')}` and `{cloud.command('up')}`."
        unwell = [m for m in report.members if m.health != "ok"]
        if not isinstance(cloud, LocalCloud):
            raise LocalCloudError(
                f"The cloud {cloud.name!r} runs without {', '.join(m.name for m in unwell)}.",
                f"Begin anew with {anew}",
            )
        if cloud.topology() is None:
            raise LocalCloudError(
                f"Processes of the local cloud {cloud.name!r} run, and its record of what they are "
                "(topology.json) is lost.",
                f"Begin anew with {anew}",
            )
        raise LocalCloudError(
            f"The local cloud {cloud.name!r} runs without {', '.join(m.name for m in unwell)}.",
            f"Bring it back with `{_way_back(cloud, unwell[0])}`, or begin anew with {anew}",
        )
    return report.state == "up"


def _way_back(cloud: LocalCloud, member: MemberStatus) -> str:
    """The command that ends what ails a process."""
    if member.role is Role.REGION or (member.health == "outage" and member.region is not None):
        return cloud.command("heal", str(member.region))
    return cloud.command("restart", member.name)


def _planned(cloud: LocalCloud, port_base: int, template: Path | None, *, empty: bool) -> Topology:
    """What to start; a cloud whose deployment was broken off keeps its ports and template."""
    template = template.resolve() if template else None
    begun = cloud.topology() if cloud.alive() else None
    if begun is not None:
        return begun.model_copy(update={"template": template or begun.template, "empty": empty})
    try:
        plan = Topology.plan(cloud.name, cloud.state_dir, repository() / "build", port_base)
    except ValueError as error:
        raise LocalCloudError(str(error), "Choose another --port-base.") from error
    return plan.model_copy(update={"template": template, "empty": empty})


def _bring_up(
    cloud: AnyCloud, port_base: int, template: Path | None, empty: bool, console: Console
) -> None:
    with _progress(console) as step:
        try:
            if isinstance(cloud, LocalCloud):
                topology = _planned(cloud, port_base, template, empty=empty)
                target = topology.target
                step("Starting two regions, the witness and the Braket emulators")
                cloud.start(topology)
            else:
                cache = repository() / "build"
                layout = cloud.planned(cache, port_base, template, empty=empty)
                target = layout.target
                step(f"Going to LocalStack at {layout.url}, and starting the Braket emulators")
                cloud.start(layout)
            if not empty:
                # Imported late: boto3 takes a third of a second that other commands need not pay.
                from bellpair_local.rollout import roll_out

                roll_out(target, step)
        except PortsTaken:
            # Nothing was started.
            raise
        except BaseException:
            step("Stopping what was started")
            with undisturbed(console.print, STOPPING):
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


def _print_status(cloud: AnyCloud, console: Console) -> None:
    _print_report(cloud.status(), cloud, console)


def _print_report(report: CloudStatus, cloud: AnyCloud, console: Console) -> None:
    table = Table(box=None, header_style="bold")
    for column in ("process", "role", "region", "port", "pid", "health"):
        table.add_column(column)
    colours = {"ok": "green", "starting": "yellow", "recovering": "yellow", "frozen": "cyan"}
    for m in report.members:
        health = f"[{colours.get(m.health, 'red')}]{m.health}[/]"
        words = (str(word or "-") for word in (m.role, m.region, m.port, m.pid))
        table.add_row(m.name, *words, health)
    if report.members:
        console.print(table)
    console.print(f"local cloud {report.name!r}: {report.state}")
    if report.state == "undeployed":
        console.print(f"Finish the deployment with `{cloud.command('up')}`.", soft_wrap=True)
    for endpoint in report.endpoints:
        console.print(f"API        {endpoint}", soft_wrap=True)
    console.print(f"state      {report.state_dir}", soft_wrap=True)
    console.print(f"logs       {cloud.logs}", soft_wrap=True)


@contextmanager
def _opened(name: str | None, state_dir: Path | None, console: Console) -> Iterator[LocalCloud]:
    """The cloud that the options name, whose parts can be lost; else as `_any_opened`."""
    with _any_opened(name, state_dir, console) as cloud:
        if not isinstance(cloud, LocalCloud):
            raise LocalCloudError(
                f"The cloud {cloud.name!r} is on LocalStack, one process for both regions.",
                "Lose parts of a local cloud instead: start one with another --name and no --on.",
            )
        yield cloud


@contextmanager
def _any_opened(
    name: str | None, state_dir: Path | None, console: Console, on: Kind | None = None
) -> Iterator[AnyCloud]:
    """The cloud that the options name; failures meanwhile are told with what to do.

    It is of the kind that is there, or where none is, of the kind `on`.
    """
    cloud: AnyCloud | None = None
    try:
        directory = state_dir or state_directory(name)
        flags = [
            word
            for option, value in (("--name", name), ("--state-dir", state_dir))
            if value is not None
            for word in (option, str(value))
        ]
        cloud = _cloud(name or directory.resolve().name, directory.resolve(), flags, on)
        yield cloud
    except LocalCloudError as error:
        console.print(f"[bold red]Failed:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        console.print(
            f"[bold]What to do:[/] {escape(error.remedy)}", highlight=False, soft_wrap=True
        )
        raise typer.Exit(error.exit_status) from None
    except KeyboardInterrupt:
        left = [record.name for record in cloud.alive()] if cloud else []
        if cloud and left:
            console.print(
                f"Interrupted; still running: {', '.join(left)}. "
                f"Stop all with `{cloud.command('down')}`.",
                soft_wrap=True,
            )
        else:
            console.print("Interrupted; nothing is left running.")
        raise typer.Exit(130) from None


def _cloud(name: str, directory: Path, flags: Sequence[str], on: Kind | None) -> AnyCloud:
    # Unlike Path.exists, this fails for no name; the cloud says what is wrong with one.
    started = os.path.exists(directory / LOCALSTACK_FILE)
    there = Kind.LOCALSTACK if started else Kind.LOCAL
    found: AnyCloud
    for kind in dict.fromkeys((there, on or there)):
        if kind is Kind.LOCAL:
            found = LocalCloud(name, directory, flags)
        else:
            from bellpair_localstack.cloud import LocalStackCloud

            found = LocalStackCloud(name, directory, flags)
        if kind is not on and on is not None and found.alive():
            raise LocalCloudError(
                f"The cloud {name!r} runs with --on {kind} already.",
                f"End it first with `{found.command('down')}`, or choose another --name.",
            )
    return found
