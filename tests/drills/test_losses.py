"""What must not happen when something is lost; how quickly it is over is for `bellpair drill`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.drills.conftest import Hold

TIMES = {"unavailable_s", "pause_s", "seconds"}
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
    ("drill", "jobs", "promotions"),
    [
        ("region-freeze", 24, 1),
        ("partition", 30, 1),
        # The demonstration, which is a test too, ends with the loss of a region.
        pytest.param("zone-loss", 100, 0, marks=pytest.mark.slow),
        pytest.param("region-loss", 40, 1, marks=pytest.mark.slow),
        pytest.param("switchover", 40, 1, marks=pytest.mark.slow),
        pytest.param("failback", 40, 1, marks=pytest.mark.slow),
        pytest.param("event-loss", 40, 0, marks=pytest.mark.slow),
        pytest.param("qpu-loss", 60, 0, marks=pytest.mark.slow),
        pytest.param("expo --compress", 60, 1, marks=pytest.mark.slow),
    ],
)
def test_nothing_is_lost_doubled_or_decided_twice(
    hold: Hold, drill: str, jobs: int, promotions: int
) -> None:
    told = hold(*drill.split(), "--jobs", str(jobs), "--seed", "7")

    assert missed(told) == {}, told["shown"][-6000:]
    assert told["accepted"] == told["succeeded"] == jobs - told["refused"]
    assert told["epoch_after"] == told["epoch_before"] + promotions


@pytest.mark.slow
def test_a_loop_goes_on_in_the_other_region_as_if_nothing_had_happened(hold: Hold) -> None:
    told = hold("region-loss", "--during", "vqe-h2", "--jobs", "24", "--seed", "7")

    assert missed(told) == {}, told["shown"][-6000:]
    assert told["trajectory_identical"] is True
    assert (told["lost"], told["failed"], told["duplicate_tasks"]) == (0, 0, 0)
    assert told["accepted"] == told["succeeded"] == 24 + 1 - told["refused"]
    assert 0 < told["calls_at_loss"] < told["calls"]
    assert told["resumed_s"] > 0
