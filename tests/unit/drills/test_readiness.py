"""When a drill may begin."""

from __future__ import annotations

from typing import Any

from bellpair_local.drills.readiness import Readiness
from tests.unit.drills.seen import EAST, WEST, health

NOW = 1_800_000_000.0


def pair(counter: int, **changes: Any) -> dict[str, Any]:
    beats = {region: {"counter": counter, "healthy": True} for region in (EAST, WEST)}
    return {"epoch": 1, "mode": "accepting", "beats": beats, **changes}


def obstacle(**changes: Any) -> str | None:
    """What stands in the way at the second look, when both sentinels have beaten."""
    readiness = Readiness((EAST, WEST))
    said = [health(EAST, NOW, accepting=True), health(WEST, NOW)]
    readiness.obstacle(pair(1), said, NOW)
    return readiness.obstacle(pair(2, **changes), said, NOW)


def test_a_pair_that_is_well_and_watched_is_ready() -> None:
    assert obstacle() is None


def test_a_counter_that_does_not_move_is_no_sentinel() -> None:
    readiness = Readiness((EAST, WEST))
    said = [health(EAST, NOW, accepting=True), health(WEST, NOW)]
    readiness.obstacle(pair(1), said, NOW)
    assert "sentinel of us-east-1, us-west-2" in str(readiness.obstacle(pair(1), said, NOW))


def test_each_obstacle_is_told() -> None:
    assert "hold" in str(obstacle(hold={"by": "a", "at": "", "reason": ""}))
    assert "under way" in str(obstacle(operation={"id": "o", "outcome": "running"}))
    assert "paused" in str(obstacle(mode="paused"))
    assert "no good answer" in str(obstacle(epoch=2))
    assert "a moment ago" in str(obstacle(promoted_at="2027-01-15T08:00:00+00:00"))


def test_an_answer_of_long_ago_says_nothing() -> None:
    readiness = Readiness((EAST, WEST))
    old = [health(EAST, NOW - 60), health(WEST, NOW - 60)]
    readiness.obstacle(pair(1), old, NOW)
    assert "no good answer" in str(readiness.obstacle(pair(2), old, NOW))
