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

from bellpair_local.cli import _opened, app
from bellpair_local.cloud import LocalCloud
from bellpair_local.interruptions import undisturbed
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


@pytest.fixture
def laid_out(tmp_path: Path) -> Iterator[Path]:
    """A state directory of a cloud of which one region runs, as a process that answers nothing."""
    Topology.plan("t", tmp_path, tmp_path, 29_600).save()
    table = ProcessTable(tmp_path / "processes.json", patience=0.2)
    table.start("us-east-1", SLEEPER, tmp_path / "log", os.environ)
    yield tmp_path
    table.stop_all()


def health(state_dir: Path, name: str) -> str:
    """What the status says of a process."""
    return next(m.health for m in LocalCloud("t", state_dir).status().members if m.name == name)


def test_a_frozen_region_is_told_and_can_be_thawed_or_ended(laid_out: Path) -> None:
    where = ("--state-dir", str(laid_out))
    frozen = local("freeze", "us-east-1", *where)
    assert (frozen.exit_code, "us-east-1 is frozen; 1 processes" in frozen.output) == (0, True)
    assert health(laid_out, "us-east-1") == "frozen"
    assert "was frozen already" in local("freeze", "us-east-1", *where).output
    up = local("up", "--detach", *where)
    assert (up.exit_code, "bellpair local heal us-east-1" in up.output) == (1, True)
    assert "goes on with 1" in local("thaw", "us-east-1", *where).output
    assert health(laid_out, "us-east-1") == "unreachable"
    assert "was not frozen" in local("thaw", "us-east-1", *where).output
    local("freeze", "us-east-1", *where)
    assert local("down", *where).exit_code == 0
    assert LocalCloud("t", laid_out).alive() == []


@pytest.mark.parametrize("command", ["kill", "freeze", "thaw", "heal"])
def test_outages_name_the_regions_that_there_are(laid_out: Path, command: str) -> None:
    for wrong in ("mars", "witness", "braket-us-east-1"):
        done = local(command, wrong, "--state-dir", str(laid_out))
        assert done.exit_code == 1
        assert f"no region '{wrong}'" in done.output
        assert "us-east-1, us-west-2" in done.output


@pytest.mark.parametrize("command", ["freeze", "thaw"])
def test_a_region_that_is_lost_is_neither_frozen_nor_thawed(laid_out: Path, command: str) -> None:
    done = local(command, "us-west-2", "--state-dir", str(laid_out))
    assert done.exit_code == 1
    assert f"bellpair local heal us-west-2 --state-dir {laid_out}" in done.output.replace("\n", "")


@pytest.mark.parametrize("command", ["kill", "freeze", "thaw", "heal"])
def test_a_cloud_that_is_down_has_no_outages(tmp_path: Path, command: str) -> None:
    done = local(command, "us-east-1", "--state-dir", str(tmp_path))
    assert done.exit_code == 1
    assert "is down" in done.output
    assert "bellpair local up" in done.output


@pytest.mark.parametrize("command", ["kill", "freeze", "thaw", "heal"])
def test_outages_show_examples_in_their_help(command: str) -> None:
    done = local(command, "--help")
    assert f"bellpair local {command} us-east-1" in done.output
    assert "--state-dir" in done.output


def test_stopping_goes_on_after_the_first_interruption_and_gives_in_to_the_second() -> None:
    told: list[str] = []
    with undisturbed(told.append, "still stopping"):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert told == ["still stopping; interrupt again to leave it so"]
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
