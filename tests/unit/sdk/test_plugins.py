"""Commands that other packages bring."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bellpair.cli import plugins

PLUGIN = """
import typer
app = typer.Typer()

@app.command()
def up(fast: bool = False):
    print("up", "fast" if fast else "slow")

@app.command()
def down():
    print("down")
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[typer.Typer]:
    """A command line with a plug-in that works, and one that does not."""
    (tmp_path / "bellpair_plugin_example.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    points = {
        "cloud": EntryPoint("cloud", "bellpair_plugin_example:app", plugins.GROUP),
        "broken": EntryPoint("broken", "no_such_module_at_all:app", plugins.GROUP),
        "own": EntryPoint("own", "no_such_module_at_all:app", plugins.GROUP),
    }

    class Group(plugins.PluginGroup):
        @property
        def plugins(self) -> dict[str, EntryPoint]:  # type: ignore[override]
            return points

    app = typer.Typer(cls=Group)

    @app.callback()
    def bellpair() -> None:
        """The root."""

    @app.command()
    def own() -> None:
        """A command of the root's own."""
        print("own")

    yield app
    sys.modules.pop("bellpair_plugin_example", None)


def test_listing_commands_loads_no_plugin(root: typer.Typer) -> None:
    result = CliRunner().invoke(root, ["--help"])
    assert result.exit_code == 0
    assert "cloud" in result.stdout
    assert "broken" in result.stdout
    assert "bellpair_plugin_example" not in sys.modules


def test_a_plugins_commands_and_options_work(root: typer.Typer) -> None:
    result = CliRunner().invoke(root, ["cloud", "up", "--fast"])
    assert (result.exit_code, result.stdout) == (0, "up fast\n")


def test_a_plugins_help_is_its_own(root: typer.Typer) -> None:
    result = CliRunner().invoke(root, ["cloud", "--help"])
    assert result.exit_code == 0
    assert "down" in result.stdout
    assert "--fast" in CliRunner().invoke(root, ["cloud", "up", "--help"]).stdout


def test_a_plugin_that_does_not_load_is_named(root: typer.Typer) -> None:
    result = CliRunner().invoke(root, ["broken"])
    assert result.exit_code != 0
    assert "no_such_module_at_all" in result.output
    assert "Traceback" not in result.output


def test_a_plugin_cannot_take_the_place_of_a_command(root: typer.Typer) -> None:
    assert CliRunner().invoke(root, ["own"]).stdout == "own\n"
