"""The whole check, on a local cloud of its own, and what an interruption of it leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.polling import eventually
from tests.running_cloud import free_port_base

pytestmark = [pytest.mark.deployment, pytest.mark.slow, pytest.mark.timeout(1800)]

NO_PYTHON = 3
ON_LOCALSTACK = pytest.mark.localstack
CHECK = [sys.executable, "-m", "bellpair_deploy_check", "--json"]
SETTINGS = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


@pytest.mark.parametrize("kind", ["local", pytest.param("localstack", marks=ON_LOCALSTACK)])
def test_the_pair_is_deployed_broken_changed_and_destroyed(kind: str, tmp_path: Path) -> None:
    port = str(free_port_base())
    done = subprocess.run(
        [*CHECK, "--on", kind, "--port-base", port, "--state-dir", str(tmp_path)],
        env=SETTINGS,
        capture_output=True,
        text=True,
        check=False,
    )

    if done.returncode == NO_PYTHON:
        pytest.skip("there is no Python 3.13 that LocalStack could run on")
    assert done.returncode == 0, done.stderr[-6000:]
    told = json.loads(done.stdout)
    assert (told["passed"], told["failure"]) == (True, None)
    names = [step["name"] for step in told["steps"]]
    assert names[0] == "synthesize"
    assert names[-1] == "nothing is left"
    assert sum("killed while" in name for name in names) == 5
    assert all(step["passed"] for step in told["steps"])


def test_an_interruption_ends_all_that_the_check_has_started(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*CHECK, "--port-base", str(free_port_base()), "--state-dir", str(tmp_path)],
        env=SETTINGS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as check:
        eventually(lambda: list((tmp_path / "cdk").glob("logs/*-bootstrap.log")), 300)
        started = psutil.Process(check.pid).children(recursive=True)
        check.send_signal(signal.SIGINT)
        told, shown = check.communicate(timeout=120)

    assert check.returncode == 130, shown
    assert "nothing is left running" in shown
    assert json.loads(told)["failure"]["step"].startswith("bootstrap")
    assert len(started) >= 6
    _, alive = psutil.wait_procs(started, timeout=30)
    assert alive == []
