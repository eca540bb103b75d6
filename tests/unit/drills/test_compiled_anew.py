"""A drill can tell a job that was compiled for the device that ran it from one that was not."""

from __future__ import annotations

from typing import Any

import pytest

from bellpair_local.drills.records import compiled_anew


def job(used: str, *events: tuple[str, str]) -> dict[str, Any]:
    return {
        "device_used": used,
        "events": [{"type": kind, "message": message} for kind, message in events],
    }


GIVEN = ("compiling", "given to device ion-11")
GIVEN_ON = ("compiling", "given to device square-20")
MADE = ("compiled", "against calibration a")
MADE_AGAIN = ("recompiled", "against calibration b")
BACK = ("queued", "device ion-11 is offline")


@pytest.mark.parametrize(
    ("shown", "anew"),
    [
        (job("ion-11", GIVEN, MADE), True),
        (job("square-20", GIVEN, MADE, BACK, GIVEN_ON, MADE), True),
        (job("square-20", GIVEN, BACK, GIVEN_ON, MADE, MADE_AGAIN), True),
        (job("square-20", GIVEN, MADE, BACK, GIVEN_ON), False),
        (job("square-20", GIVEN, MADE), False),
        (job("square-20"), False),
    ],
    ids=["first device", "another", "recompiled", "not again", "for the first", "never"],
)
def test_the_last_compilation_must_be_for_the_device_that_ran_it(
    shown: dict[str, Any], anew: bool
) -> None:
    assert compiled_anew(shown) is anew
