"""What the command line says of a cloud whose records are damaged, lost or nowhere to be kept."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from bellpair_local.cli import _opened, _stubborn, app
from bellpair_local.cloud import LocalCloud
from bellpair_local.processes import ProcessTable
from bellpair_local.topology import Topology

SLEEPER = [sys.executable, "-c", "import time; time.sleep(300)"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Path]:
    """A state directory with one process that runs, and no topology."""
    table = ProcessTable(tmp_path / "processes.json")
    table.start("us-east-1", SLEEPER, tmp_path / "log", os.environ)
    yield tmp_path
    table.stop_all()


def local(*words: str, **environment: str) -> Result:
    """Run ``bellpair local`` with no settings but those given."""
    blank = dict.fromkeys(k for k in os.environ if k.startswith("BELLPAIR_"))
    return CliRunner().invoke(app, words, env={**blank, **environment})


@pytest.mark.parametrize("command", ["status", "down"])
@pytest.mark.parametrize("content", ["{", "[1]", '{"a": 1}'])
def test_a_damaged_record_is_told_with_a_remedy(tmp_path: Path, command: str, content: str) -> None:
    (tmp_path / "processes.json").write_text(content)
    done = local(command, "--state-dir", str(tmp_path))
    assert done.exit_code == 1
    assert "cannot be read" in done.output
    assert "What to do:" in done.output


def test_processes_without_a_topology_are_a_degraded_cloud(running: Path) -> None:
    report = LocalCloud("c", running).status()
    assert (report.state, [(m.name, m.health) for m in report.members]) == (
        "degraded",
        [("us-east-1", "unknown")],
    )
    up = local("up", "--state-dir", str(running))
    assert up.exit_code == 1
    assert f"bellpair local down --state-dir {running}" in up.output
    assert local("down", "--state-dir", str(running)).exit_code == 0
    assert LocalCloud("c", running).status().state == "down"


def test_a_state_directory_that_cannot_be_used_is_told_with_a_remedy(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for directory in (file, file / "below", tmp_path / ("x" * 300)):
        for command in ("status", "up", "down", "logs"):
            done = local(command, "--state-dir", str(directory))
            assert done.exit_code == 1, command
            assert "What to do:" in done.output


def test_a_state_directory_that_cannot_be_made_is_told_with_a_remedy() -> None:
    done = local("up", "--state-dir", "/proc/nope")
    assert done.exit_code == 1
    assert "What to do:" in done.output


@pytest.mark.parametrize(
    ("words", "environment", "name"),
    [
        (["--name", "second"], {}, "second"),
        ([], {"BELLPAIR_LOCAL_NAME": "second"}, "second"),
        ([], {}, "here"),
    ],
)
def test_the_state_directory_of_the_environment_holds_whatever_the_name(
    tmp_path: Path, words: list[str], environment: dict[str, str], name: str
) -> None:
    done = local("status", *words, BELLPAIR_STATE_DIR=str(tmp_path / "here"), **environment)
    assert f"local cloud '{name}': down" in done.output
    assert f"state      {tmp_path / 'here'}" in done.output.replace("\n", "")


def test_commands_are_told_with_the_flags_that_were_given(tmp_path: Path) -> None:
    cloud = LocalCloud("a b", tmp_path, ["--name", "a b"])
    assert cloud.command("down") == "bellpair local down --name 'a b'"


def test_the_witness_is_not_restarted_by_accident(tmp_path: Path) -> None:
    Topology.plan("t", tmp_path, tmp_path).save()
    done = local("restart", "witness", "--state-dir", str(tmp_path))
    assert done.exit_code == 1
    assert f"restart witness --lose-data --state-dir {tmp_path}" in done.output


def test_stopping_goes_on_after_the_first_interruption_and_gives_in_to_the_second() -> None:
    console = Console(record=True, quiet=True)
    with _stubborn(console):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interruption_says_what_is_left(
    running: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        pytest.raises(Exception, match="130"),
        _opened(None, running, Console()),
    ):
        raise KeyboardInterrupt
    assert "still running: us-east-1" in capsys.readouterr().out
