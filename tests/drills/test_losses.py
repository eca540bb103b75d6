"""What must not happen when something is lost; how quickly it is over is for `bellpair drill`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.drills.conftest import Hold

TIMES = {"unavailable_s", "pause_s"}
"""Figures that a machine busy with other tests may miss."""

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600)]


def missed(told: dict[str, Any]) -> dict[str, Any]:
    """The figures that are not met, the times left out."""
    return {
        name: figure
        for name, figure in told["figures"].items()
        if not figure["met"] and name not in TIMES
    }


@pytest.mark.parametrize(
    ("drill", "jobs"),
    # The demonstration, which is a test too, ends with the loss of a region.
    [("region-freeze", 24), ("partition", 30)],
)
def test_nothing_is_lost_doubled_or_decided_twice(hold: Hold, drill: str, jobs: int) -> None:
    told = hold(drill, "--jobs", str(jobs), "--seed", "7")

    assert missed(told) == {}, told["shown"][-6000:]
    assert told["accepted"] == told["succeeded"] == jobs
    assert told["epoch_after"] == told["epoch_before"] + 1
