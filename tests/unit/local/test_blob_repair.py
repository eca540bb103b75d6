"""The sweeper is asked until all blobs are compared, and not for ever."""

from __future__ import annotations

from typing import Any

import pytest

from bellpair_local.blob_repair import repair_all
from bellpair_local.failures import BootstrapFailed


class Sweeper:
    """Gives prepared answers, and remembers what it was asked for."""

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        assert event["repair"] == "all"
        self.asked.append(event["after"])
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


FAILURE = BootstrapFailed("busy", "wait")


def test_rounds_go_on_where_the_last_one_ended() -> None:
    sweeper = Sweeper(
        {"copied": 3, "lost": 0, "after": "b"},
        {"copied": 2, "lost": 1, "after": "d"},
        {"copied": 0, "lost": 0, "after": ""},
    )
    done = repair_all(sweeper)
    assert sweeper.asked == ["", "b", "d"]
    assert done == {"copied": 5, "lost": 1, "rounds": 3, "problem": None}


def test_a_round_that_fails_is_repeated() -> None:
    sweeper = Sweeper({"copied": 1, "after": "b"}, FAILURE, {"copied": 1, "after": ""})
    pauses: list[float] = []
    assert repair_all(sweeper, pauses.append)["copied"] == 2
    assert sweeper.asked == ["", "b", "b"]
    assert len(pauses) == 1


def test_a_sweeper_that_keeps_failing_is_given_up_and_told() -> None:
    done = repair_all(Sweeper({"copied": 1, "after": "b"}, *[FAILURE] * 3), lambda seconds: None)
    assert (done["copied"], done["problem"]) == (1, "busy")


@pytest.mark.parametrize("answer", [{}, {"swept": 4}, {"copied": 0, "after": ""}])
def test_one_round_is_enough_where_nothing_is_left(answer: dict[str, Any]) -> None:
    assert repair_all(Sweeper(answer))["rounds"] == 1


def test_a_sweeper_that_stands_still_is_not_asked_for_ever() -> None:
    assert repair_all(Sweeper({"after": "b"}, {"after": "b"}))["rounds"] == 2
