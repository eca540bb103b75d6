"""The local cloud that a drill is held on: the one that runs, else one of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bellpair.configuration import state_directory
from bellpair_local import ports
from bellpair_local.application import CLIENT_FILE
from bellpair_local.cloud import LocalCloud
from bellpair_local.failures import LocalCloudError
from bellpair_local.interruptions import undisturbed
from bellpair_local.topology import DEFAULT_PORT_BASE

BELLPAIR = str(Path(sys.executable).with_name("bellpair"))
OWN_NAME = "drill"


class CannotStart(LocalCloudError):
    """The drill's own cloud does not start, or the one asked for is not well."""


@dataclass(frozen=True)
class Wanted:
    """Which cloud, as the command line names it; ``None`` where it does not.

    Attributes
    ----------
    keep
        Leave a cloud that was started for the drill running.
    """

    name: str | None = None
    state_dir: Path | None = None
    port_base: int | None = None
    keep: bool = False

    @property
    def directory(self) -> Path:
        """The state directory of the cloud that is asked for, or that would be the default."""
        return (self.state_dir or state_directory(self.name)).resolve()

    @property
    def named(self) -> bool:
        """Whether a certain cloud is asked for."""
        chosen = (self.name, self.state_dir, os.environ.get("BELLPAIR_STATE_DIR"))
        return any(choice is not None for choice in chosen)


@contextmanager
def a_cloud(wanted: Wanted, tell: Callable[[str], None]) -> Iterator[tuple[LocalCloud, bool]]:
    """A cloud that is up, and whether it was started for this.

    Raises
    ------
    LocalCloudError
        If the one asked for is not well, or none can be started.
    """
    found = LocalCloud(wanted.name or wanted.directory.name, wanted.directory)
    report = found.status()
    if report.state == "up":
        tell(f"using the local cloud {found.name!r} ({found.state_dir})")
        yield found, False
        return
    if report.state != "down":
        raise CannotStart(
            f"The local cloud {found.name!r} is {report.state}; a drill needs one that is up.",
            f"See `{found.command('status')}`, or take it down with `{found.command('down')}`.",
        )
    with _directory(wanted, tell) as directory:
        cloud = LocalCloud(wanted.name or OWN_NAME, directory)
        try:
            _start(cloud, wanted, tell)
            yield cloud, True
        finally:
            if not wanted.keep:
                with undisturbed(tell):
                    tell("taking the local cloud down")
                    cloud.stop()


def client_file(cloud: LocalCloud) -> dict[str, Any]:
    """What the cloud wrote for its clients: addresses and keys.

    Raises
    ------
    CannotStart
        If it is not there.
    """
    try:
        content: dict[str, Any] = json.loads((cloud.state_dir / CLIENT_FILE).read_text())
    except (OSError, ValueError) as error:
        raise CannotStart(
            f"The local cloud {cloud.name!r} has no client file: no application is deployed to it.",
            f"Begin anew with `{cloud.command('down')}` and `{cloud.command('up', '--detach')}`.",
        ) from error
    return content


@contextmanager
def _directory(wanted: Wanted, tell: Callable[[str], None]) -> Iterator[Path]:
    if wanted.named:
        yield wanted.directory
        return
    directory = Path(tempfile.mkdtemp(prefix="bellpair-drill-"))
    try:
        yield directory
    finally:
        if wanted.keep:
            tell(f"left running; `bellpair local down --state-dir {directory}` stops it")
        else:
            shutil.rmtree(directory, ignore_errors=True)


def _start(cloud: LocalCloud, wanted: Wanted, tell: Callable[[str], None]) -> None:
    base = wanted.port_base or ports.free_base(DEFAULT_PORT_BASE) or DEFAULT_PORT_BASE
    tell(f"starting a local cloud in {cloud.state_dir}, ports from {base}")
    command = [
        BELLPAIR, "local", "up", "--detach",
        "--name", cloud.name,
        "--state-dir", str(cloud.state_dir),
        "--port-base", str(base),
    ]  # fmt: skip
    # What it tells is no result of the drill's.
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode:
        raise CannotStart(
            f"The local cloud did not start (status {done.returncode}).",
            "Do what it says above, and try again.",
        )
