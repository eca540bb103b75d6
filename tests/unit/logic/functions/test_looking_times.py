"""When the broker looks for results."""

from __future__ import annotations

from bellpair_core.logic.runs.looking_times import LookingTimes


def looks_until(times: LookingTimes, device: str, done_s: float) -> list[float]:
    """The times of the looks after the launch, seconds, up to the first that finds the result."""
    looks = [0.0]
    while looks[-1] < done_s:
        looks.append(looks[-1] + times.pause_s([device], looks[-1]))
    return looks[1:]


def test_an_unknown_device_is_looked_at_ever_more_seldom() -> None:
    looks = looks_until(LookingTimes(), "sv1", 2.0)

    assert looks[0] <= 0.01
    assert looks[-1] <= 2.25
    assert len(looks) < 30


def test_a_device_is_looked_at_when_its_last_call_was_done() -> None:
    times = LookingTimes()
    times.took("sv1", 0.5)

    assert looks_until(times, "sv1", 0.5) == [0.5]
    assert len(looks_until(times, "sv1", 0.6)) == 2


def test_a_device_that_was_slow_once_is_looked_at_all_the_same() -> None:
    times = LookingTimes()
    times.took("sv1", 600.0)

    assert looks_until(times, "sv1", 0.1)[-1] <= 1.0


def test_of_several_devices_the_fastest_is_waited_for() -> None:
    times = LookingTimes()
    times.took("slow", 0.8)
    times.took("fast", 0.1)

    assert times.pause_s(["slow", "fast"], 0.0) == 0.1
