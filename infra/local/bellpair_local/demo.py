"""The demonstration: what a person would type, typed, on a local cloud of its own.

Run it with ``python -m bellpair_local.demo``. Each step is one ``bellpair`` command, shown
before it runs; nothing is left running, however it ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console

from bellpair_local import ports
from bellpair_local.assembly import repository
from bellpair_local.drills.picture import can_draw
from bellpair_local.topology import DEFAULT_PORT_BASE

BELLPAIR = str(Path(sys.executable).with_name("bellpair"))

RUNS = (
    ("bell.qasm", "sv1"),
    ("ghz5.qasm", "sv1"),
    ("bell.qasm", "square-20"),
    ("ghz5.qasm", "square-20"),
)
"""Programs of ``examples/`` and the devices that they run on."""

LOSS = ("drill", "region-loss", "--jobs", "60", "--rate", "5", "--untimed")
"""How a region is lost at the end; a machine that shows this may be busy with other work."""

NEXT = """\
[bold]Where to go next[/bold]
  export PATH="$PWD/.venv/bin:$PATH"      the commands above, without a path
  bellpair local up --detach              a local cloud that stays
  bellpair run examples/qft5.qasm --plot qft5.png
  bellpair samples                        more programs
  bellpair drill --help                   lose a zone, a link, a QPU, or all of them
  docs/architecture.md                    how a job travels\
"""


class StepFailed(Exception):
    """A step of the demonstration ended with a status other than 0."""


class Demonstration:
    """Commands against one local cloud, told to a console as they run.

    Parameters
    ----------
    console
        Where the story is told.
    environment
        The environment of the commands; it names the cloud.
    """

    def __init__(self, console: Console, environment: dict[str, str]) -> None:
        self._console = console
        self._environment = environment

    def step(self, *arguments: str, quiet: bool = False) -> str:
        """Show a command and run it.

        Parameters
        ----------
        quiet
            Keep its output to give it back instead of showing it.

        Raises
        ------
        StepFailed
            When it ends with another status than 0.
        """
        if not quiet:
            self._console.rule(style="dim")
            self._console.print(f"[bold cyan]$ bellpair {' '.join(arguments)}[/bold cyan]")
        done = subprocess.run(
            [BELLPAIR, *arguments],
            env=self._environment,
            stdout=subprocess.PIPE if quiet else None,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StepFailed(f"bellpair {' '.join(arguments)} ended with {done.returncode}")
        return done.stdout or ""

    def tell(self) -> None:
        """The whole demonstration, on a cloud that is up."""
        self.step("local", "status")
        self.step("devices")
        made = json.loads(self.step("tenants", "create", "demo", "--json", quiet=True))
        self._console.rule(style="dim")
        self._console.print("[bold cyan]$ bellpair tenants create demo[/bold cyan]")
        self._console.print(
            f"Tenant {made['tenant']} is made; its key is used from here on and never shown again."
        )
        self._environment["BELLPAIR_API_KEY"] = made["api_key"]
        self._environment["BELLPAIR_ENDPOINTS"] = ",".join(self._endpoints())
        for program, device in RUNS:
            source = str(repository() / "examples" / program)
            self.step("run", source, "--shots", "1000", "--device", device)
        listed = json.loads(self.step("jobs", "list", "--json", quiet=True))["jobs"]
        for job in reversed(listed):
            self.step("jobs", "show", job["job_id"], "--events")
        self.step("jobs", "show", listed[0]["job_id"], "--cost")
        self.step("jobs")
        self.lose_a_region()
        self._console.rule(style="dim")
        self._console.print(NEXT)

    def lose_a_region(self) -> None:
        """Kill the active region while clients submit, and show what they saw of it."""
        picture = repository() / "build" / "demo-region-loss.png"
        picture.parent.mkdir(exist_ok=True)
        self._console.rule(style="dim")
        self._console.print(
            "Now the active region is killed (kill -9 of all its processes) while clients submit."
        )
        drawn = ("--picture", str(picture)) if can_draw() else ()
        self.step(*LOSS, *drawn)

    def _endpoints(self) -> list[str]:
        state = Path(self._environment["BELLPAIR_STATE_DIR"])
        (found,) = state.rglob("client.json")
        endpoints: list[str] = json.loads(found.read_text())["endpoints"]
        return endpoints


@contextmanager
def running_cloud(demonstration: Demonstration) -> Iterator[None]:
    """Start the local cloud, and stop it whatever happens."""
    try:
        demonstration.step("local", "up", "--detach")
        yield
    finally:
        with suppress(StepFailed):
            demonstration.step("local", "down")


def main(arguments: Sequence[str] = ()) -> int:
    """Run the demonstration; the exit status."""
    console = Console()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BELLPAIR_", "AWS_"))}
    # Where the default ports are taken, others: the demonstration disturbs no other cloud.
    port_base = ports.free_base(DEFAULT_PORT_BASE) or DEFAULT_PORT_BASE
    with tempfile.TemporaryDirectory(prefix="bellpair-demo-") as state:
        environment = {
            **kept,
            "BELLPAIR_STATE_DIR": state,
            "BELLPAIR_LOCAL_NAME": "demo",
            "BELLPAIR_LOCAL_PORT_BASE": str(port_base),
        }
        demonstration = Demonstration(console, environment)
        try:
            with running_cloud(demonstration):
                demonstration.tell()
        except StepFailed as failed:
            console.print(f"[bold red]The demonstration stopped:[/bold red] {failed}")
            return 1
        except KeyboardInterrupt:
            console.print("Interrupted; nothing is left running.")
            return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
