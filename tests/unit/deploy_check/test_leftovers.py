"""The clouds of checks that were killed are ended by the next one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bellpair_deploy_check.leftovers import PREFIX, end_leftovers
from bellpair_deploy_check.place import NAME
from bellpair_local.cloud import LocalCloud
from bellpair_local.processes import ProcessTable

SLEEPER = [sys.executable, "-c", "import time; time.sleep(300)"]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The directory of a check that was killed."""
    made = tmp_path / f"{PREFIX}abc"
    made.mkdir()
    return made


@pytest.fixture
def cloud(state: Path) -> Iterator[ProcessTable]:
    """What runs of it."""
    table = ProcessTable(state / "processes.json", patience=0.2)
    table.start("us-east-1", SLEEPER, state / "log", os.environ)
    yield table
    table.stop_all()


def test_what_a_killed_check_left_running_is_ended(
    tmp_path: Path, state: Path, cloud: ProcessTable
) -> None:
    assert end_leftovers(tmp_path) == [state]
    assert cloud.alive() == []
    assert (state / "log").exists()


def test_a_check_that_goes_on_keeps_its_cloud(
    tmp_path: Path, state: Path, cloud: ProcessTable
) -> None:
    with LocalCloud(NAME, state).exclusively():
        assert end_leftovers(tmp_path) == []
    assert cloud.alive()


def test_what_left_nothing_running_or_is_no_check_s_is_left_alone(
    tmp_path: Path, state: Path
) -> None:
    (tmp_path / "another").mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "another")
    assert end_leftovers(tmp_path) == []
    assert list(state.iterdir()) == []
