"""A seed says everything: its schedule is the same each time, in each process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from .asl import ROOT
from .schedule import simulate

pytestmark = pytest.mark.simulation

SEEDS = (3, 17, 256, 87)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_seed_gives_the_same_history(seed: int) -> None:
    first, second = simulate(seed, verbose=True), simulate(seed, verbose=True)

    assert len(first.history) > 50
    assert first.history == second.history


@pytest.mark.parametrize("seed", SEEDS)
def test_whether_words_are_kept_changes_nothing(seed: int) -> None:
    told, untold = simulate(seed, verbose=True), simulate(seed)

    assert (told.steps, told.seconds, told.facts) == (untold.steps, untold.seconds, untold.facts)
    assert not untold.history


def test_another_process_gives_the_same_history() -> None:
    def lines(hash_seed: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seed", "87", "--verbose"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert lines("1") == lines("2")
