"""The demonstration, as ``make demo`` runs it."""

from __future__ import annotations

import re
import subprocess
import sys

import psutil
import pytest


@pytest.mark.timeout(900)
def test_it_shows_counts_and_logs_and_leaves_nothing_running() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bellpair_local.demo"],
        capture_output=True,
        text=True,
        timeout=890,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    counts = ("succeeded on sv1", "succeeded on square-20", "11111", "launched", "total")
    for shown in (*counts, "us-east-1 killed", "in flight", "Passed.", "demo-region-loss.png"):
        assert shown in done.stdout, shown
    (state,) = set(re.findall(r"/\S*bellpair-demo-\w+(?=/logs)", done.stdout + done.stderr))
    commands = [" ".join(process.info["cmdline"] or ()) for process in _processes()]
    assert [command for command in commands if state in command] == []


def _processes() -> list[psutil.Process]:
    return list(psutil.process_iter(["cmdline"]))
